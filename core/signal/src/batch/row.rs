//! One row under construction.

use std::borrow::Cow;

use super::{RowsBuilder, column::Values};
use crate::{ColumnType, dynamic, time};

/// Why a text is not a value of a column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of type {expected}")]
pub struct ValueError {
    pub expected: ColumnType,
}

/// One row of a [`RowsBuilder`]. The first value given to a column stays; a value that does not fit its
/// column goes to the row's overflow under the column's name, so nothing is lost. What is given to the
/// overflow column itself is joined with the fields that have no column. The row is complete when this
/// is dropped.
pub struct Row<'a> {
    rows: &'a mut RowsBuilder,
    received: i64,
}

impl<'a> Row<'a> {
    pub(super) fn new(rows: &'a mut RowsBuilder, received: i64) -> Self {
        Self { rows, received }
    }

    /// A text for a column of any type: kept for `string`, parsed for the others. Empty text is null.
    #[inline]
    pub fn text(&mut self, column: usize, text: &str) {
        match self.rows.kinds[column] {
            _ if text.is_empty() => {}
            ColumnType::String => self.append_text(column, text),
            _ => self.other_text(column, text),
        }
    }

    fn other_text(&mut self, column: usize, text: &str) {
        if self.try_text(column, text).is_err() {
            let name = self.rows.table.columns()[column].name.clone();
            self.unmapped(&name, text);
        }
    }

    /// As [`Row::text`], but tells when the text does not fit instead of putting it to the overflow.
    pub fn try_text(&mut self, column: usize, text: &str) -> Result<(), ValueError> {
        let kind = self.rows.kinds[column];
        let error = ValueError { expected: kind };
        let trimmed = text.trim_ascii();
        match kind {
            ColumnType::String => self.push_text(column, text),
            ColumnType::Dynamic => {
                if let Some(json) = dynamic::from_text(text) {
                    self.push_text(column, &json);
                }
            }
            ColumnType::Guid => {
                let inner = trimmed.strip_prefix('{').and_then(|t| t.strip_suffix('}'));
                let id = uuid::Uuid::try_parse(inner.unwrap_or(trimmed)).map_err(|_| error)?;
                let mut buffer = uuid::Uuid::encode_buffer();
                self.push_text(column, id.hyphenated().encode_lower(&mut buffer));
            }
            ColumnType::Bool => {
                let value = match trimmed {
                    "1" => true,
                    "0" => false,
                    t if t.eq_ignore_ascii_case("true") => true,
                    t if t.eq_ignore_ascii_case("false") => false,
                    _ => return Err(error),
                };
                self.bool(column, value);
            }
            ColumnType::Int => {
                let value = parse_integer(trimmed).and_then(|v| i32::try_from(v).ok());
                self.push_long(column, value.ok_or(error)?.into());
            }
            ColumnType::Long => self.push_long(column, parse_integer(trimmed).ok_or(error)?),
            ColumnType::Real => self.real(column, trimmed.parse().map_err(|_| error)?),
            ColumnType::Decimal => {
                let value = time::parse_decimal(trimmed).ok_or(error)?;
                if let Some(Values::Decimal(b)) = self.rows.column(column) {
                    b.append_value(value);
                    self.rows.bytes += 16;
                }
            }
            ColumnType::DateTime => {
                self.datetime(column, time::parse_datetime(trimmed).ok_or(error)?);
            }
            ColumnType::TimeSpan => {
                self.push_long(column, time::parse_timespan(trimmed).ok_or(error)?);
            }
        }
        Ok(())
    }

    /// A whole number for an `int`, `long`, `real`, `string` or `dynamic` column.
    pub fn long(&mut self, column: usize, value: i64) {
        match self.rows.kinds[column] {
            ColumnType::Int | ColumnType::Long => {
                let is_int = self.rows.kinds[column] == ColumnType::Int;
                if is_int && i32::try_from(value).is_err() {
                    let name = self.rows.table.columns()[column].name.clone();
                    self.unmapped_json(&name, &value.to_string());
                } else {
                    self.push_long(column, value);
                }
            }
            ColumnType::Real => self.real(column, value as f64),
            _ => self.text(column, itoa::Buffer::new().format(value)),
        }
    }

