//! The audit log of Microsoft 365, one record for each activity (Office 365 Management Activity API schema).
//!
//! Records come as the API's content blobs (arrays) or one a line; within what `Search-UnifiedAuditLog` and
//! Graph answer, as the member `AuditData`; and in the CSV files of Purview's search, as the column
//! `AuditData`. All become rows of `OfficeActivity`, as `mapping/office365.map` says.

mod export;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::LazyLock};

use export::Export;

use super::{
    Confidence, Decoder, Format, Output, Sample, csv,
    json::{self, Flat, JsonDecoder, JsonRecords, Kind, Members, flatten},
};
use crate::mapping::{Mapper, Mapping, Record, RuleSet, Value};

pub static FORMAT: Format = Format {
    name: "office365",
    title: "Microsoft 365 audit log (Management Activity API, Purview export)",
    guess,
    open: |_| Box::new(Office365::default()),
    split: json::split,
};

/// Members whose array holds the records: in Graph's answers.
const WRAPPERS: [&str; 1] = ["value"];

/// Where a record stands within what an export says about it.
const HOLDERS: [&str; 2] = ["AuditData", "auditData"];

fn guess(sample: &Sample<'_>) -> Confidence {
    let is_json = json::first_record(sample, &WRAPPERS).is_some_and(|(text, members)| {
        is_record(text, &members) || HOLDERS.iter().any(|holder| members.get(text, holder).is_some())
    });
    let is_csv =
        || csv::header(sample.bytes).is_some_and(|names| names.iter().any(|name| HOLDERS.contains(&&**name)));
    match sample.table {
        _ if !is_json && !is_csv() => Confidence::No,
        None | Some("OfficeActivity") => Confidence::Certain,
        Some(_) => Confidence::Possible,
    }
}

fn is_record(text: &str, members: &Members) -> bool {
    let has = |name| members.get(text, name).is_some();
    has("CreationTime") && has("Operation") && (has("Workload") || has("RecordType"))
}

/// What records become, compiled from `mapping/office365.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let file = ("office365.map", include_str!("../../../mapping/office365.map"));
        Mapping::parse_files(&[file], &[]).expect("a test compiles the crate's own files")
    });
    &MAPPING
}

/// JSON or CSV: the first byte tells.
#[derive(Default)]
struct Office365 {
    opened: Option<Box<dyn Decoder>>,
    /// White space and the byte order mark that came before the first byte that tells.
    held: Vec<u8>,
    held_at: u64,
}

impl Decoder for Office365 {
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        if let Some(decoder) = &mut self.opened {
            return decoder.push(offset, bytes, out);
        }
        if self.held.is_empty() {
            self.held_at = offset;
        }
        let tells = |byte: &u8| !matches!(byte, 0xef | 0xbb | 0xbf) && !byte.is_ascii_whitespace();
        let Some(first) = bytes.iter().copied().find(tells) else {
            // A source of nothing but space is not held whole.
            self.held.extend_from_slice(&bytes[..bytes.len().min(HELD_MAX.saturating_sub(self.held.len()))]);
            return;
        };
        let decoder = self.opened.insert(match first {
            b'{' | b'[' => Box::new(JsonRecords::new(Records::new())),
            _ => Box::new(csv::CsvRecords::new(Export::new())),
        });
        let held = std::mem::take(&mut self.held);
        decoder.push(self.held_at, &held, out);
        decoder.push(offset, bytes, out);
    }

    fn finish(&mut self, out: &mut Output) {
        if let Some(decoder) = &mut self.opened {
            decoder.finish(out);
        }
    }

    fn idle(&mut self, out: &mut Output) {
        if let Some(decoder) = &mut self.opened {
            decoder.idle(out);
        }
    }
}

/// White space in front of the first record is held up to so many bytes.
const HELD_MAX: usize = 64;

/// Writes the rows of records.
struct Records {
    mapper: Mapper<'static>,
    rules: RuleSet,
    flat: Flat,
    inner: Members,
}

impl Records {
    fn new() -> Self {
        let rules = mapping().rules("record").expect("the mapping has rules for records");
        Self { mapper: Mapper::new(mapping()), rules, flat: Flat::default(), inner: Members::default() }
    }

    fn write(&mut self, text: &str, members: &Members, extras: &[(&str, Value<'_>)], out: &mut Output) {
        let fields = self.flat.fields(text, members, |_| false);
        let record = Record { time: None, headers: &[], fields: &fields, extras };
        self.mapper.apply(&[self.rules], &record, out);
        out.record();
    }

    /// The record in the text of an export; `around` is what else the export says, kept where the record
    /// does not say the same.
    fn write_held(
        &mut self,
        text: &str,
        around: &[(Cow<'_, str>, Value<'_>)],
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        let mut inner = std::mem::take(&mut self.inner);
        let parsed = inner.parse(text);
        if parsed.is_ok() {
            let says = |value: &Value<'_>| match value {
                Value::Text(known) => inner.iter(text).any(|field| field.text() == *known),
                _ => false,
            };
            let is_new = |(_, value): &&(Cow<'_, str>, Value<'_>)| !value.is_empty() && !says(value);
            let extras = around.iter().filter(is_new).map(|(name, value)| (&**name, value.clone()));
            let extras: Vec<_> = extras.collect();
            self.write(text, &inner, &extras, out);
        }
        self.inner = inner;
        parsed.map_err(|error| format!("its audit data is not JSON: {error}").into())
    }
}

impl JsonDecoder for Records {
    fn wrappers(&self) -> &[&str] {
        &WRAPPERS
    }

    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        if is_record(text, members) {
            self.write(text, members, &[], out);
            return Ok(());
        }
        let holder = HOLDERS.iter().find_map(|holder| members.get(text, holder));
        let holder = holder.ok_or("no audit record: it has no time and operation")?;
        let around = members.iter(text).filter(|field| field.raw.as_ptr() != holder.raw.as_ptr());
        let around: Vec<_> =
            around.map(|field| (field.name(), flatten::value(field.raw, field.kind))).collect();
        match holder.kind {
            Kind::Object => self.write_held(holder.raw, &around, out),
            _ => self.write_held(&holder.text(), &around, out),
        }
    }
}
