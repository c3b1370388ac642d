//! Rows of a query's answer as text: JSON, values divided by commas or tabs, or cells for an aligned table.
//!
//! A `datetime` is written as ISO 8601 in UTC with six fraction digits, a `dynamic` value as the JSON it
//! is, a null as `null` (JSON), nothing (CSV, cells).

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt64Type},
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use phalanx_kql::dynamic::push_timespan;
use phalanx_signal::{ColumnType, dynamic::quote, time::format_datetime};
use serde::Deserialize;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowFormat {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// RFC 4180, with a header.
    Csv,
    /// `text/tab-separated-values`, with a header; tabs and line ends in a value become spaces.
    Tsv,
    /// The stream format of Apache Arrow. A `timespan` is a number of 100 ns; `dynamic` is JSON text; the metadata of
    /// a field says its type.
    Arrow,
    /// JSON lines for programs that show an answer while it comes: an object `columns`, an array of texts for each
    /// row, objects `progress` now and then, and `end` or `error`.
    Frames,
    /// One JSON array of texts a line, the first with the column names: what a table is made from.
    Table,
}

impl RowFormat {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl | Self::Table | Self::Frames => "application/x-ndjson",
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Tsv => "text/tab-separated-values; charset=utf-8",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The format that an `Accept` header wants most: JSON lines if it does not matter; `None` if there is none.
    pub fn accepted(accept: &str) -> Option<Self> {
        let mut wanted: Vec<(&str, f32)> = accept
            .split(',')
            .map(|range| {
                let mut parts = range.split(';').map(str::trim);
                let media = parts.next().unwrap_or_default();
                let quality = parts.find_map(|part| part.strip_prefix("q=")).and_then(|q| q.parse().ok());
                (media, quality.unwrap_or(1.0))
            })
            .filter(|(media, quality)| !media.is_empty() && *quality > 0.0)
            .collect();
        if wanted.is_empty() {
            return Some(Self::default());
        }
        wanted.sort_by(|one, other| other.1.total_cmp(&one.1));
        wanted.into_iter().find_map(|(media, _)| match media.to_ascii_lowercase().as_str() {
            "*/*" | "application/*" | "application/x-ndjson" | "application/jsonl" => Some(Self::Jsonl),
            "application/json" => Some(Self::Json),
            "text/csv" | "text/*" => Some(Self::Csv),
            "text/tab-separated-values" => Some(Self::Tsv),
            "application/vnd.apache.arrow.stream" => Some(Self::Arrow),
            _ => None,
        })
    }

    /// What stands before the rows.
    pub fn header(self, schema: &Schema) -> String {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let mut text = String::new();
        match self {
            Self::Jsonl | Self::Json | Self::Arrow | Self::Frames => return text,
            Self::Tsv => {
                for (at, name) in names.enumerate() {
                    if at > 0 {
                        text.push('\t');
                    }
                    push_tsv(&mut text, name);
                }
                text.push('\n');
            }
            Self::Csv => {
                for (at, name) in names.enumerate() {
                    if at > 0 {
                        text.push(',');
                    }
                    push_csv(&mut text, name);
                }
                text.push_str("\r\n");
            }
            Self::Table => {
                push_array(&mut text, names);
            }
        }
        text
    }