    /// A number for a `real` column; for another type, its text.
    pub fn real(&mut self, column: usize, value: f64) {
        if self.rows.kinds[column] != ColumnType::Real {
            return self.text(column, &value.to_string());
        }
        if let Some(Values::Real(b)) = self.rows.column(column) {
            b.append_value(value);
            self.rows.bytes += 8;
        }
    }

    /// A truth value for a `bool` column; for another type, its text.
    pub fn bool(&mut self, column: usize, value: bool) {
        if self.rows.kinds[column] != ColumnType::Bool {
            return self.text(column, if value { "true" } else { "false" });
        }
        if let Some(Values::Bool(b)) = self.rows.column(column) {
            b.append_value(value);
            self.rows.bytes += 1;
        }
    }

    /// A point in time, in microseconds since 1970, for a `datetime` column; for another type, its
    /// ISO 8601 text.
    pub fn datetime(&mut self, column: usize, micros: i64) {
        if self.rows.kinds[column] != ColumnType::DateTime {
            return self.text(column, &time::format_datetime(micros));
        }
        self.push_time(column, micros);
    }

    /// JSON text that a parser has checked: kept for `dynamic`, unwrapped for the other types.
    pub fn json(&mut self, column: usize, json: &str) {
        match self.rows.kinds[column] {
            _ if json == "null" => {}
            ColumnType::Dynamic => self.push_text(column, json),
            _ if json.starts_with('"') => match serde_json::from_str::<Cow<'_, str>>(json) {
                Ok(text) => self.text(column, &text),
                Err(_) => self.text(column, json),
            },
            _ => self.text(column, json),
        }
    }

    /// The row's own time, the table's time column. Where a table has both `TimeGenerated` and
    /// `Timestamp`, the one that a row leaves open gets the value of the other.
    pub fn time(&mut self, micros: i64) {
        let at = self.rows.places.time;
        self.datetime(at, micros);
    }

    /// A field without a column of its own, as text.
    pub fn unmapped(&mut self, name: &str, text: &str) {
        self.rows.overflow.string(name, text);
    }

    /// A field without a column of its own, as JSON text that a parser has checked.
    pub fn unmapped_json(&mut self, name: &str, json: &str) {
        self.rows.overflow.raw(name, json);
    }

    /// Whether the row has a value in the column already.
    pub fn is_set(&self, column: usize) -> bool {
        self.rows.is_set(column)
    }

    fn push_text(&mut self, column: usize, text: &str) {
        if column == self.rows.places.overflow {
            return self.rows.overflow.absorb(text);
        }
        self.append_text(column, text);
    }

    fn append_text(&mut self, column: usize, text: &str) {
        if let Some(Values::Text(b)) = self.rows.column(column) {
            b.append_value(text);
            self.rows.bytes += 16 + if text.len() > 12 { text.len() } else { 0 };
        }
    }

    fn push_time(&mut self, column: usize, micros: i64) {
        if let Some(Values::DateTime(b)) = self.rows.column(column) {
            b.append_value(micros);
            self.rows.bytes += 8;
        }
    }

    fn push_long(&mut self, column: usize, value: i64) {
        match self.rows.column(column) {
            Some(Values::Int(b)) => b.append_value(value as i32),
            Some(Values::Long(b)) => b.append_value(value),
            _ => return,
        }
        self.rows.bytes += 8;
    }
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        let places = self.rows.places;
        if !self.rows.overflow.is_empty() {
            let mut overflow = std::mem::take(&mut self.rows.overflow);
            let column = self.rows.table.columns()[places.overflow].name.clone();
            overflow.finish(&column, |text| self.append_text(places.overflow, text));
            self.rows.overflow = overflow;
        }
        let time = self.rows.last_time(places.time);
        let other = places.other_time.and_then(|at| self.rows.last_time(at));
        let happened = time.or(other).unwrap_or(self.received);
        self.push_time(places.time, happened);
        if let Some(other) = places.other_time {
            self.push_time(other, happened);
        }
        self.push_time(places.time_received, self.received);
        self.rows.rows += 1;
    }
}

/// A decimal or `0x` hexadecimal integer; unsigned 64-bit values keep their bits.
fn parse_integer(text: &str) -> Option<i64> {
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(hex, 16).ok().map(|v| v as i64);
    }
    text.parse::<i64>().ok().or_else(|| {
        let real: f64 = text.parse().ok()?;
        (real.fract() == 0.0 && real.abs() < 9e15).then_some(real as i64)
    })
}
