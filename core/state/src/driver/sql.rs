//! Statements with their parameters, and rows.

use std::{borrow::Cow, fmt::Write, vec};

use chrono::{DateTime, Utc};

use crate::{Error, Result};

/// A statement and its parameters. The text never holds data: data goes into parameters.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(crate) text: Cow<'static, str>,
    pub(crate) args: Vec<Arg>,
}

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Arg {
    Integer(i64),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

impl Sql {
    /// A statement that is known beforehand, with parameters `$1`, `$2`…
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), args: Vec::new() }
    }

    /// Adds the next parameter.
    pub(crate) fn arg(mut self, arg: impl Into<Arg>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds text to the statement.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds a parameter and its `$n` to the statement.
    pub(crate) fn bind(&mut self, arg: impl Into<Arg>) -> &mut Self {
        self.args.push(arg.into());
        let number = self.args.len();
        write!(self.text.to_mut(), "${number}").expect("writing to a string never fails");
        self
    }

    /// Adds several parameters with commas between their `$n`.
    pub(crate) fn bind_list<A: Into<Arg>>(&mut self, args: impl IntoIterator<Item = A>) -> &mut Self {
        for (position, arg) in args.into_iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.bind(arg);
        }
        self
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u64> for Arg {
    /// Counts and positions; none gets beyond 2^63.
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Arg {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<DateTime<Utc>> for Arg {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Integer(value.timestamp_micros())
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<crate::TenantId> for Arg {
    fn from(value: crate::TenantId) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

impl From<Vec<u8>> for Arg {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// A value in a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// How much of a page's budget the value takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// The rows of a statement.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// Whether there may be more, left out because these have so many bytes.
    pub(crate) is_cut: bool,
}

/// A row, whose values are taken from left to right.
#[derive(Debug)]
pub(crate) struct Row(vec::IntoIter<Cell>);

impl Row {
    pub(crate) fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    pub(crate) fn integer(&mut self) -> Result<i64> {
        match self.0.next() {
            Some(Cell::Integer(value)) => Ok(value),
            other => Err(unexpected("an integer", other)),
        }
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        let value = self.integer()?;
        u64::try_from(value).map_err(|_| Error::corrupt(format!("expected a count, found {value}")))
    }

    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>> {
        let micros = self.integer()?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| Error::corrupt(format!("no time is {micros}")))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        match self.0.next() {
            Some(Cell::Text(value)) => Ok(value),
            other => Err(unexpected("text", other)),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>> {
        match self.0.next() {
            Some(Cell::Text(value)) => Ok(Some(value)),
            Some(Cell::Null) => Ok(None),
            other => Err(unexpected("text or null", other)),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.0.next() {
            Some(Cell::Bytes(value)) => Ok(value),
            other => Err(unexpected("bytes", other)),
        }
    }
}

fn unexpected(expected: &str, found: Option<Cell>) -> Error {
    let found = match found {
        None => "no more columns",
        Some(Cell::Null) => "null",
        Some(Cell::Integer(_)) => "an integer",
        Some(Cell::Text(_)) => "text",
        Some(Cell::Bytes(_)) => "bytes",
    };
    Error::corrupt(format!("a column should have {expected}, found {found}"))
}