    /// Appends the rows of a batch, for the formats that are lines of text.
    pub fn write(self, batch: &RecordBatch, out: &mut String) -> Result<(), ArrowError> {
        let schema = batch.schema();
        let columns: Vec<Cells<'_>> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| Cells::new(field, array))
            .collect::<Result<_, _>>()?;
        let mut cell = String::new();
        for row in 0..batch.num_rows() {
            match self {
                Self::Jsonl | Self::Json | Self::Arrow => {
                    for (at, (field, column)) in schema.fields().iter().zip(&columns).enumerate() {
                        out.push(if at == 0 { '{' } else { ',' });
                        out.push_str(&quote(field.name()));
                        out.push(':');
                        column.json(row, out);
                    }
                    out.push_str(if columns.is_empty() { "{}\n" } else { "}\n" });
                }
                Self::Csv => {
                    for (at, column) in columns.iter().enumerate() {
                        if at > 0 {
                            out.push(',');
                        }
                        cell.clear();
                        column.text(row, &mut cell);
                        push_csv(out, &cell);
                    }
                    out.push_str("\r\n");
                }
                Self::Tsv => {
                    for (at, column) in columns.iter().enumerate() {
                        if at > 0 {
                            out.push('\t');
                        }
                        cell.clear();
                        column.text(row, &mut cell);
                        push_tsv(out, &cell);
                    }
                    out.push('\n');
                }
                Self::Table | Self::Frames => {
                    let cells = columns.iter().map(|column| {
                        let mut cell = String::new();
                        column.text(row, &mut cell);
                        cell
                    });
                    push_array(out, cells);
                }
            }
        }
        Ok(())
    }
}

/// The values of one column of a batch.
struct Cells<'a> {
    array: &'a ArrayRef,
    values: Values<'a>,
}

