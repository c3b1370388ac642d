//! A value that the query's text gives.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use phalanx_signal::ColumnType;

use crate::dynamic::{push_datetime, push_timespan};

/// A value of one of the language's types, or no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    /// In units of 10⁻¹⁸.
    Decimal(i128),
    /// Microseconds since 1970, UTC.
    DateTime(i64),
    /// Ticks of 100 ns.
    TimeSpan(i64),
    /// Lower case, with hyphens.
    Guid(Arc<str>),
    String(Arc<str>),
    /// JSON text.
    Dynamic(Arc<str>),
}

impl Value {
    /// As a value of the engine, of the type that columns of `kind` have. A null string is the empty text.
    pub fn scalar(&self, kind: ColumnType) -> ScalarValue {
        match self {
            Self::Null if kind == ColumnType::String => ScalarValue::Utf8View(Some(String::new())),
            Self::Null => ScalarValue::try_from(kind.arrow()).unwrap_or(ScalarValue::Null),
            Self::Bool(value) => ScalarValue::Boolean(Some(*value)),
            Self::Int(value) => ScalarValue::Int32(Some(*value)),
            Self::Long(value) | Self::TimeSpan(value) => ScalarValue::Int64(Some(*value)),
            Self::Real(value) => ScalarValue::Float64(Some(*value)),
            Self::Decimal(value) => ScalarValue::Decimal128(Some(*value), 38, 18),
            Self::DateTime(value) => ScalarValue::TimestampMicrosecond(Some(*value), Some("UTC".into())),
            Self::Guid(text) | Self::String(text) | Self::Dynamic(text) => {
                ScalarValue::Utf8View(Some(text.to_string()))
            }
        }
    }

    /// The value in a one-row answer of the engine.
    pub fn from_scalar(scalar: &ScalarValue, kind: ColumnType) -> Self {
        match scalar {
            ScalarValue::Boolean(Some(value)) => Self::Bool(*value),
            ScalarValue::Int32(Some(value)) => Self::Int(*value),
            ScalarValue::Int64(Some(value)) if kind == ColumnType::TimeSpan => Self::TimeSpan(*value),
            ScalarValue::Int64(Some(value)) => Self::Long(*value),
            ScalarValue::Float64(Some(value)) => Self::Real(*value),
            ScalarValue::Decimal128(Some(value), ..) => Self::Decimal(*value),
            ScalarValue::TimestampMicrosecond(Some(value), _) => Self::DateTime(*value),
            ScalarValue::Utf8View(Some(text)) => {
                let text = Arc::from(text.as_str());
                match kind {
                    ColumnType::Guid => Self::Guid(text),
                    ColumnType::Dynamic => Self::Dynamic(text),
                    _ => Self::String(text),
                }
            }
            _ => Self::Null,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Long(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::DateTime(micros) => {
                let mut text = String::new();
                push_datetime(&mut text, *micros);
                f.write_str(&text)
            }
            Self::TimeSpan(ticks) => {
                let mut text = String::new();
                push_timespan(&mut text, *ticks);
                f.write_str(&text)
            }
            Self::Guid(text) | Self::String(text) | Self::Dynamic(text) => f.write_str(text),
        }
    }
}
