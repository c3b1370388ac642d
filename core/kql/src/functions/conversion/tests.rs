use phalanx_signal::ColumnType;

use super::text::decimal_text;

use super::{parse_datetime, parse_decimal, parse_long, parse_timespan};
use crate::{
    dynamic::{push_datetime, push_timespan},
    functions::cells::{Cell, check},
};

const ONE: i128 = 1_000_000_000_000_000_000;

#[test]
fn texts_of_all_types() {
    check(&[
        ("tostring", &[Cell::bool(true)], "True"),
        ("tostring", &[Cell::int(-5)], "-5"),
        ("tostring", &[Cell::long(i64::MIN)], "-9223372036854775808"),
        ("tostring", &[Cell::real(1.0)], "1.0"),
        ("tostring", &[Cell::real(123.45)], "123.45"),
        ("tostring", &[Cell::real(f64::NAN)], "NaN"),
        ("tostring", &[Cell::decimal(123 * ONE + ONE / 4)], "123.25"),
        ("tostring", &[Cell::decimal(-ONE / 2)], "-0.5"),
        ("tostring", &[Cell::datetime("2017-10-15 12:00")], "2017-10-15T12:00:00.0000000Z"),
        ("tostring", &[Cell::timespan(5)], "00:00:00.0000005"),
        ("tostring", &[Cell::json("{ \"a\" : 1 }")], "{\"a\":1}"),
        ("tostring", &[Cell::json("\"x\"")], "x"),
        ("tostring", &[Cell::null(ColumnType::Long)], ""),
        ("tostring", &[Cell::null(ColumnType::String)], ""),
        ("tostring", &[Cell::null(ColumnType::Dynamic)], ""),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("toint", &[Cell::string("123")], "123"),
        ("toint", &[Cell::string(" 12 ")], "12"),
        ("toint", &[Cell::real(2.9)], "2"),
        ("toint", &[Cell::real(-2.9)], "-2"),
        ("toint", &[Cell::long(1 << 40)], "null"),
        ("toint", &[Cell::json("\"7\"")], "7"),
        ("toint", &[Cell::json("7.5")], "7"),
        ("toint", &[Cell::json("[7]")], "null"),
        ("tolong", &[Cell::string("0xff")], "255"),
        ("tolong", &[Cell::string("")], "null"),
        ("tolong", &[Cell::string("12 apples")], "null"),
        ("tolong", &[Cell::string("inf")], "null"),
        ("tolong", &[Cell::bool(true)], "1"),
        ("tolong", &[Cell::real(f64::INFINITY)], "null"),
        ("tolong", &[Cell::real(1e300)], "null"),
        ("tolong", &[Cell::datetime("2017-01-01")], "636188256000000000"),
        ("toreal", &[Cell::string("123.4")], "123.4"),
        ("todouble", &[Cell::string("x")], "null"),
        ("todecimal", &[Cell::string("123.45678")], "123.45678"),
        ("todecimal", &[Cell::long(5)], "5"),
        ("todecimal", &[Cell::real(0.1)], "0.1"),
        ("todecimal", &[Cell::string("1e40")], "null"),
        ("tobool", &[Cell::string("TRUE")], "true"),
        ("tobool", &[Cell::long(123)], "true"),
        ("tobool", &[Cell::string("yes")], "null"),
        ("tobool", &[Cell::json("false")], "false"),
    ]);
    assert_eq!(parse_long("-0x10"), Some(-16));
    assert_eq!(parse_long("99999999999999999999"), None);
    assert_eq!(parse_decimal("-1.5e1"), Some(-15 * ONE));
    assert_eq!(parse_decimal("1e999999999"), None);
    assert_eq!(parse_decimal("."), None);
    assert_eq!(decimal_text(i128::MAX / 2), "85070591730234615865.843651857942052863");
}

