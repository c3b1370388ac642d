//! Filters: which documents a query is about, by their indexed fields.
//!
//! A filter is true or false of a document, never unknown: a document that lacks a field fails every comparison
//! with it, and so passes the negation of the comparison. Of an index over several values (`multi`) a
//! comparison is true if one of the values passes it.

use std::ops::Bound;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A condition on indexed fields, carried out by the database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Filter {
    /// The field has this value.
    Eq(String, FilterValue),
    /// The field has one of these values.
    In(String, Vec<FilterValue>),
    /// The text of the field begins with this one (caseless where the index is).
    Prefix(String, String),
    /// The value of the field is between two bounds.
    Range(String, Bound<FilterValue>, Bound<FilterValue>),
    /// The field is absent, `null`, or (of several values) empty.
    IsNull(String),
    /// All of them; true if there are none.
    And(Vec<Filter>),
    /// One of them; false if there are none.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

impl Filter {
    /// `index` = `value`
    pub fn eq(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::Eq(index.into(), value.into())
    }

    /// `index` ≠ `value`; also true if the field is absent
    pub fn ne(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::not(Self::eq(index, value))
    }

    /// `index` is one of `values`
    pub fn one_of<V: Into<FilterValue>>(
        index: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self::In(index.into(), values.into_iter().map(Into::into).collect())
    }

    /// `index` begins with `prefix`
    pub fn prefix(index: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self::Prefix(index.into(), prefix.into())
    }

    /// `index` < `value`
    pub fn lt(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::Range(index.into(), Bound::Unbounded, Bound::Excluded(value.into()))
    }

    /// `index` ≤ `value`
    pub fn le(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::Range(index.into(), Bound::Unbounded, Bound::Included(value.into()))
    }

    /// `index` > `value`
    pub fn gt(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::Range(index.into(), Bound::Excluded(value.into()), Bound::Unbounded)
    }

    /// `index` ≥ `value`
    pub fn ge(index: impl Into<String>, value: impl Into<FilterValue>) -> Self {
        Self::Range(index.into(), Bound::Included(value.into()), Bound::Unbounded)
    }

    /// The field is absent or `null`
    pub fn is_null(index: impl Into<String>) -> Self {
        Self::IsNull(index.into())
    }

    /// All of `filters`
    pub fn all(filters: impl IntoIterator<Item = Filter>) -> Self {
        Self::And(filters.into_iter().collect())
    }

    /// One of `filters`
    pub fn any(filters: impl IntoIterator<Item = Filter>) -> Self {
        Self::Or(filters.into_iter().collect())
    }

    /// The negation
    #[expect(
        clippy::should_implement_trait,
        reason = "a constructor among others; `!filter` would read worse"
    )]
    pub fn not(filter: Filter) -> Self {
        Self::Not(Box::new(filter))
    }
}

/// A value to compare a field with. Its type must be that of the index; an integer also fits a real index.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum FilterValue {
    /// For text indexes, caseless or not.
    Text(String),
    /// For integer and real indexes.
    Integer(i64),
    /// For real indexes; not NaN.
    Real(f64),
    /// For boolean indexes.
    Boolean(bool),
    /// For date-time indexes, to the nanosecond.
    DateTime(DateTime<Utc>),
}

impl From<&str> for FilterValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for FilterValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for FilterValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for FilterValue {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for FilterValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<DateTime<Utc>> for FilterValue {
    fn from(value: DateTime<Utc>) -> Self {
        Self::DateTime(value)
    }
}
