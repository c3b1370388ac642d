//! Values on their way from a record's fields to a table's columns.

use std::borrow::Cow;

use bumpalo::Bump;

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
        self.datum().is_empty()
    }

    /// The same value, borrowed.
    #[inline]
    pub(super) fn datum(&self) -> Datum<'_> {
        match self {
            Self::Null => Datum::Null,
            Self::Text(text) => Datum::Text(text),
            Self::Long(number) => Datum::Long(*number),
            Self::Real(number) => Datum::Real(*number),
            Self::Bool(claim) => Datum::Bool(*claim),
            Self::Time(micros) => Datum::Time(*micros),
            Self::Json(json) => Datum::Json(json),
        }
    }
}

/// A value inside an expression: what it computes lies in the arena of the current record.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Datum<'a> {
    #[default]
    Null,
    Text(&'a str),
    Long(i64),
    Real(f64),
    Bool(bool),
    Time(i64),
    Json(&'a str),
}

impl<'a> Datum<'a> {
    #[inline]
    pub(super) fn is_empty(self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Json(json) => json == "null",
            _ => false,
        }
    }

    /// Whether a condition takes it as true: it has a value that is not false.
    pub(super) fn holds(self) -> bool {
        !self.is_empty() && self != Self::Bool(false)
    }

    /// The value as text: JSON strings unwrapped, times in ISO 8601, nothing for no value.
    pub(super) fn text(self, arena: &'a Bump) -> &'a str {
        match self {
            Self::Null => "",
            Self::Text(text) => text,
            Self::Long(number) => arena.alloc_str(itoa::Buffer::new().format(number)),
            Self::Real(number) => arena.alloc_str(&number.to_string()),
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Time(micros) => arena.alloc_str(&crate::time::format_datetime(micros)),
            Self::Json(json) if json.starts_with('"') => match serde_json::from_str::<Cow<'_, str>>(json) {
                Ok(text) => arena.alloc_str(&text),
                Err(_) => json,
            },
            Self::Json(json) => json,
        }
    }

    /// Gives the value to a column.
    #[inline]
    pub(super) fn write(self, row: &mut Row<'_>, column: usize) {
        match self {
            Self::Null => {}
            Self::Text(text) => row.text(column, text),
            Self::Long(number) => row.long(column, number),
            Self::Real(number) => row.real(column, number),
            Self::Bool(claim) => row.bool(column, claim),
            Self::Time(micros) => row.datetime(column, micros),
            Self::Json(json) => row.json(column, json),
        }
    }

    /// Puts the value among the fields without a column, unless it is empty.
    pub(super) fn write_unmapped(self, row: &mut Row<'_>, name: &str) {
        match self {
            _ if self.is_empty() => {}
            Self::Null => {}
            Self::Text(text) => row.unmapped(name, text),
            Self::Long(number) => row.unmapped_json(name, itoa::Buffer::new().format(number)),
            Self::Real(number) if number.is_finite() => row.unmapped_json(name, &number.to_string()),
            Self::Real(number) => row.unmapped(name, &number.to_string()),
            Self::Bool(claim) => row.unmapped_json(name, if claim { "true" } else { "false" }),
            Self::Time(micros) => row.unmapped(name, &crate::time::format_datetime(micros)),
            Self::Json(json) => row.unmapped_json(name, json),
        }
    }
}

impl<'a> From<Option<&'a str>> for Datum<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<i64>> for Datum<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Long)
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