#[test]
fn datetimes() {
    for (text, expected) in [
        ("2014-05-25T08:20:03.123456Z", "2014-05-25T08:20:03.1234560Z"),
        ("2014-05-25T08:20:03.1234567", "2014-05-25T08:20:03.1234560Z"),
        ("2014-05-25T08:20", "2014-05-25T08:20:00.0000000Z"),
        ("2014-11-08 15:55:55.123456Z", "2014-11-08T15:55:55.1234560Z"),
        ("2014-11-08", "2014-11-08T00:00:00.0000000Z"),
        ("2014-11-08T15:05:25+02:00", "2014-11-08T13:05:25.0000000Z"),
        ("2014-11-08 15:05:25 -0130", "2014-11-08T16:35:25.0000000Z"),
        ("2014-11-08 15:05:25 GMT", "2014-11-08T15:05:25.0000000Z"),
        ("2024-1-5", "2024-01-05T00:00:00.0000000Z"),
        ("2024-1-5 3:04", "2024-01-05T03:04:00.0000000Z"),
        ("2024-02", "2024-02-01T00:00:00.0000000Z"),
        ("2024", "2024-01-01T00:00:00.0000000Z"),
        ("20240105", "2024-01-05T00:00:00.0000000Z"),
        ("20240105T101112Z", "2024-01-05T10:11:12.0000000Z"),
        ("2024/01/05 10:00:00", "2024-01-05T10:00:00.0000000Z"),
        ("Sat, 8 Nov 14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
        ("8 Nov 14 15:05", "2014-11-08T15:05:00.0000000Z"),
        ("Saturday, 08-Nov-14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
        ("08-Nov-2014 15:05", "2014-11-08T15:05:00.0000000Z"),
        ("Nov 8 2014 15:05:02", "2014-11-08T15:05:02.0000000Z"),
        ("12-02-2022", "2022-12-02T00:00:00.0000000Z"),
        ("1/2/2006 3:04:05 PM", "2006-01-02T15:04:05.0000000Z"),
        ("1/2/2006 12:00 AM", "2006-01-02T00:00:00.0000000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.0000000Z"),
    ] {
        let mut found = String::new();
        push_datetime(&mut found, parse_datetime(text).unwrap_or_else(|| panic!("{text} is a datetime")));
        assert_eq!(found, expected, "{text}");
    }
    for text in [
        "",
        "x",
        "2014-13-01",
        "2014-02-30",
        "25:00",
        "2014-11-08 25:00",
        "2014-11-08x",
        "13-13-2022",
        "1",
        "日",
    ] {
        assert_eq!(parse_datetime(text), None, "{text}");
    }
    check(&[
        ("todatetime", &[Cell::long(636_188_256_000_000_000)], "2017-01-01T00:00:00.0000000Z"),
        ("todatetime", &[Cell::long(-1)], "null"),
        ("todatetime", &[Cell::json("\"2017-01-01\"")], "2017-01-01T00:00:00.0000000Z"),
        ("todatetime", &[Cell::bool(true)], "null"),
    ]);
}

#[test]
fn timespans() {
    for (text, expected) in [
        ("0.00:03:00", "00:03:00"),
        ("1.02:03:04.0000005", "1.02:03:04.0000005"),
        ("-01:00", "-01:00:00"),
        ("5", "5.00:00:00"),
        ("1.5h", "01:30:00"),
        ("90m", "01:30:00"),
        ("15 seconds", "00:00:15"),
        ("100ms", "00:00:00.1000000"),
        ("1tick", "00:00:00.0000001"),
    ] {
        let mut found = String::new();
        push_timespan(&mut found, parse_timespan(text).unwrap_or_else(|| panic!("{text} is a timespan")));
        assert_eq!(found, expected, "{text}");
    }
    for text in ["", "x", "25:00:00", "1w", "1:2:3:4:5", "99999999999999999d", "."] {
        assert_eq!(parse_timespan(text), None, "{text}");
    }
}

#[test]
fn guids_and_types() {
    check(&[
        (
            "toguid",
            &[Cell::string("0123456789ABCDEF0123456789abcdef")],
            "01234567-89ab-cdef-0123-456789abcdef",
        ),
        (
            "toguid",
            &[Cell::string("0123456789ab-cdef-0123-456789abcdef")],
            "01234567-89ab-cdef-0123-456789abcdef",
        ),
        ("toguid", &[Cell::string("a string that is not a guid")], "null"),
        ("gettype", &[Cell::string("")], "string"),
        ("gettype", &[Cell::timespan(1)], "timespan"),
        ("gettype", &[Cell::json("1")], "int"),
        ("gettype", &[Cell::json("5000000000")], "long"),
        ("gettype", &[Cell::json("{}")], "dictionary"),
        ("gettype", &[Cell::null(ColumnType::Dynamic)], "null"),
    ]);
}
