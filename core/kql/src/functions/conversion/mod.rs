//! Values of one type as values of another. What cannot be converted is null.

mod datetime;
mod number;
mod text;
mod timespan;
mod values;

pub use datetime::parse_datetime;
pub use number::{parse_decimal, parse_long, parse_real};
pub(super) use text::push_any;
pub use timespan::parse_timespan;

use phalanx_signal::ColumnType::{Bool, DateTime, Decimal, Guid, Int, Long, Real, String, TimeSpan};

use super::{
    Accepts, Family, Function, Parameter, Returns,
    define::{Kernel, once},
};

/// Ticks of 100 ns from 0001-01-01 to 1970-01-01.
pub(super) const TICKS_TO_1970: i64 = 621_355_968_000_000_000;

const VALUE: &[Parameter] = &[once("value", Accepts::Any)];

const fn conversion(
    name: &'static str,
    to: phalanx_signal::ColumnType,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Conversion, VALUE, Returns::Only(to), about, kernel)
}

pub(super) static FUNCTIONS: &[Function] = &[
    conversion("tostring", String, "The text of a value; of null, the empty text.", text::tostring).examples(&[
        ("print tostring(123)", "123"),
        ("print tostring(1.0)", "1.0"),
        ("print tostring(1d)", "1.00:00:00"),
        ("print tostring(datetime(2017-10-15 12:00))", "2017-10-15T12:00:00.0000000Z"),
        ("print tostring(dynamic({\"a\": [1, 2]}).a)", "[1,2]"),
        ("print tostring(long(null))", ""),
    ]),
    conversion("toint", Int, "The value as `int`; the fraction is cut off.", values::toint)
        .examples(&[("print toint(\"123\")", "123"), ("print toint(2.9)", "2"), ("print isnull(toint(\"x\"))", "true")]),
    conversion("tolong", Long, "The value as `long`; the fraction is cut off. Times give their ticks.", values::tolong)
        .examples(&[("print tolong(\"0x1F\")", "31"), ("print tolong(true)", "1"), ("print tolong(1s)", "10000000")]),
    conversion("toreal", Real, "The value as `real`.", values::toreal)
        .alias(&["todouble"])
        .examples(&[("print toreal(\"1.5e3\")", "1500"), ("print todouble(2)", "2")]),
    conversion("todecimal", Decimal, "The value as `decimal`.", values::todecimal)
        .examples(&[("print todecimal(\"123.45678\")", "123.45678")]),
    conversion("tobool", Bool, "The value as `bool`: `true`, `false`, or a number, of which only 0 is false.", values::tobool)
        .alias(&["toboolean"])
        .examples(&[("print tobool(\"TRUE\")", "true"), ("print tobool(0)", "false")]),
    conversion(
        "todatetime",
        DateTime,
        "The value as `datetime`: text in ISO 8601, RFC 822 or RFC 850, or ticks since 0001-01-01. Offsets are converted to UTC.",
        values::todatetime,
    )
    .examples(&[
        ("print todatetime(\"2015-12-31 23:59:59.9\")", "2015-12-31T23:59:59.9000000Z"),
        ("print todatetime(\"Sat, 8 Nov 14 15:05:02 GMT\")", "2014-11-08T15:05:02.0000000Z"),
        ("print todatetime(\"2014-05-25T08:20:03+02:00\")", "2014-05-25T06:20:03.0000000Z"),
        ("print todatetime(\"12-02-2022\")", "2022-12-02T00:00:00.0000000Z"),
    ]),
    conversion("totimespan", TimeSpan, "The value as `timespan`: text such as `1.02:03:04.5` or `90m`, or ticks of 100 ns.", values::totimespan)
        .alias(&["totime"])
        .examples(&[("print totimespan(\"0.00:03:00\")", "00:03:00"), ("print totimespan(\"1.5h\")", "01:30:00")]),
    conversion("toguid", Guid, "The first 32 hexadecimal digits as `guid`.", values::toguid).examples(&[
        ("print toguid(\"0123456789ab-cdef-0123-456789abcdef\")", "01234567-89ab-cdef-0123-456789abcdef"),
        ("print isnull(toguid(\"no guid\"))", "true"),
    ]),
    conversion("gettype", String, "The name of a value's type; of a `dynamic`, what it holds.", values::gettype).examples(&[
        ("print gettype(1s)", "timespan"),
        ("print gettype(dynamic([1]))", "array"),
        ("print gettype(dynamic({}))", "dictionary"),
    ]),
];

#[cfg(test)]
mod tests;
