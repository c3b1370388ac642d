//! The text of any value.

use phalanx_signal::ColumnType;

use crate::{
    dynamic::{Json, push_datetime, push_timespan, real_text, to_text},
    functions::{
        Booleans, Call, Column, Datetimes, Decimals, FunctionError, Longs, Reals, Texts, define::Answer,
    },
};

pub(super) fn tostring(call: &Call<'_>) -> Answer {
    if matches!(call.types[0], ColumnType::String | ColumnType::Guid) {
        let texts = call.texts(0)?;
        return Ok(Column::texts((0..call.rows).map(|row| Some(texts.text(row)))));
    }
    let values = Values::new(call, 0)?;
    call.strings(|row, out| values.push(row, out))
}

/// A reader of the texts of an argument of any type, for kernels that take values as they are.
pub(in crate::functions) fn push_any<'a>(
    call: &Call<'a>,
    at: usize,
) -> Result<impl Fn(usize, &mut String) + use<'a>, FunctionError> {
    let values = Values::new(call, at)?;
    Ok(move |row: usize, out: &mut String| values.push(row, out))
}

enum Values {
    Bools(Booleans),
    Longs(Longs),
    Timespans(Longs),
    Reals(Reals),
    Decimals(Decimals),
    Datetimes(Datetimes),
    Texts(Texts),
    Dynamics(Texts),
}

impl Values {
    fn new(call: &Call<'_>, at: usize) -> Result<Self, FunctionError> {
        Ok(match call.types[at] {
            ColumnType::Bool => Self::Bools(call.booleans(at)?),
            ColumnType::Int | ColumnType::Long => Self::Longs(call.longs(at)?),
            ColumnType::Real => Self::Reals(call.reals(at)?),
            ColumnType::Decimal => Self::Decimals(call.decimals(at)?),
            ColumnType::DateTime => Self::Datetimes(call.datetimes(at)?),
            ColumnType::TimeSpan => Self::Timespans(call.longs(at)?),
            ColumnType::Guid | ColumnType::String => Self::Texts(call.texts(at)?),
            ColumnType::Dynamic => Self::Dynamics(call.texts(at)?),
        })
    }

    /// Appends the text of a row's value; nothing for null.
    fn push(&self, row: usize, out: &mut String) {
        use std::fmt::Write as _;
        match self {
            Self::Bools(values) => {
                let text = values.get(row).map_or("", |value| if value { "True" } else { "False" });
                out.push_str(text);
            }
            Self::Longs(values) => {
                if let Some(value) = values.get(row) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{value}");
                }
            }
            Self::Timespans(values) => {
                if let Some(ticks) = values.get(row) {
                    push_timespan(out, ticks);
                }
            }
            Self::Reals(values) => {
                if let Some(value) = values.get(row) {
                    out.push_str(&real_text(value));
                }
            }
            Self::Decimals(values) => {
                if let Some(units) = values.get(row) {
                    out.push_str(&decimal_text(units));
                }
            }
            Self::Datetimes(values) => {
                if let Some(micros) = values.get(row) {
                    push_datetime(out, micros);
                }
            }
            Self::Texts(values) => out.push_str(values.text(row)),
            Self::Dynamics(values) => {
                if let Some(json) = values.json(row) {
                    out.push_str(&to_text(Json::new(json)));
                }
            }
        }
    }
}

/// A decimal given in units of 10⁻¹⁸, without digits that say nothing.
pub(super) fn decimal_text(units: i128) -> String {
    const ONE: u128 = 1_000_000_000_000_000_000;
    let sign = if units < 0 { "-" } else { "" };
    let (whole, fraction) = (units.unsigned_abs() / ONE, units.unsigned_abs() % ONE);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{fraction:018}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}
