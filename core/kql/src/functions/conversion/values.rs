//! The conversions from each type.

use std::borrow::Cow;

use phalanx_signal::ColumnType;

use super::{
    TICKS_TO_1970,
    number::{DECIMAL_ONE, fits, parse_decimal, parse_long, parse_real, real_to_decimal, real_to_long},
    parse_datetime, parse_timespan,
};
use crate::{
    dynamic::{Json, Scalar},
    functions::{Call, Column, FunctionError, define::Answer},
};

/// A value on its way to another type.
enum Value<'a> {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Decimal(i128),
    /// Ticks since 0001-01-01.
    DateTime(i64),
    TimeSpan(i64),
    Text(Cow<'a, str>),
    /// A bag or an array.
    Nested,
}

/// Calls `f` with the value of each row.
fn converted<T>(
    call: &Call<'_>,
    f: impl Fn(Value<'_>) -> Option<T>,
) -> Result<Vec<Option<T>>, FunctionError> {
    let rows = 0..call.rows;
    Ok(match call.types[0] {
        ColumnType::Bool => {
            let values = call.booleans(0)?;
            rows.map(|row| f(Value::Bool(values.get(row)?))).collect()
        }
        ColumnType::Int | ColumnType::Long => {
            let values = call.longs(0)?;
            rows.map(|row| f(Value::Long(values.get(row)?))).collect()
        }
        ColumnType::Real => {
            let values = call.reals(0)?;
            rows.map(|row| f(Value::Real(values.get(row)?))).collect()
        }
        ColumnType::Decimal => {
            let values = call.decimals(0)?;
            rows.map(|row| f(Value::Decimal(values.get(row)?))).collect()
        }
        ColumnType::DateTime => {
            let values = call.datetimes(0)?;
            rows.map(|row| f(Value::DateTime(values.get(row)?.checked_mul(10)?.checked_add(TICKS_TO_1970)?)))
                .collect()
        }
        ColumnType::TimeSpan => {
            let values = call.longs(0)?;
            rows.map(|row| f(Value::TimeSpan(values.get(row)?))).collect()
        }
        ColumnType::Guid | ColumnType::String => {
            let values = call.texts(0)?;
            rows.map(|row| f(Value::Text(Cow::Borrowed(values.text(row))))).collect()
        }
        ColumnType::Dynamic => {
            let values = call.texts(0)?;
            rows.map(|row| {
                f(match Json::new(values.json(row)?).scalar() {
                    Scalar::Null => Value::Null,
                    Scalar::Bool(value) => Value::Bool(value),
                    Scalar::Long(value) => Value::Long(value),
                    Scalar::Real(value) => Value::Real(value),
                    Scalar::Text(text) => Value::Text(text),
                    Scalar::Array | Scalar::Bag => Value::Nested,
                })
            })
            .collect()
        }
    })
}

fn to_long(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Bool(value) => Some(i64::from(value)),
        Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => Some(value),
        Value::Real(value) => real_to_long(value),
        Value::Decimal(units) => i64::try_from(units / DECIMAL_ONE).ok(),
        Value::Text(text) => parse_long(&text),
        Value::Null | Value::Nested => None,
    }
}

pub(super) fn toint(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| to_long(value).and_then(|value| i32::try_from(value).ok()))?;
    Ok(Column::ints(values.into_iter()))
}

pub(super) fn tolong(call: &Call<'_>) -> Answer {
    Ok(Column::longs(converted(call, to_long)?.into_iter()))
}

#[expect(clippy::cast_precision_loss, reason = "a real is what was asked for")]
pub(super) fn toreal(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::Bool(value) => Some(f64::from(u8::from(value))),
        Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => Some(value as f64),
        Value::Real(value) => Some(value),
        Value::Decimal(units) => Some(units as f64 / DECIMAL_ONE as f64),
        Value::Text(text) => parse_real(&text),
        Value::Null | Value::Nested => None,
    })?;
    Ok(Column::reals(values.into_iter()))
}

