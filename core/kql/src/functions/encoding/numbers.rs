//! Numbers as text.

use std::fmt::Write as _;

use phalanx_signal::ColumnType;

use crate::functions::{Call, FunctionError, define::Answer};

pub(super) fn tohex(call: &Call<'_>) -> Answer {
    let values = match call.types[0] {
        ColumnType::Int | ColumnType::Long => call.longs(0)?,
        _ => return Err(FunctionError("a whole number was expected".into())),
    };
    let lengths = call.has(1).then(|| call.longs(1)).transpose()?;
    let is_int = call.types[0] == ColumnType::Int;
    call.strings(|row, out| {
        let Some(value) = values.get(row) else { return };
        let length = lengths.as_ref().and_then(|lengths| lengths.get(row)).unwrap_or_default();
        let width = usize::try_from(length.clamp(0, 16)).unwrap_or_default();
        let bits = value.cast_unsigned();
        // An int below zero has 32 bits.
        let bits = if is_int { bits & 0xffff_ffff } else { bits };
        // Writing to a string cannot fail.
        let _ = write!(out, "{bits:0width$x}");
    })
}

const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];

pub(super) fn format_bytes(call: &Call<'_>) -> Answer {
    let sizes = call.numbers(0)?;
    let precisions = call.has(1).then(|| call.longs(1)).transpose()?;
    let units = call.has(2).then(|| call.texts(2)).transpose()?;
    call.strings(|row, out| {
        let Some(size) = sizes.get(row) else { return };
        let precision = precisions.as_ref().and_then(|precisions| precisions.get(row)).unwrap_or_default();
        let precision = usize::try_from(precision.clamp(0, 15)).unwrap_or_default();
        let wanted = units.as_ref().map_or("", |units| units.text(row));
        let unit = UNITS.iter().position(|unit| unit.eq_ignore_ascii_case(wanted)).unwrap_or_else(|| {
            let fits = |unit: &usize| size.abs() >= 1024f64.powi(i32::try_from(*unit).unwrap_or_default());
            (0..UNITS.len()).rev().find(fits).unwrap_or_default()
        });
        let number = size / 1024f64.powi(i32::try_from(unit).unwrap_or_default());
        let text = format!("{number:.precision$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        let _ = write!(out, "{text} {}", UNITS[unit]);
    })
}
