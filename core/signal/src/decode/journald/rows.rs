//! From an entry's fields to its rows.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{
    decode::{
        Output, Session,
        security_log::{self, Envelope, SecurityLog},
        syslog::activity::{Activities, Message},
    },
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
    time,
};

static MAPPING: LazyLock<(Mapping, RuleSet)> = LazyLock::new(|| {
    let why = "a test reads the crate's own files";
    let file = ("journald.map", include_str!("../../../mapping/journald.map"));
    let mapping = Mapping::parse_files(&[file], &HEADERS).expect(why);
    let set = mapping.rules("entry").expect(why);
    (mapping, set)
});

/// The header fields that rules may use, in the order of [`RowWriter::write`].
const HEADERS: [&str; 3] = ["Time", "Collector", "Peer"];

/// When the sender made the entry, and when the journal took it.
const TIMES: [&str; 2] = ["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"];

/// The fields of an entry, in order.
pub type Fields<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// Writes the rows of entries. Belongs to one decoder.
pub struct RowWriter {
    mapper: Mapper<'static>,
    activities: Activities,
    security_log: SecurityLog,
    collector: Option<Arc<str>>,
    peer: Option<String>,
}

impl RowWriter {
    pub fn new(session: &Session) -> Self {
        Self {
            mapper: Mapper::new(&MAPPING.0),
            activities: Activities::default(),
            security_log: SecurityLog::new(session),
            collector: session.collector.clone(),
            peer: session.peer.map(|address| address.to_canonical().to_string()),
        }
    }

    /// Writes the rows of an entry and counts it.
    pub fn write(&mut self, fields: &Fields<'_>, out: &mut Output) {
        let time = TIMES.iter().find_map(|name| time::parse_epoch(text(fields, name)));
        let collector = self.collector.clone();
        let message = Message {
            time,
            host: first(text(fields, "_HOSTNAME"), collector.as_deref().unwrap_or_default()),
            program: first(text(fields, "SYSLOG_IDENTIFIER"), text(fields, "_COMM")),
            pid: text(fields, "_PID"),
            text: text(fields, "MESSAGE"),
        };
        if !self.write_record(fields, message, out) {
            self.write_entry(fields, time, out);
            self.activities.write(message, out);
        }
        out.record();
    }

    fn write_entry(&mut self, fields: &Fields<'_>, time: Option<i64>, out: &mut Output) {
        let headers = [
            time.map_or(Value::Null, Value::Time),
            self.collector.as_deref().into(),
            self.peer.as_deref().into(),
        ];
        // The row's time tells what the field tells that it is from.
        let told = TIMES.into_iter().find(|name| !text(fields, name).is_empty()).filter(|_| time.is_some());
        let fields: Vec<_> = fields
            .iter()
            .filter(|(name, _)| Some(&**name) != told)
            .map(|(name, value)| (&**name, value.clone()))
            .collect();
        let record = Record { time, headers: &headers, fields: &fields, extras: &[] };
        self.mapper.apply(&[MAPPING.1], &record, out);
    }

    /// Writes the record of CEF or LEEF that the message is, if it is one.
    fn write_record(&mut self, fields: &Fields<'_>, message: Message<'_>, out: &mut Output) -> bool {
        let Some(found) = security_log::find(message.text) else { return false };
        let envelope = Envelope {
            time: message.time,
            computer: message.host,
            collector: self.collector.as_deref().unwrap_or_default(),
        };
        let rest = |row: &mut crate::Row<'_>| {
            for (name, value) in fields.iter().filter(|(name, _)| name != "MESSAGE" && name != "_HOSTNAME") {
                match value {
                    Value::Json(json) => row.unmapped_json(name, json),
                    Value::Text(text) => row.unmapped(name, text),
                    _ => {}
                }
            }
        };
        self.security_log.write(found, message.text, envelope, out, rest).is_ok()
    }
}

/// Adds a field whose value may be in any encoding.
pub fn push_bytes<'a>(fields: &mut Fields<'a>, name: Cow<'a, str>, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) => fields.push((name, Value::from(text.to_owned()))),
        Err(_) => {
            let whole = (format!("{name}.base64").into(), Value::from(BASE64_STANDARD.encode(value)));
            fields.push((name, Value::from(String::from_utf8_lossy(value).into_owned())));
            fields.push(whole);
        }
    }
}

fn first<'f>(one: &'f str, other: &'f str) -> &'f str {
    if one.is_empty() { other } else { one }
}

/// The text of a field; empty without one.
fn text<'f>(fields: &'f Fields<'_>, wanted: &str) -> &'f str {
    let value = fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    match value {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}
