//! Values on their way from a record's fields to a table's columns.

use std::borrow::Cow;

use crate::Row;

/// A value: of a field, or computed by an expression.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value<'a> {
    /// No value. Empty text counts as no value, too.
    #[default]
    Null,
    Text(Cow<'a, str>),
    Long(i64),
    Real(f64),
    Bool(bool),
    /// Microseconds since 1970, UTC.
    Time(i64),
    /// JSON text that a parser has checked.
    Json(Cow<'a, str>),
}

/// One event, flat: what a mapping turns into rows.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When it happened, in microseconds since 1970; without it, when it was received.
    pub time: Option<i64>,
    /// The header fields, in the order of the names given to [`Mapping::parse`](super::Mapping::parse).
    pub headers: &'a [Value<'a>],
    /// The other fields, in the event's order.
    pub fields: &'a [(&'a str, Value<'a>)],
    /// What the encoding or the shipper added: it goes to the overflow of rows whose rule says
    /// `keep @extras`.
    pub extras: &'a [(&'a str, Value<'a>)],
}

impl<'a> Value<'a> {
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Whether there is nothing here: no value or empty text.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Json(json) => json == "null",
            _ => false,
        }
    }

    /// The same value, borrowing from this one.
    pub fn borrow(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Long(n) => Value::Long(*n),
            Self::Real(n) => Value::Real(*n),
            Self::Bool(b) => Value::Bool(*b),
            Self::Time(t) => Value::Time(*t),
            Self::Json(json) => Value::Json(Cow::Borrowed(json)),
        }
    }

    /// The value as text: JSON strings unwrapped, times in ISO 8601, nothing for no value.
    pub fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Text(text) => text,
            Self::Long(n) => Cow::Owned(n.to_string()),
            Self::Real(n) => Cow::Owned(n.to_string()),
            Self::Bool(b) => Cow::Borrowed(if b { "true" } else { "false" }),
            Self::Time(t) => Cow::Owned(crate::time::format_datetime(t)),
            Self::Json(json) if json.starts_with('"') => {
                Cow::Owned(serde_json::from_str(&json).unwrap_or_else(|_| json.into_owned()))
            }
            Self::Json(json) => json,
        }
    }

    /// Gives the value to a column.
    pub(super) fn write(&self, row: &mut Row<'_>, column: usize) {
        match self {
            Self::Null => {}
            Self::Text(text) => row.text(column, text),
            Self::Long(n) => row.long(column, *n),
            Self::Real(n) => row.real(column, *n),
            Self::Bool(b) => row.bool(column, *b),
            Self::Time(t) => row.datetime(column, *t),
            Self::Json(json) => row.json(column, json),
        }
    }

    /// Puts the value among the fields without a column, unless it is empty.
    pub(super) fn write_unmapped(&self, row: &mut Row<'_>, name: &str) {
        match self {
            _ if self.is_empty() => {}
            Self::Null => {}
            Self::Text(text) => row.unmapped(name, text),
            Self::Long(n) => row.unmapped_json(name, &n.to_string()),
            Self::Real(n) if n.is_finite() => row.unmapped_json(name, &n.to_string()),
            Self::Real(n) => row.unmapped(name, &n.to_string()),
            Self::Bool(b) => row.unmapped_json(name, if *b { "true" } else { "false" }),
            Self::Time(t) => row.unmapped(name, &crate::time::format_datetime(*t)),
            Self::Json(json) => row.unmapped_json(name, json),
        }
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Long)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Self::Null, Self::text)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}