enum Values<'a> {
    Text(&'a arrow_array::StringViewArray),
    /// JSON text, written as it is.
    Json(&'a arrow_array::StringViewArray),
    DateTime(&'a arrow_array::PrimitiveArray<TimestampMicrosecondType>),
    TimeSpan(&'a arrow_array::PrimitiveArray<Int64Type>),
    Int(&'a arrow_array::PrimitiveArray<Int32Type>),
    Long(&'a arrow_array::PrimitiveArray<Int64Type>),
    Unsigned(&'a arrow_array::PrimitiveArray<UInt64Type>),
    Real(&'a arrow_array::PrimitiveArray<Float64Type>),
    Bool(&'a arrow_array::BooleanArray),
    /// Any other Arrow type, as Arrow writes it.
    Other(ArrayFormatter<'a>),
}

const OTHER: FormatOptions<'static> = FormatOptions::new();

impl<'a> Cells<'a> {
    fn new(field: &Field, array: &'a ArrayRef) -> Result<Self, ArrowError> {
        let kind = ColumnType::of(field);
        let values = match array.data_type() {
            DataType::Utf8View if kind == Some(ColumnType::Dynamic) => Values::Json(array.as_string_view()),
            DataType::Utf8View => Values::Text(array.as_string_view()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Values::DateTime(array.as_primitive()),
            DataType::Int64 if kind == Some(ColumnType::TimeSpan) => Values::TimeSpan(array.as_primitive()),
            DataType::Int32 => Values::Int(array.as_primitive()),
            DataType::Int64 => Values::Long(array.as_primitive()),
            DataType::UInt64 => Values::Unsigned(array.as_primitive()),
            DataType::Float64 => Values::Real(array.as_primitive()),
            DataType::Boolean => Values::Bool(array.as_boolean()),
            _ => Values::Other(ArrayFormatter::try_new(array, &OTHER)?),
        };
        Ok(Self { array, values })
    }

    fn json(&self, row: usize, out: &mut String) {
        if self.array.is_null(row) {
            return out.push_str("null");
        }
        match &self.values {
            Values::Text(a) => out.push_str(&quote(a.value(row))),
            Values::Json(a) => out.push_str(a.value(row)),
            Values::Real(a) if !a.value(row).is_finite() => out.push_str(&quote(&a.value(row).to_string())),
            Values::Real(_) | Values::Int(_) | Values::Long(_) | Values::Unsigned(_) | Values::Bool(_) => {
                self.text(row, out);
            }
            Values::DateTime(_) | Values::TimeSpan(_) | Values::Other(_) => {
                let mut text = String::new();
                self.text(row, &mut text);
                out.push_str(&quote(&text));
            }
        }
    }

    fn text(&self, row: usize, out: &mut String) {
        use std::fmt::Write;
        if self.array.is_null(row) {
            return;
        }
        let written = match &self.values {
            Values::Text(a) | Values::Json(a) => out.write_str(a.value(row)),
            Values::DateTime(a) => out.write_str(&format_datetime(a.value(row))),
            Values::TimeSpan(a) => {
                push_timespan(out, a.value(row));
                Ok(())
            }
            Values::Int(a) => write!(out, "{}", a.value(row)),
            Values::Long(a) => write!(out, "{}", a.value(row)),
            Values::Unsigned(a) => write!(out, "{}", a.value(row)),
            Values::Real(a) => match serde_json::Number::from_f64(a.value(row)) {
                Some(number) => write!(out, "{number}"),
                None => write!(out, "{}", a.value(row)),
            },
            Values::Bool(a) => write!(out, "{}", a.value(row)),
            Values::Other(a) => write!(out, "{}", a.value(row)),
        };
        written.expect("writing to a string");
    }
}

fn push_array<T: AsRef<str>>(out: &mut String, cells: impl Iterator<Item = T>) {
    out.push('[');
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(&quote(cell.as_ref()));
    }
    out.push_str("]\n");
}

fn push_csv(out: &mut String, cell: &str) {
    if !cell.contains(['"', ',', '\n', '\r']) {
        return out.push_str(cell);
    }
    out.push('"');
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}

fn push_tsv(out: &mut String, cell: &str) {
    out.extend(cell.chars().map(|c| if matches!(c, '\t' | '\n' | '\r') { ' ' } else { c }));
}

#[cfg(test)]
mod tests {
    use phalanx_signal::{Catalog, RowsBuilder, TenantId};

    use super::*;

    fn batch() -> RecordBatch {
        let catalog = Catalog::new();
        let table = catalog.table("WindowsEvent").expect("a known table");
        let mut rows = RowsBuilder::new(table.clone());
        let at = |name| table.index_of(name).expect("a known column");
        let mut row = rows.row(1_455_698_400_000_000);
        row.text(at("Computer"), "a \"b\", c");
        row.text(at("EventData"), "{\"x\": 1}");
        row.long(at("EventID"), 7);
        drop(row);
        rows.finish(TenantId::new(Default::default())).expect("one row").rows
    }

    #[test]
    fn rows_become_json_lines() {
        let mut out = String::new();
        RowFormat::Jsonl.write(&batch(), &mut out).expect("it can be written");
        let row: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
        assert_eq!(row["Computer"], "a \"b\", c");
        assert_eq!(row["EventData"]["x"], 1);
        assert_eq!(row["EventID"], 7);
        assert_eq!(row["TimeGenerated"], "2016-02-17T08:40:00.000000Z");
    }

    #[test]
    fn rows_become_csv() {
        let (batch, mut out) = (batch(), String::new());
        let header = RowFormat::Csv.header(&batch.schema());
        RowFormat::Csv.write(&batch, &mut out).expect("it can be written");
        assert!(header.starts_with("TimeGenerated,Computer,"), "{header}");
        assert!(out.contains("\"a \"\"b\"\", c\""), "{out}");
    }

    #[test]
    fn the_header_accept_chooses_the_format() {
        for (accept, expected) in [
            ("", Some(RowFormat::Jsonl)),
            ("*/*", Some(RowFormat::Jsonl)),
            ("text/csv", Some(RowFormat::Csv)),
            ("application/json;q=0.5, text/csv", Some(RowFormat::Csv)),
            ("text/html, application/vnd.apache.arrow.stream", Some(RowFormat::Arrow)),
            ("text/csv;q=0, application/json", Some(RowFormat::Json)),
            ("image/png", None),
        ] {
            assert_eq!(RowFormat::accepted(accept), expected, "{accept}");
        }
    }

    #[test]
    fn timespans_are_written_as_kql_writes_them() {
        let written = |ticks| {
            let mut text = String::new();
            push_timespan(&mut text, ticks);
            text
        };
        assert_eq!(written(0), "00:00:00");
        assert_eq!(written(-937_845_000_000), "-1.02:03:04.5000000");
    }
}
