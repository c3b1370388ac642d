//! CSV whose header names a table's columns (RFC 4180).
//!
//! Fields may be divided by commas, semicolons, tabs or bars: the one that the header has most of. A
//! field in quotes may hold delimiters, line feeds and doubled quotes. The header tells the table unless
//! the sender did. A field too many is kept as `column<n>`.

mod record;
mod records;

use std::{borrow::Cow, sync::Arc};

use record::Ending;
pub(super) use records::{CsvRecords, Line, RowDecoder, header};

use super::{
    Confidence, Format, Output, Sample, Split, TableSlot,
    columns::{self, Target},
};
use crate::{Catalog, Table, schema};

pub static FORMAT: Format = Format {
    name: "csv",
    title: "CSV with a header of column names",
    guess,
    open: |_| Box::new(CsvRecords::new(Tables::default())),
    split: |_| Split::Never,
};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

fn guess(sample: &Sample<'_>) -> Confidence {
    let text = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    let mut ending = Ending::default();
    let end = match ending.feed(text, b',') {
        (end, true) => end,
        (_, false) => return Confidence::No,
    };
    let Ok(header) = std::str::from_utf8(text[..end].trim_ascii_end()) else { return Confidence::No };
    let delimiter = delimiter(header.as_bytes());
    let names: Vec<Cow<'_, str>> = record::fields(header, delimiter).collect();
    let is_name = |name: &Cow<'_, str>| {
        let plain = name.strip_suffix(" [UTC]").unwrap_or(name);
        !plain.is_empty() && plain.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.'))
    };
    if names.len() < 2 || !names.iter().all(is_name) {
        return Confidence::No;
    }
    let is_named = [".csv", ".tsv", ".csv.gz"].iter().any(|end| sample.name.ends_with(end));
    let plain: Vec<&str> = names.iter().map(|n| n.strip_suffix(" [UTC]").unwrap_or(n)).collect();
    if is_named || Catalog::new().by_columns(&plain).is_some() {
        Confidence::Likely
    } else if sample.table.is_some() {
        Confidence::Possible
    } else {
        Confidence::No
    }
}

/// The delimiter that a header has most of.
fn delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [0_usize; DELIMITERS.len()];
    for byte in header {
        if *byte == b'"' {
            quoted = !quoted;
        } else if let Some(at) = DELIMITERS.iter().position(|d| d == byte).filter(|_| !quoted) {
            counts[at] += 1;
        }
    }
    let most = (0..DELIMITERS.len()).rev().max_by_key(|at| counts[*at]).unwrap_or_default();
    DELIMITERS[most]
}

/// Gives each line to the table that it belongs to.
#[derive(Default)]
struct Tables {
    /// The tables that rows have gone to, the last used in front; a failure to find one is remembered
    /// where no row can name another.
    tables: Vec<Columns>,
    failure: Option<Cow<'static, str>>,
}

struct Columns {
    table: Arc<Table>,
    slot: TableSlot,
    targets: Vec<Target>,
}

impl RowDecoder for Tables {
    fn row(&mut self, names: &[String], line: Line<'_>, out: &mut Output) -> Result<(), Cow<'static, str>> {
        self.find_table(names, line, out)?;
        let columns = self.tables.first().expect("the row's table was put in front");
        let mut row = out.row(columns.slot);
        for (at, field) in line.fields().enumerate() {
            match (names.get(at), columns.targets.get(at)) {
                (Some(name), Some(Target::TableName)) if *field != **columns.table.name() => {
                    columns::write_text(&mut row, Target::Rest, name, &field);
                }
                (Some(name), Some(target)) => columns::write_text(&mut row, *target, name, &field),
                _ => columns::write_text(&mut row, Target::Rest, &extra_name(at), &field),
            }
        }
        drop(row);
        out.record();
        Ok(())
    }
}

impl Tables {
    /// Puts the row's table in front of `tables`.
    fn find_table(
        &mut self,
        names: &[String],
        line: Line<'_>,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        let type_at = names.iter().position(|name| name == schema::TYPE);
        let type_at = type_at.filter(|_| out.session().table.is_none());
        if type_at.is_none() {
            if let Some(failure) = &self.failure {
                return Err(failure.clone());
            }
            if !self.tables.is_empty() {
                return Ok(());
            }
        }
        let named = type_at.and_then(|at| line.fields().nth(at));
        let named = named.as_deref().filter(|name| !name.is_empty());
        if named.is_some() && self.tables.first().is_some_and(|t| named == Some(t.table.name())) {
            return Ok(());
        }
        let plain = names.iter().map(|n| Cow::Borrowed(n.strip_suffix(" [UTC]").unwrap_or(n)));
        let table = columns::table_of(out, named, plain)
            .inspect_err(|failure| self.failure = Some(failure.clone()))?;
        let known = self.tables.iter().position(|columns| columns.table.name() == table.name());
        let at = known.unwrap_or_else(|| {
            let targets = names.iter().map(|name| Target::of(&table, name)).collect();
            self.tables.push(Columns { slot: out.slot_of(&table), table, targets });
            self.tables.len() - 1
        });
        self.tables.swap(0, at);
        Ok(())
    }
}

/// The name of a column that the header does not name, counted from 1.
fn extra_name(at: usize) -> String {
    format!("column{}", at + 1)
}
