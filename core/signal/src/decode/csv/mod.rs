//! CSV whose header names a table's columns (RFC 4180).
//!
//! Fields may be divided by commas, semicolons, tabs or bars: the one that the header has most of. A
//! field in quotes may hold delimiters, line feeds and doubled quotes. The header tells the table unless
//! the sender did. A field too many is kept as `column<n>`.

mod record;

use std::{borrow::Cow, sync::Arc};

use record::Ending;

use super::{
    Confidence, Decoder, Format, Output, Sample, Split, TableSlot,
    columns::{self, Target},
    lines::Oversized,
};
use crate::{Catalog, Table, schema};

pub static FORMAT: Format = Format {
    name: "csv",
    title: "CSV with a header of column names",
    guess,
    open: |_| Box::new(Csv::default()),
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

#[derive(Default)]
struct Csv {
    held: Vec<u8>,
    held_at: u64,
    ending: Ending,
    oversized: Oversized,
    header: Option<Header>,
}

struct Header {
    line: Vec<u8>,
    delimiter: u8,
    names: Vec<String>,
    /// Place of the field that may name each row's table.
    type_at: Option<usize>,
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

impl Decoder for Csv {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        while !bytes.is_empty() {
            if self.held.is_empty() && !self.oversized.is_open() {
                self.held_at = offset;
            }
            let delimiter = self.header.as_ref().map_or(b',', |header| header.delimiter);
            let (taken, has_ended) = self.ending.feed(bytes, delimiter);
            let is_whole = has_ended && self.held.is_empty() && !self.oversized.is_open();
            if is_whole && taken <= limit {
                self.record(offset, &bytes[..taken], out);
            } else {
                for piece in bytes[..taken].chunks(limit) {
                    let room = limit - self.held.len();
                    let (now, later) = piece.split_at(room.min(piece.len()));
                    self.held.extend_from_slice(now);
                    if !later.is_empty() {
                        self.oversized.keep(self.held_at, &mut self.held, out);
                        self.held.extend_from_slice(later);
                    }
                }
                if has_ended {
                    self.end_of_held(out);
                }
            }
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn finish(&mut self, out: &mut Output) {
        if self.ending.is_quoted() && !self.oversized.is_open() && !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            out.dead_letter(self.held_at, &held, "a field's closing quote is missing");
        }
        self.end_of_held(out);
    }
}

impl Csv {
    fn end_of_held(&mut self, out: &mut Output) {
        self.ending = Ending::default();
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.record(self.held_at, &held, out);
            self.held = held;
        }
        self.held.clear();
    }

    fn record(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return out.dead_letter(offset, line, "not UTF-8");
        };
        match &mut self.header {
            None => self.header = Some(Header::new(text)),
            Some(header) if header.line == line => {}
            Some(header) => {
                if let Err(reason) = header.write(text, out) {
                    out.dead_letter(offset, line, reason);
                }
            }
        }
    }
}

impl Header {
    fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let line = text.as_bytes().to_vec();
        let delimiter = delimiter(text.as_bytes());
        let names: Vec<String> = record::fields(text, delimiter)
            .enumerate()
            .map(|(at, name)| match name.trim() {
                "" => extra_name(at),
                name => name.to_owned(),
            })
            .collect();
        let type_at = names.iter().position(|name| name == schema::TYPE);
        Self { line, delimiter, names, type_at, tables: Vec::new(), failure: None }
    }

    fn write(&mut self, text: &str, out: &mut Output) -> Result<(), Cow<'static, str>> {
        self.find_table(text, out)?;
        let columns = self.tables.first().expect("the row's table was put in front");
        let mut row = out.row(columns.slot);
        for (at, field) in record::fields(text, self.delimiter).enumerate() {
            match (self.names.get(at), columns.targets.get(at)) {
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

    /// Puts the row's table in front of `tables`.
    fn find_table(&mut self, text: &str, out: &mut Output) -> Result<(), Cow<'static, str>> {
        let type_at = self.type_at.filter(|_| out.session().table.is_none());
        if type_at.is_none() {
            if let Some(failure) = &self.failure {
                return Err(failure.clone());
            }
            if !self.tables.is_empty() {
                return Ok(());
            }
        }
        let named = type_at.and_then(|at| record::fields(text, self.delimiter).nth(at));
        let named = named.as_deref().filter(|name| !name.is_empty());
        if named.is_some() && self.tables.first().is_some_and(|t| named == Some(t.table.name())) {
            return Ok(());
        }
        let names = self.names.iter().map(|n| Cow::Borrowed(n.strip_suffix(" [UTC]").unwrap_or(n)));
        let table = columns::table_of(out, named, names)
            .inspect_err(|failure| self.failure = Some(failure.clone()))?;
        let known = self.tables.iter().position(|columns| columns.table.name() == table.name());
        let at = known.unwrap_or_else(|| {
            let targets = self.names.iter().map(|name| Target::of(&table, name)).collect();
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
