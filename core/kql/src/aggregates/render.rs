//! The cells of an argument, whatever its type, as JSON or as a hash.

use std::fmt::Write as _;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray, cast::AsArray,
};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::hash;
use crate::dynamic::{Json, canonical, compact, push_datetime, push_real, push_text, push_timespan};

/// A column of values, read by row.
pub enum Cells<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Real(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    DateTime(&'a TimestampMicrosecondArray),
    TimeSpan(&'a Int64Array),
    /// Its null is the empty text.
    String(&'a StringViewArray),
    Guid(&'a StringViewArray),
    Dynamic(&'a StringViewArray),
}

impl<'a> Cells<'a> {
    /// # Errors
    /// The column is not held as columns of the type are.
    pub fn new(kind: ColumnType, values: &'a ArrayRef) -> Result<Self> {
        let cells = match kind {
            ColumnType::Bool => values.as_boolean_opt().map(Self::Bool),
            ColumnType::Int => values.as_primitive_opt().map(Self::Int),
            ColumnType::Long => values.as_primitive_opt().map(Self::Long),
            ColumnType::Real => values.as_primitive_opt().map(Self::Real),
            ColumnType::Decimal => values.as_primitive_opt().map(Self::Decimal),
            ColumnType::DateTime => values.as_primitive_opt().map(Self::DateTime),
            ColumnType::TimeSpan => values.as_primitive_opt().map(Self::TimeSpan),
            ColumnType::String => values.as_string_view_opt().map(Self::String),
            ColumnType::Guid => values.as_string_view_opt().map(Self::Guid),
            ColumnType::Dynamic => values.as_string_view_opt().map(Self::Dynamic),
        };
        cells
            .ok_or_else(|| exec_datafusion_err!("a column of type {} is {}", kind.name(), values.data_type()))
    }

    /// Whether there is no value; never so for a string.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Bool(values) => values.is_null(row),
            Self::Int(values) => values.is_null(row),
            Self::Long(values) | Self::TimeSpan(values) => values.is_null(row),
            Self::Real(values) => values.is_null(row),
            Self::Decimal(values) => values.is_null(row),
            Self::DateTime(values) => values.is_null(row),
            Self::String(_) => false,
            Self::Guid(values) => values.is_null(row),
            Self::Dynamic(values) => values.is_null(row) || values.value(row) == "null",
        }
    }

    /// Whether there is no value, or an empty text.
    pub fn is_empty(&self, row: usize) -> bool {
        match self {
            Self::String(values) => values.is_null(row) || values.value(row).is_empty(),
            Self::Dynamic(values) => self.is_null(row) || values.value(row) == "\"\"",
            _ => self.is_null(row),
        }
    }

    /// Appends a value that is not null as JSON.
    pub fn push_json(&self, row: usize, out: &mut String) {
        match self {
            Self::Bool(values) => out.push_str(if values.value(row) { "true" } else { "false" }),
            Self::Int(values) => push_long(out, values.value(row).into()),
            Self::Long(values) => push_long(out, values.value(row)),
            Self::Real(values) => push_real(out, values.value(row)),
            Self::Decimal(values) => push_decimal(out, values.value(row)),
            Self::DateTime(values) => quoted(out, |out| push_datetime(out, values.value(row))),
            Self::TimeSpan(values) => quoted(out, |out| push_timespan(out, values.value(row))),
            Self::String(values) => push_text(out, if values.is_null(row) { "" } else { values.value(row) }),
            Self::Guid(values) => push_text(out, values.value(row)),
            Self::Dynamic(values) => out.push_str(&compact(values.value(row))),
        }
    }

    /// The hash of a value that is not null: equal values have equal hashes.
    #[inline]
    pub fn hash(&self, row: usize) -> u64 {
        match self {
            Self::Bool(values) => hash::of_word(values.value(row).into()),
            Self::Int(values) => hash::of_word(i64::from(values.value(row)).cast_unsigned()),
            Self::Long(values) | Self::TimeSpan(values) => hash::of_word(values.value(row).cast_unsigned()),
            Self::Real(values) => hash::of_word(real_bits(values.value(row))),
            Self::Decimal(values) => hash::of_text(&values.value(row).to_le_bytes()),
            Self::DateTime(values) => hash::of_word(values.value(row).cast_unsigned()),
            Self::String(values) if values.is_null(row) => hash::of_text(b""),
            Self::String(values) | Self::Guid(values) => hash::of_text(values.value(row).as_bytes()),
            Self::Dynamic(values) => hash::of_text(canonical(Json::new(values.value(row))).as_bytes()),
        }
    }

    /// The value as a number; `None` for null and for what is none.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "statistics are of reals")]
    pub fn real(&self, row: usize) -> Option<f64> {
        if self.is_null(row) {
            return None;
        }
        match self {
            Self::Int(values) => Some(values.value(row).into()),
            Self::Long(values) | Self::TimeSpan(values) => Some(values.value(row) as f64),
            Self::Real(values) => Some(values.value(row)),
            Self::Decimal(values) => Some(values.value(row) as f64 / 1e18),
            Self::DateTime(values) => Some(values.value(row) as f64),
            Self::Dynamic(values) => Json::new(values.value(row)).as_real(),
            Self::Bool(_) | Self::String(_) | Self::Guid(_) => None,
        }
    }
}

/// The bits of a number, the same for both zeros and for all that are none.
fn real_bits(value: f64) -> u64 {
    if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits()
    } else {
        value.to_bits()
    }
}

fn push_long(out: &mut String, value: i64) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

fn quoted(out: &mut String, push: impl FnOnce(&mut String)) {
    out.push('"');
    push(out);
    out.push('"');
}

/// Appends a decimal of 18 digits behind the point, without the zeros at the end.
fn push_decimal(out: &mut String, value: i128) {
    const UNIT: u128 = 1_000_000_000_000_000_000;
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:018}", magnitude / UNIT, magnitude % UNIT);
    out.push_str(text.trim_end_matches('0').trim_end_matches('.'));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Int64Array, StringViewArray};

    use super::*;

    fn json(kind: ColumnType, values: ArrayRef) -> Vec<String> {
        let cells = Cells::new(kind, &values).unwrap();
        let render = |row| {
            let mut out = String::new();
            cells.push_json(row, &mut out);
            out
        };
        (0..values.len()).filter(|row| !cells.is_null(*row)).map(render).collect()
    }

    #[test]
    fn values_become_json_by_their_type() {
        let longs: ArrayRef = Arc::new(Int64Array::from(vec![Some(-1), None, Some(10_000_000)]));
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a\"b"), None, Some("[1, 2]")]));
        let reals: ArrayRef = Arc::new(Float64Array::from(vec![5.0, f64::NAN]));
        let times = TimestampMicrosecondArray::from(vec![0]).with_timezone("UTC");
        let decimals = Decimal128Array::from(vec![-1_500_000_000_000_000_000]);
        let cases = [
            (ColumnType::Long, Arc::clone(&longs), vec!["-1", "10000000"]),
            (ColumnType::TimeSpan, longs, vec!["\"-00:00:00.0000001\"", "\"00:00:01\""]),
            (ColumnType::String, Arc::clone(&texts), vec![r#""a\"b""#, r#""""#, r#""[1, 2]""#]),
            (ColumnType::Dynamic, texts.slice(2, 1), vec!["[1,2]"]),
            (ColumnType::Real, reals, vec!["5.0", "\"NaN\""]),
            (ColumnType::DateTime, Arc::new(times), vec!["\"1970-01-01T00:00:00.0000000Z\""]),
            (ColumnType::Decimal, Arc::new(decimals), vec!["-1.5"]),
        ];
        for (kind, values, expected) in cases {
            assert_eq!(json(kind, values), expected, "{}", kind.name());
        }
    }
}
