use phalanx_signal::ColumnType;

use crate::functions::cells::{Cell, check};

fn s(text: &str) -> Cell {
    Cell::string(text)
}

fn n(value: i64) -> Cell {
    Cell::long(value)
}

fn d(text: &str) -> Cell {
    Cell::datetime(text)
}

const SECOND: i64 = 10_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

fn t(ticks: i64) -> Cell {
    Cell::timespan(ticks)
}

#[test]
fn bins() {
    check(&[
        ("bin", &[Cell::real(4.5), n(1)], "4.0"),
        ("bin", &[n(-5), n(2)], "-6"),
        ("bin", &[Cell::int(7), Cell::int(5)], "5"),
        ("bin", &[n(5), n(0)], "null"),
        ("bin", &[n(5), n(-1)], "null"),
        ("bin", &[n(i64::MIN), n(3)], "null"),
        ("bin", &[Cell::real(1.0), Cell::real(-1.0)], "null"),
        ("bin", &[t(16 * DAY), t(7 * DAY)], "14.00:00:00"),
        ("bin", &[d("1970-05-11 13:45:07"), t(DAY)], "1970-05-11T00:00:00.0000000Z"),
        // Weeks begin on a Monday, as 0001-01-01 was one.
        ("bin", &[d("2024-01-07 10:00"), t(7 * DAY)], "2024-01-01T00:00:00.0000000Z"),
        ("bin", &[d("1969-12-31 13:45:07"), t(HOUR)], "1969-12-31T13:00:00.0000000Z"),
        ("bin", &[Cell::null(ColumnType::DateTime), t(HOUR)], "null"),
        ("bin", &[Cell::decimal(4_500_000_000_000_000_000), n(1)], "4"),
        ("floor", &[Cell::real(5.7)], "5.0"),
        ("bin_at", &[Cell::real(6.5), Cell::real(2.5), n(7)], "4.5"),
        ("bin_at", &[t(HOUR), t(DAY), t(12 * HOUR)], "-12:00:00"),
        ("bin_at", &[d("2017-05-15 10:20"), t(DAY), d("1970-01-01 12:00")], "2017-05-14T12:00:00.0000000Z"),
    ]);
}

#[test]
fn starts_and_ends() {
    let date = || d("2017-01-01 10:10:17");
    check(&[
        ("startofday", &[date()], "2017-01-01T00:00:00.0000000Z"),
        ("startofday", &[date(), n(-1)], "2016-12-31T00:00:00.0000000Z"),
        ("startofday", &[date(), n(i64::MAX)], "null"),
        ("startofweek", &[d("2025-06-14")], "2025-06-08T00:00:00.0000000Z"),
        ("startofweek", &[d("2025-06-15")], "2025-06-15T00:00:00.0000000Z"),
        ("startofweek", &[d("1969-12-30")], "1969-12-28T00:00:00.0000000Z"),
        ("startofmonth", &[date(), n(-1)], "2016-12-01T00:00:00.0000000Z"),
        ("startofyear", &[date(), n(1)], "2018-01-01T00:00:00.0000000Z"),
        ("startofyear", &[date(), n(9999)], "null"),
        ("endofday", &[date(), n(-1)], "2016-12-31T23:59:59.9999990Z"),
        ("endofweek", &[date()], "2017-01-07T23:59:59.9999990Z"),
        ("endofmonth", &[d("2024-02-10")], "2024-02-29T23:59:59.9999990Z"),
        ("endofyear", &[date()], "2017-12-31T23:59:59.9999990Z"),
    ]);
}

#[test]
fn parts() {
    let date = || d("2017-10-30 01:02:03.7654321");
    for (part, value) in [
        ("year", "2017"),
        ("quarter", "4"),
        ("month", "10"),
        ("week_of_year", "44"),
        ("day", "30"),
        ("dayOfYear", "303"),
        ("hour", "1"),
        ("minute", "2"),
        ("second", "3"),
        ("millisecond", "765"),
        ("microsecond", "765432"),
        ("century", "error: `century` is no part of a datetime"),
    ] {
        check(&[("datetime_part", &[s(part), date()], value)]);
    }
    check(&[
        ("dayofweek", &[d("1970-05-11")], "1.00:00:00"),
        ("dayofweek", &[d("1969-12-28")], "00:00:00"),
        ("dayofmonth", &[date()], "30"),
        ("hourofday", &[date()], "1"),
        ("week_of_year", &[d("2020-12-31")], "53"),
        ("week_of_year", &[d("2000-01-01")], "52"),
        ("weekofyear", &[d("2015-01-01")], "53"),
        ("weekofyear", &[d("2014-01-01")], "1"),
        ("monthofyear", &[date()], "10"),
        ("getyear", &[Cell::null(ColumnType::DateTime)], "null"),
    ]);
}

