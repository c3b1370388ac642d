//! Periods added to datetimes, and counted between them.

use chrono::{Months, NaiveDateTime};

use super::calendar::{MICROS_A_DAY, days, micros, months, time, valid, weeks};
use crate::functions::{Call, Column, FunctionError, define::Answer};

#[derive(Clone, Copy)]
enum Period {
    Months(i64),
    Weeks,
    Days,
    /// So many microseconds.
    Micros(i64),
    Nanos,
}

impl Period {
    fn parse(name: &str) -> Result<Self, FunctionError> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "year" => Self::Months(12),
            "quarter" => Self::Months(3),
            "month" => Self::Months(1),
            "week" => Self::Weeks,
            "day" => Self::Days,
            "hour" => Self::Micros(3_600_000_000),
            "minute" => Self::Micros(60_000_000),
            "second" => Self::Micros(1_000_000),
            "millisecond" => Self::Micros(1_000),
            "microsecond" => Self::Micros(1),
            "nanosecond" => Self::Nanos,
            _ => return Err(FunctionError(format!("`{name}` is no period"))),
        })
    }

    fn add(self, amount: i64, value: i64) -> Option<i64> {
        let micros = match self {
            Self::Months(count) => return later(time(value)?, amount.checked_mul(count)?).and_then(micros),
            Self::Weeks => amount.checked_mul(7 * MICROS_A_DAY)?,
            Self::Days => amount.checked_mul(MICROS_A_DAY)?,
            Self::Micros(count) => amount.checked_mul(count)?,
            Self::Nanos => amount.div_euclid(1_000),
        };
        valid(value.checked_add(micros)?)
    }

    /// The number of the period that a time is in.
    fn number(self, value: i64) -> Option<i64> {
        Some(match self {
            Self::Months(count) => months(time(value)?.date()).div_euclid(count),
            Self::Weeks => weeks(value),
            Self::Days => days(value),
            Self::Micros(count) => value.div_euclid(count),
            Self::Nanos => value.checked_mul(1_000)?,
        })
    }
}

fn later(time: NaiveDateTime, months: i64) -> Option<NaiveDateTime> {
    let count = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    if months < 0 { time.checked_sub_months(count) } else { time.checked_add_months(count) }
}

pub(super) fn datetime_add(call: &Call<'_>) -> Answer {
    let (amounts, values) = (call.longs(1)?, call.datetimes(2)?);
    let mut periods = call.prepared(0, Period::parse)?;
    let answers = (0..call.rows).map(|row| {
        let period = *periods.get(row)?;
        Ok(amounts.get(row).zip(values.get(row)).and_then(|(amount, value)| period.add(amount, value)))
    });
    Ok(Column::datetimes(answers.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}

pub(super) fn datetime_diff(call: &Call<'_>) -> Answer {
    let (left, right) = (call.datetimes(1)?, call.datetimes(2)?);
    let mut periods = call.prepared(0, Period::parse)?;
    let answers = (0..call.rows).map(|row| {
        let period = *periods.get(row)?;
        let between = |left, right| period.number(left)?.checked_sub(period.number(right)?);
        Ok(left.get(row).zip(right.get(row)).and_then(|(left, right)| between(left, right)))
    });
    Ok(Column::longs(answers.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}
