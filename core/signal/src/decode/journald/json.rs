//! The journal as JSON: one object an entry, fields as members.
//!
//! A value that is not UTF-8 is an array of its bytes' numbers, a field that stands several times an array of its
//! values, and one that was too long to be shown is `null`.

use std::{borrow::Cow, sync::Arc};

use super::rows::{Fields, RowWriter, push_bytes};
use crate::{
    decode::{
        Confidence, Decoder, Format, Output, Sample, Session,
        json::{self, JsonDecoder, JsonRecords, Kind, Members},
    },
    mapping::Value,
};

pub static FORMAT: Format = Format {
    name: "journald-json",
    title: "systemd journal as JSON (journalctl -o json)",
    guess,
    open: |session: &Arc<Session>| Box::new(JsonRecords::new(Entries::new(session))) as Box<dyn Decoder>,
    split: json::split,
};

fn guess(sample: &Sample<'_>) -> Confidence {
    let Some((text, members)) = json::first_record(sample, &[]) else { return Confidence::No };
    let has = |name| members.get(text, name).is_some();
    match has("__REALTIME_TIMESTAMP") && (has("__CURSOR") || has("MESSAGE")) && sample.table.is_none() {
        true => Confidence::Certain,
        false => Confidence::No,
    }
}

struct Entries {
    rows: RowWriter,
}

impl Entries {
    fn new(session: &Session) -> Self {
        Self { rows: RowWriter::new(session) }
    }
}

impl JsonDecoder for Entries {
    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        if members.is_empty() {
            return Err("the entry has no fields".into());
        }
        let mut fields = Fields::new();
        for field in members.iter(text) {
            match field.kind {
                Kind::Array => push_array(&mut fields, field.name(), field.raw),
                Kind::Object => fields.push((field.name(), Value::Json(field.raw.into()))),
                _ => fields.push((field.name(), Value::Text(field.text()))),
            }
        }
        self.rows.write(&fields, out);
        Ok(())
    }
}

fn push_array<'a>(fields: &mut Fields<'a>, name: Cow<'a, str>, raw: &'a str) {
    if let Ok(bytes) = serde_json::from_str::<Vec<u8>>(raw) {
        return push_bytes(fields, name, &bytes);
    }
    match serde_json::from_str::<Vec<OneOf>>(raw) {
        Ok(values) => {
            for value in values {
                match value {
                    OneOf::Text(text) => fields.push((name.clone(), Value::from(text))),
                    OneOf::Bytes(bytes) => push_bytes(fields, name.clone(), &bytes),
                }
            }
        }
        Err(_) => fields.push((name, Value::Json(raw.into()))),
    }
}

/// One of several values of a field.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOf {
    Text(String),
    Bytes(Vec<u8>),
}