#[test]
fn shifts() {
    let date = || d("2017-01-31");
    check(&[
        ("datetime_add", &[s("year"), n(-5), date()], "2012-01-31T00:00:00.0000000Z"),
        ("datetime_add", &[s("Quarter"), n(1), date()], "2017-04-30T00:00:00.0000000Z"),
        ("datetime_add", &[s("month"), n(1), date()], "2017-02-28T00:00:00.0000000Z"),
        ("datetime_add", &[s("week"), n(1), date()], "2017-02-07T00:00:00.0000000Z"),
        ("datetime_add", &[s("second"), n(-1), date()], "2017-01-30T23:59:59.0000000Z"),
        ("datetime_add", &[s("day"), n(i64::MAX), date()], "null"),
        ("datetime_add", &[s("month"), n(i64::MIN), date()], "null"),
        ("datetime_add", &[s("moon"), n(1), date()], "error: `moon` is no period"),
        ("datetime_diff", &[s("year"), d("2017-01-01"), d("2000-12-31")], "17"),
        ("datetime_diff", &[s("quarter"), d("2017-07-01"), d("2017-03-30")], "2"),
        ("datetime_diff", &[s("month"), d("2017-01-01"), d("2015-12-30")], "13"),
        ("datetime_diff", &[s("week"), d("2017-10-29"), d("2017-09-30 23:59")], "5"),
        ("datetime_diff", &[s("day"), d("2017-10-29"), d("2017-09-30 23:59")], "29"),
        ("datetime_diff", &[s("hour"), d("2017-10-31 01:00"), d("2017-10-30 23:59")], "2"),
        ("datetime_diff", &[s("minute"), d("2017-10-30 23:05:01"), d("2017-10-30 23:00:59")], "5"),
        ("datetime_diff", &[s("second"), d("2017-10-30 23:00:10.1"), d("2017-10-30 23:00:00.9")], "10"),
        (
            "datetime_diff",
            &[s("millisecond"), d("2017-10-30 23:00:00.2001"), d("2017-10-30 23:00:00.1009")],
            "100",
        ),
        ("datetime_diff", &[s("day"), d("2017-01-01"), d("2017-01-03")], "-2"),
    ]);
}

#[test]
fn made_of_numbers() {
    check(&[
        ("make_datetime", &[n(2017), n(10), n(1)], "2017-10-01T00:00:00.0000000Z"),
        ("make_datetime", &[n(2017), n(10), n(1), n(12), n(10)], "2017-10-01T12:10:00.0000000Z"),
        (
            "make_datetime",
            &[n(2017), n(10), n(1), n(12), n(11), Cell::real(0.123456)],
            "2017-10-01T12:11:00.1234560Z",
        ),
        ("make_datetime", &[n(2017), n(13), n(1)], "null"),
        ("make_datetime", &[n(i64::MAX), n(1), n(1)], "null"),
        ("make_datetime", &[s("2017-10-01")], "2017-10-01T00:00:00.0000000Z"),
        ("make_timespan", &[n(1), n(12), n(30), Cell::real(55.123)], "1.12:30:55.1230000"),
        ("make_timespan", &[n(12), n(30)], "12:30:00"),
        ("make_timespan", &[n(24), n(30)], "null"),
        ("unixtime_seconds_todatetime", &[n(1_546_300_800)], "2019-01-01T00:00:00.0000000Z"),
        ("unixtime_seconds_todatetime", &[Cell::real(1_546_300_800.5)], "2019-01-01T00:00:00.5000000Z"),
        ("unixtime_seconds_todatetime", &[n(i64::MAX)], "null"),
        ("unixtime_milliseconds_todatetime", &[n(1_546_300_800_000)], "2019-01-01T00:00:00.0000000Z"),
        ("unixtime_microseconds_todatetime", &[n(1_546_300_800_000_000)], "2019-01-01T00:00:00.0000000Z"),
        ("unixtime_nanoseconds_todatetime", &[n(1_546_300_800_000_000_000)], "2019-01-01T00:00:00.0000000Z"),
    ]);
}

#[test]
fn formats() {
    let date = || d("2017-01-29 09:00:05");
    let span = || t(29 * DAY + 9 * HOUR + 5 * SECOND + 1_234_500);
    check(&[
        ("format_datetime", &[date(), s("yy-MM-dd [HH:mm:ss]")], "17-01-29 [09:00:05]"),
        ("format_datetime", &[date(), s("yyyy-M-dd [H:mm:ss]")], "2017-1-29 [9:00:05]"),
        ("format_datetime", &[date(), s("yy-MM-dd [hh:mm:ss tt]")], "17-01-29 [09:00:05 AM]"),
        ("format_datetime", &[d("2009-06-15T13:45:30.6170000"), s("h f fff FFFFFFF")], "1 6 617 617"),
        ("format_datetime", &[Cell::null(ColumnType::DateTime), s("yyyy")], ""),
        ("format_datetime", &[date(), s(&"y".repeat(1000))], "error: `y` stands more than 8 times in a row"),
        ("format_timespan", &[span(), s("dd.hh:mm:ss:FF")], "29.09:00:05:12"),
        ("format_timespan", &[span(), s("ddd.h:mm:ss [fffffff]")], "029.9:00:05 [1234500]"),
        ("format_timespan", &[t(i64::MIN), s("d")], "-10675199"),
    ]);
}

#[test]
fn time_zones() {
    for (local, utc) in [
        ("2022-03-27 01:00", "2022-03-27T00:00:00.0000000Z"),
        ("2022-03-27 02:00", "2022-03-27T00:00:00.0000000Z"),
        ("2022-03-27 03:00", "2022-03-27T01:00:00.0000000Z"),
        ("2022-10-30 02:30", "2022-10-30T01:30:00.0000000Z"),
    ] {
        check(&[("datetime_local_to_utc", &[d(local), s("Europe/Brussels")], utc)]);
    }
    check(&[
        ("datetime_local_to_utc", &[d("2022-03-13 02:30"), s("US/Pacific")], "2022-03-13T09:30:00.0000000Z"),
        ("datetime_utc_to_local", &[d("2022-07-11 22:18"), s("US/Pacific")], "2022-07-11T15:18:00.0000000Z"),
        ("datetime_utc_to_local", &[d("2022-07-11 22:18"), s("Mars")], "error: `Mars` is no time zone"),
    ]);
}
