//! Zeek's logs as JSON.
//!
//! The record's log is told by `_path` (the json-streaming-logs package and Corelight's sensors), by
//! `@stream` (what Elasticsearch pipelines add), by a member around the record (the Kafka writer's tagged
//! form), by the file's name, or by the record's fields. Shippers that can't have dots in names write
//! `id_orig_h`, and some nest `id`.

use std::{borrow::Cow, sync::Arc};

use super::{log, rows::RowWriter};
use crate::{
    decode::{
        Confidence, Decoder, Format, Output, Sample, Session,
        json::{self, Flat, JsonDecoder, JsonRecords, Kind, Members},
    },
    mapping::Value,
};

pub static JSON: Format =
    Format { name: "zeek-json", title: "Zeek logs as JSON", guess, open, split: json::split };

/// Members that name the log.
const LOG: [&str; 2] = ["_path", "@stream"];
/// Members that name the machine that Zeek runs on.
const SENSOR: [&str; 2] = ["_system_name", "@system"];

/// Fields under the names of shippers, and Zeek's names.
const RENAMED: [(&str, &str); 4] = [
    ("id_orig_h", "id.orig_h"),
    ("id_orig_p", "id.orig_p"),
    ("id_resp_h", "id.resp_h"),
    ("id_resp_p", "id.resp_p"),
];

fn open(session: &Arc<Session>) -> Box<dyn Decoder> {
    Box::new(JsonRecords::new(JsonLogs {
        flat: Flat::default(),
        inner: Members::default(),
        log: log::by_file_name(&session.source),
        rows: RowWriter::default(),
    }))
}

fn guess(sample: &Sample<'_>) -> Confidence {
    let Some((text, members)) = json::first_record(sample, &[]) else {
        return Confidence::No;
    };
    let is_it = match tagged(text, &members) {
        Some((_, inner)) => {
            let mut members = Members::default();
            members.parse(inner).is_ok() && (has(inner, &members, "ts") || has_ends(inner, &members))
        }
        None => is_record(text, &members, sample.name),
    };
    match is_it {
        true if sample.table.is_none() => Confidence::Certain,
        true => Confidence::Possible,
        false => Confidence::No,
    }
}

/// Whether an object looks like a record of Zeek.
fn is_record(text: &str, members: &Members, file_name: &str) -> bool {
    let has = |name: &str| has(text, members, name);
    let is_zeek = || members.get(text, "@proc").is_some_and(|field| matches!(&*field.text(), "zeek" | "bro"));
    if has("_path") || (has("@stream") && is_zeek()) {
        return has("ts") || has("_write_ts") || has("_system_name") || is_zeek();
    }
    if !has("ts") {
        return false;
    }
    let has_ends = has_ends(text, members);
    let is_named = log::by_file_name(file_name).is_some();
    (has_ends && (has("uid") || is_named))
        || (is_named && log::by_fields(has).is_some())
        || log::by_fields(has).is_some_and(|log| matches!(log, "x509" | "files" | "dhcp"))
}

fn has(text: &str, members: &Members, name: &str) -> bool {
    members.get(text, name).is_some()
}

fn has_ends(text: &str, members: &Members) -> bool {
    let nested = || members.get(text, "id").is_some_and(|id| id.raw.contains("\"orig_h\""));
    ["id.orig_h", "id_orig_h"].iter().any(|name| has(text, members, name)) || nested()
}

/// The log and the record of `{"conn": {…}}`.
fn tagged<'a>(text: &'a str, members: &'a Members) -> Option<(&'static str, &'a str)> {
    let mut fields = members.iter(text);
    let (field, None) = (fields.next()?, fields.next()) else { return None };
    let log = log::known(field.plain_name()?)?;
    (field.kind == Kind::Object).then_some((log, field.raw))
}

struct JsonLogs {
    flat: Flat,
    /// The members of a tagged record.
    inner: Members,
    /// The log that the file's name tells.
    log: Option<&'static str>,
    rows: RowWriter,
}

impl JsonDecoder for JsonLogs {
    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        if members.is_empty() {
            return Err("an object without members".into());
        }
        let (tag, text, members) = match tagged(text, members) {
            Some((log, inner)) => {
                self.inner.parse(inner).map_err(|error| error.to_string())?;
                (Some(log), inner, &self.inner)
            }
            None => (None, text, members),
        };
        let mut fields = self.flat.fields(text, members, |name| name == "id");
        let mut take = |names: &[&str]| {
            let is_one = |(name, value): &(&str, Value<'_>)| {
                names.contains(name) && matches!(value, Value::Text(text) if !text.is_empty())
            };
            let at = fields.iter().position(is_one)?;
            let Value::Text(text) = fields.remove(at).1 else { return None };
            Some(text)
        };
        let (named, sensor) = (take(&LOG), take(&SENSOR));
        for (name, _) in &mut fields {
            if let Some((_, zeek)) = RENAMED.iter().find(|(other, _)| other == name) {
                *name = zeek;
            }
        }
        let has = |name: &str| fields.iter().any(|(known, _)| *known == name);
        let log = named.as_deref().or(tag).or(self.log).or_else(|| log::by_fields(has)).unwrap_or("unknown");
        self.rows.write(log, sensor.as_deref().unwrap_or_default(), &mut fields, out);
        Ok(())
    }
}