pub(super) fn todecimal(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::Bool(value) => Some(i128::from(value) * DECIMAL_ONE),
        Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => {
            fits(i128::from(value) * DECIMAL_ONE)
        }
        Value::Real(value) => real_to_decimal(value),
        Value::Decimal(units) => Some(units),
        Value::Text(text) => parse_decimal(&text),
        Value::Null | Value::Nested => None,
    })?;
    Ok(Column::decimals(values.into_iter()))
}

pub(super) fn tobool(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::Bool(value) => Some(value),
        Value::Long(value) => Some(value != 0),
        Value::Real(value) => Some(value != 0.0),
        Value::Decimal(units) => Some(units != 0),
        Value::Text(text) => {
            let text = text.trim();
            match text {
                _ if text.eq_ignore_ascii_case("true") => Some(true),
                _ if text.eq_ignore_ascii_case("false") => Some(false),
                _ => text.parse::<i64>().ok().map(|value| value != 0),
            }
        }
        Value::DateTime(_) | Value::TimeSpan(_) | Value::Null | Value::Nested => None,
    })?;
    Ok(Column::booleans(values.into_iter()))
}

pub(super) fn todatetime(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::DateTime(ticks) | Value::Long(ticks) => datetime_of_ticks(ticks),
        Value::Real(ticks) => datetime_of_ticks(real_to_long(ticks)?),
        Value::Text(text) => parse_datetime(&text),
        _ => None,
    })?;
    Ok(Column::datetimes(values.into_iter()))
}

/// Microseconds since 1970 of ticks since 0001; `None` beyond the year 9999.
fn datetime_of_ticks(ticks: i64) -> Option<i64> {
    const TICKS_MAX: i64 = 3_155_378_975_999_999_999;
    (0..=TICKS_MAX).contains(&ticks).then(|| (ticks - TICKS_TO_1970).div_euclid(10))
}

pub(super) fn totimespan(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::TimeSpan(ticks) | Value::Long(ticks) => Some(ticks),
        Value::Real(ticks) => real_to_long(ticks),
        Value::Text(text) => parse_timespan(&text),
        _ => None,
    })?;
    Ok(Column::longs(values.into_iter()))
}

pub(super) fn toguid(call: &Call<'_>) -> Answer {
    let values = converted(call, |value| match value {
        Value::Text(text) => guid(&text),
        _ => None,
    })?;
    Ok(Column::texts(values.into_iter()))
}

/// The first 32 hexadecimal digits, whatever hyphens lie between; what comes behind is ignored.
fn guid(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('{');
    let mut out = String::with_capacity(36);
    let mut digits = 0;
    for letter in text.chars() {
        match letter {
            '-' => continue,
            _ if !letter.is_ascii_hexdigit() => return None,
            _ => {}
        }
        if matches!(digits, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
        digits += 1;
        if digits == 32 {
            return Some(out);
        }
    }
    None
}

pub(super) fn gettype(call: &Call<'_>) -> Answer {
    let name = match call.types[0] {
        ColumnType::Bool => "bool",
        ColumnType::Int => "int",
        ColumnType::Long => "long",
        ColumnType::Real => "real",
        ColumnType::Decimal => "decimal",
        ColumnType::DateTime => "datetime",
        ColumnType::TimeSpan => "timespan",
        ColumnType::Guid => "guid",
        ColumnType::String => "string",
        ColumnType::Dynamic => {
            let values = call.texts(0)?;
            return call.strings(|row, out| {
                out.push_str(match Json::new(values.text(row)).scalar() {
                    Scalar::Null => "null",
                    Scalar::Bool(_) => "bool",
                    Scalar::Long(value) if i32::try_from(value).is_ok() => "int",
                    Scalar::Long(_) => "long",
                    Scalar::Real(_) => "real",
                    Scalar::Text(_) => "string",
                    Scalar::Array => "array",
                    Scalar::Bag => "dictionary",
                });
            });
        }
    };
    call.strings(|_, out| out.push_str(name))
}
