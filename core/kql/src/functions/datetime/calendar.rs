//! Dates and microseconds.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

pub(super) const MICROS_A_DAY: i64 = 86_400_000_000;

/// The calendar's time; `None` beyond the years that it has.
pub(super) fn time(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc()).filter(|time| is_year(time.year()))
}

/// Midnight, in microseconds; `None` beyond the years that a `datetime` has.
pub(super) fn midnight(date: NaiveDate) -> Option<i64> {
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    is_year(date.year()).then_some(days * MICROS_A_DAY)
}

/// The microseconds of a time; `None` beyond the years that a `datetime` has.
pub(super) fn micros(time: NaiveDateTime) -> Option<i64> {
    is_year(time.year()).then(|| time.and_utc().timestamp_micros())
}

/// Microseconds that are a `datetime`.
pub(super) fn valid(micros: i64) -> Option<i64> {
    time(micros).map(|_| micros)
}

/// The first of a month, counted from January of the year 0.
pub(super) fn first_of_month(months: i64) -> Option<NaiveDate> {
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    NaiveDate::from_ymd_opt(year, u32::try_from(months.rem_euclid(12)).ok()? + 1, 1)
}

/// The months since January of the year 0.
pub(super) fn months(date: NaiveDate) -> i64 {
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

/// Days since 1970, and weeks since the Sunday before it.
pub(super) fn days(micros: i64) -> i64 {
    micros.div_euclid(MICROS_A_DAY)
}

pub(super) fn weeks(micros: i64) -> i64 {
    // 1970 began on a Thursday.
    (days(micros) + 4).div_euclid(7)
}

fn is_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}
