//! Datetimes and timespans from numbers.

use chrono::{NaiveDate, NaiveTime};
use phalanx_signal::ColumnType;

use super::calendar::{midnight, valid};
use crate::functions::{
    Call, Column,
    conversion::{self, parse_datetime, parse_timespan},
    define::Answer,
};

pub(super) fn make_datetime(call: &Call<'_>) -> Answer {
    if !call.has(1) {
        return parsed(call, parse_datetime, Column::datetimes);
    }
    let years = call.numbers(0)?;
    let parts = (1..call.arguments.len().min(5)).map(|at| call.longs(at)).collect::<Result<Vec<_>, _>>()?;
    let seconds = call.has(5).then(|| call.reals(5)).transpose()?;
    Ok(Column::datetimes((0..call.rows).map(|row| {
        let part = |at: usize, default| match parts.get(at) {
            Some(part) => u32::try_from(part.get(row)?).ok(),
            None => Some(default),
        };
        #[expect(clippy::cast_possible_truncation, reason = "years out of range are no dates")]
        let year = years.get(row)? as i32;
        let second = match &seconds {
            Some(seconds) => seconds.get(row)?,
            None => 0.0,
        };
        let date = NaiveDate::from_ymd_opt(year, part(0, 1)?, part(1, 1)?)?;
        let minutes = NaiveTime::from_hms_opt(part(2, 0)?, part(3, 0)?, 0)?;
        let micros =
            minutes.signed_duration_since(NaiveTime::MIN).num_microseconds()? + whole_micros(second)?;
        Some(midnight(date)? + micros)
    })))
}

/// Seconds within a minute, in microseconds.
fn whole_micros(second: f64) -> Option<i64> {
    Some(second_ticks(second)? / 10)
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn second_ticks(second: f64) -> Option<i64> {
    // Seven digits are exact, so what comes close to a tick is meant to be it.
    (0.0..60.0).contains(&second).then(|| (second * 10_000_000.0).round() as i64)
}

/// The one argument, if it is text, as a time; else as it is.
fn parsed(
    call: &Call<'_>,
    parse: fn(&str) -> Option<i64>,
    column: fn(std::vec::IntoIter<Option<i64>>) -> Column,
) -> Answer {
    let push = conversion::push_any(call, 0)?;
    let mut text = String::new();
    let values: Vec<_> = (0..call.rows)
        .map(|row| {
            text.clear();
            push(row, &mut text);
            parse(&text)
        })
        .collect();
    Ok(column(values.into_iter()))
}

pub(super) fn make_timespan(call: &Call<'_>) -> Answer {
    if !call.has(1) {
        if matches!(call.types[0], ColumnType::TimeSpan) {
            let values = call.longs(0)?;
            return Ok(Column::longs((0..call.rows).map(|row| values.get(row))));
        }
        return parsed(call, parse_timespan, Column::longs);
    }
    let parts = (0..call.arguments.len()).map(|at| call.numbers(at)).collect::<Result<Vec<_>, _>>()?;
    Ok(Column::longs((0..call.rows).map(|row| {
        let part = |at: usize| parts.get(at).map_or(Some(0.0), |part| part.get(row));
        let (days, hours, minutes, seconds) = match parts.len() {
            2 | 3 => (0.0, part(0)?, part(1)?, part(2)?),
            _ => (part(0)?, part(1)?, part(2)?, part(3)?),
        };
        let whole = |value: f64, end: f64| (0.0..end).contains(&value).then_some(value.trunc());
        let hours = whole(days, 10_000_000.0)? * 24.0 + whole(hours, 24.0)?;
        let minutes = hours * 60.0 + whole(minutes, 60.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "the ranges are checked")]
        Some(minutes as i64 * 600_000_000 + second_ticks(seconds)?)
    })))
}

/// Whole numbers of units of so many microseconds are exact; others are rounded down to a microsecond.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn unixtime(call: &Call<'_>, micros_a_unit: f64) -> Answer {
    let is_whole = matches!(call.types[0], ColumnType::Int | ColumnType::Long);
    let value: Box<dyn Fn(usize) -> Option<i64>> = if is_whole {
        let values = call.longs(0)?;
        Box::new(move |row| {
            let value = values.get(row)?;
            if micros_a_unit < 1.0 {
                Some(value.div_euclid(1_000))
            } else {
                value.checked_mul(micros_a_unit as i64)
            }
        })
    } else {
        let values = call.numbers(0)?;
        Box::new(move |row| {
            let micros = (values.get(row)? * micros_a_unit).floor();
            (micros.abs() < 1e18).then_some(micros as i64)
        })
    };
    Ok(Column::datetimes((0..call.rows).map(|row| valid(value(row)?))))
}
