//! Values of answers as JSON, the way that Kusto, Log Analytics and Graph write them.
//!
//! | type | JSON |
//! |---|---|
//! | `bool`, `int`, `long`, `real` | as it is; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `decimal` | a string |
//! | `datetime` | `"2016-02-17T08:40:00.0000000Z"` |
//! | `timespan` | `"1.02:03:04.5000000"` |
//! | `guid`, `string` | a string; no string is `""` |
//! | `dynamic` | its JSON, or a string of it |

use std::fmt::Write;

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use phalanx_kql::dynamic::{push_datetime, push_timespan};
use phalanx_signal::{ColumnType, dynamic::quote};

/// How `dynamic` values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamic {
    /// A string that holds JSON.
    Text,
    Json,
}

/// Appends the value in a row as JSON. The array is of the type's Arrow type.
pub fn push(kind: ColumnType, array: &ArrayRef, row: usize, dynamic: Dynamic, out: &mut String) {
    if array.is_null(row) {
        return out.push_str(if kind == ColumnType::String { "\"\"" } else { "null" });
    }
    let written = match kind {
        ColumnType::Bool => write!(out, "{}", array.as_boolean().value(row)),
        ColumnType::Int => write!(out, "{}", array.as_primitive::<Int32Type>().value(row)),
        ColumnType::Long => write!(out, "{}", array.as_primitive::<Int64Type>().value(row)),
        ColumnType::Real => push_real(array.as_primitive::<Float64Type>().value(row), out),
        ColumnType::Decimal => {
            write!(out, "\"{}\"", decimal(array.as_primitive::<Decimal128Type>().value_as_string(row)))
        }
        ColumnType::DateTime => {
            let time = array.as_primitive::<TimestampMicrosecondType>().value(row);
            write!(out, "\"{}\"", datetime(time))
        }
        ColumnType::TimeSpan => {
            out.push('"');
            push_timespan(out, array.as_primitive::<Int64Type>().value(row));
            out.write_str("\"")
        }
        ColumnType::Dynamic if dynamic == Dynamic::Json => out.write_str(array.as_string_view().value(row)),
        ColumnType::String | ColumnType::Guid | ColumnType::Dynamic => {
            out.write_str(&quote(array.as_string_view().value(row)))
        }
    };
    written.expect("writing to a string");
}

fn push_real(value: f64, out: &mut String) -> std::fmt::Result {
    match serde_json::Number::from_f64(value) {
        Some(number) => write!(out, "{number}"),
        None if value.is_nan() => out.write_str("\"NaN\""),
        None if value > 0.0 => out.write_str("\"Infinity\""),
        None => out.write_str("\"-Infinity\""),
    }
}

/// Without the zeros that only the width of the type puts there.
fn decimal(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Microseconds since 1970 as clients expect a time, with seven digits.
pub fn datetime(micros: i64) -> String {
    let mut text = String::new();
    push_datetime(&mut text, micros);
    text
}

/// The type's name in .NET, as the first version of the protocol and Graph have it.
pub fn dotnet(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Bool => "SByte",
        ColumnType::Int => "Int32",
        ColumnType::Long => "Int64",
        ColumnType::Real => "Double",
        ColumnType::Decimal => "SqlDecimal",
        ColumnType::DateTime => "DateTime",
        ColumnType::TimeSpan => "TimeSpan",
        ColumnType::Guid => "Guid",
        ColumnType::String => "String",
        ColumnType::Dynamic => "Object",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        Decimal128Array, Float64Array, Int64Array, StringViewArray, TimestampMicrosecondArray,
    };

    use super::*;

    fn check(kind: ColumnType, array: ArrayRef, expected: &[&str]) {
        for (row, expected) in expected.iter().enumerate() {
            let mut out = String::new();
            push(kind, &array, row, Dynamic::Text, &mut out);
            assert_eq!(out, *expected, "{kind} {row}");
        }
    }

    #[test]
    fn values_are_written_as_clients_read_them() {
        let reals = vec![Some(1.5), Some(f64::NAN), Some(f64::NEG_INFINITY), None];
        check(
            ColumnType::Real,
            Arc::new(Float64Array::from(reals)),
            &["1.5", "\"NaN\"", "\"-Infinity\"", "null"],
        );
        let times = TimestampMicrosecondArray::from(vec![1_455_698_400_123_456, 0]).with_timezone("UTC");
        let expected = ["\"2016-02-17T08:40:00.1234560Z\"", "\"1970-01-01T00:00:00.0000000Z\""];
        check(ColumnType::DateTime, Arc::new(times), &expected);
        let spans = Int64Array::from(vec![-937_845_000_000, 0]);
        check(ColumnType::TimeSpan, Arc::new(spans), &["\"-1.02:03:04.5000000\"", "\"00:00:00\""]);
        let texts = StringViewArray::from(vec![Some("a\"b"), None]);
        check(ColumnType::String, Arc::new(texts.clone()), &["\"a\\\"b\"", "\"\""]);
        check(ColumnType::Guid, Arc::new(texts), &["\"a\\\"b\"", "null"]);
        let values = Arc::new(StringViewArray::from(vec![Some("{\"a\":1}")]));
        check(ColumnType::Dynamic, values, &["\"{\\\"a\\\":1}\""]);
        let numbers = Decimal128Array::from(vec![1_500_000_000_000_000_000, 2_000_000_000_000_000_000]);
        let numbers = numbers.with_precision_and_scale(38, 18).expect("they fit");
        check(ColumnType::Decimal, Arc::new(numbers), &["\"1.5\"", "\"2\""]);
    }
}
