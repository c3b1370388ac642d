//! Parts of datetimes.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::calendar::{days, time};
use crate::functions::{Call, Column, FunctionError, define::Answer};

/// The part that a name stands for.
fn reader(part: &str) -> Option<fn(NaiveDateTime) -> u32> {
    Some(match part.to_ascii_lowercase().as_str() {
        "year" => |time| time.year().unsigned_abs(),
        "quarter" => |time| time.month0() / 3 + 1,
        "month" => |time| time.month(),
        "week_of_year" => |time| time.iso_week().week(),
        "weekofyear" => |time| {
            let from_wednesday = 3 - i64::from(time.weekday().num_days_from_sunday());
            let wednesday = time.checked_add_signed(chrono::TimeDelta::days(from_wednesday));
            wednesday.map_or(1, |wednesday| wednesday.ordinal0() / 7 + 1)
        },
        "day" => |time| time.day(),
        "dayofyear" => |time| time.ordinal(),
        "hour" => |time| time.hour(),
        "minute" => |time| time.minute(),
        "second" => |time| time.second(),
        "millisecond" => |time| time.nanosecond() / 1_000_000,
        "microsecond" => |time| time.nanosecond() / 1_000,
        "nanosecond" => |time| time.nanosecond(),
        _ => return None,
    })
}

pub(super) fn datetime_part(call: &Call<'_>) -> Answer {
    let parts = call.texts(0)?;
    if call.is_constant(0) {
        return each(call, 1, parts.text(0));
    }
    let values = call.datetimes(1)?;
    let answers = (0..call.rows).map(|row| {
        let read = reader(parts.text(row)).ok_or_else(|| unknown(parts.text(row)))?;
        Ok(values.get(row).and_then(time).and_then(|time| i32::try_from(read(time)).ok()))
    });
    Ok(Column::ints(answers.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}

pub(super) fn part(call: &Call<'_>, part: &str) -> Answer {
    each(call, 0, part)
}

fn each(call: &Call<'_>, at: usize, part: &str) -> Answer {
    let read = reader(part).ok_or_else(|| unknown(part))?;
    let values = call.datetimes(at)?;
    Ok(Column::ints((0..call.rows).map(|row| i32::try_from(read(time(values.get(row)?)?)).ok())))
}

fn unknown(part: &str) -> FunctionError {
    FunctionError(format!("`{part}` is no part of a datetime"))
}

pub(super) fn dayofweek(call: &Call<'_>) -> Answer {
    const TICKS_A_DAY: i64 = 864_000_000_000;
    let values = call.datetimes(0)?;
    // 1970 began on a Thursday.
    Ok(Column::longs(
        (0..call.rows).map(|row| Some((days(values.get(row)?) + 4).rem_euclid(7) * TICKS_A_DAY)),
    ))
}
