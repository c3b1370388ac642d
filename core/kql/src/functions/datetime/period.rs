//! Starts and ends of days, weeks, months and years.

use super::calendar::{MICROS_A_DAY, days, first_of_month, midnight, months, time, valid, weeks};
use crate::functions::{Call, Column, define::Answer};

/// The start of the period that a time is in, or of one so many later.
type Start = fn(i64, i64) -> Option<i64>;

pub(super) fn day(micros: i64, later: i64) -> Option<i64> {
    valid(days(micros).checked_add(later)?.checked_mul(MICROS_A_DAY)?)
}

pub(super) fn week(micros: i64, later: i64) -> Option<i64> {
    let sunday = weeks(micros).checked_add(later)?.checked_mul(7)?.checked_sub(4)?;
    valid(sunday.checked_mul(MICROS_A_DAY)?)
}

pub(super) fn month(micros: i64, later: i64) -> Option<i64> {
    midnight(first_of_month(months(time(micros)?.date()).checked_add(later)?)?)
}

pub(super) fn year(micros: i64, later: i64) -> Option<i64> {
    let year = months(time(micros)?.date()).div_euclid(12).checked_add(later)?;
    midnight(first_of_month(year.checked_mul(12)?)?)
}

pub(super) fn start(call: &Call<'_>, start: Start) -> Answer {
    each(call, start)
}

pub(super) fn end(call: &Call<'_>, start: Start) -> Answer {
    // A datetime has microseconds: the last one of a period is the moment before the next.
    each(call, |micros, later| start(micros, later.checked_add(1)?).map(|next| next - 1))
}

fn each(call: &Call<'_>, f: impl Fn(i64, i64) -> Option<i64>) -> Answer {
    let values = call.datetimes(0)?;
    let offsets = call.has(1).then(|| call.longs(1)).transpose()?;
    Ok(Column::datetimes((0..call.rows).map(|row| {
        let later = match &offsets {
            Some(offsets) => offsets.get(row)?,
            None => 0,
        };
        f(values.get(row)?, later)
    })))
}
