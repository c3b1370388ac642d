//! Windows events as JSON, in the shapes of the usual shippers.
//!
//! A record is made flat first: names of nested members are joined with dots, which is also how some
//! exports write them. What then is the beginning of its names tells its shape; each shape is a file
//! with a function that fills the event.

mod dump;
mod embedded;
mod flat;
mod positions;
mod shape;
#[cfg(test)]
mod tests;
mod wazuh;
mod winlogbeat;

use std::{borrow::Cow, sync::Arc};

use self::shape::{Shape, opens};
use super::{
    encoding::{self, Transcoded},
    event::{FieldKind, Slot, WindowsEvent},
    rows::RowWriter,
};
use crate::{
    decode::{
        Confidence, Decoder, Format, Output, Sample, Session,
        json::{self, Flat, JsonDecoder, JsonRecords, Members},
    },
    mapping::Value,
};

/// Windows events as JSON.
pub static JSON: Format = Format {
    name: "windows-json",
    title: "Windows events as JSON (Winlogbeat, NXLog, evtx_dump, Fluent Bit, Wazuh and others)",
    guess,
    open: |session: &Arc<Session>| {
        Box::new(Transcoded::new(JsonRecords::new(JsonEvents::new(session.zone_seconds)))) as Box<dyn Decoder>
    },
    split: json::split,
};

/// Members that may hold the records.
const WRAPPERS: [&str; 3] = ["events", "Events", "records"];
fn guess(sample: &Sample<'_>) -> Confidence {
    let text = encoding::to_utf8(sample.bytes);
    let sample = &Sample { bytes: text.as_bytes(), ..*sample };
    let Some((text, members)) = json::first_record(sample, &WRAPPERS) else {
        return Confidence::No;
    };
    let mut flat = Flat::default();
    let fields = flat.fields(text, &members, opens);
    match Shape::of(&fields) {
        Some(_) if sample.table.is_none() => Confidence::Certain,
        Some(_) => Confidence::Possible,
        None => Confidence::No,
    }
}

struct JsonEvents {
    flat: Flat,
    event: WindowsEvent,
    rows: RowWriter,
    zone_seconds: i32,
}

impl JsonEvents {
    fn new(zone_seconds: i32) -> Self {
        Self {
            flat: Flat::default(),
            event: WindowsEvent::default(),
            rows: RowWriter::default(),
            zone_seconds,
        }
    }
}

impl JsonDecoder for JsonEvents {
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
        let fields = self.flat.fields(text, members, opens);
        let (shape, envelope) = Shape::of(&fields).ok_or("no Windows event of a known shape")?;
        let fields: Vec<(&str, Value<'_>)> = fields
            .into_iter()
            .map(|(name, value)| match name.strip_prefix(envelope) {
                // Elasticsearch's `fields` are all arrays.
                Some(name) if envelope == "fields." => (name, only(value)),
                Some(name) => (shape::plain(name), value),
                None => (name, value),
            })
            .collect();
        self.event.clear();
        self.event.may_repeat = true;
        match shape {
            Shape::Dump => dump::fill(&fields, &mut self.event),
            Shape::Winlogbeat => winlogbeat::fill(&fields, &mut self.event),
            Shape::OldWinlogbeat => winlogbeat::fill_old(&fields, &mut self.event),
            Shape::Wazuh => wazuh::fill(&fields, &mut self.event),
            Shape::Embedded => embedded::fill(&fields, &mut self.event)?,
            Shape::Flat => flat::fill(&fields, self.zone_seconds, &mut self.event),
        }
        if self.event.is_too_large() {
            return Err("event is too large".into());
        }
        self.rows.write(&self.event, out).map_err(Cow::Borrowed)
    }
}

/// Adds a data field. Its value is text as in the event log; what JSON nests stays JSON.
fn add_field(event: &mut WindowsEvent, name: &str, value: &Value<'_>) {
    with_text(value, |text, kind| event.add_field(name, text, kind));
}

/// Adds what the shipper says about the event.
fn add_extra(event: &mut WindowsEvent, name: &str, value: &Value<'_>) {
    let is_literal = matches!(value, Value::Long(_) | Value::Bool(_));
    with_text(value, |text, kind| {
        if !text.is_empty() {
            event.add_extra(name, text, if is_literal { FieldKind::Json } else { kind });
        }
    });
}

fn set(event: &mut WindowsEvent, slot: Slot, value: &Value<'_>) {
    match only(value.clone()) {
        Value::Long(number) => event.set_number(slot, number),
        ref other => with_text(other, |text, _| event.set_text(slot, text)),
    }
}

/// The only item of an array, or the value itself.
fn only(value: Value<'_>) -> Value<'_> {
    let Value::Json(json) = &value else { return value };
    if !json.starts_with('[') {
        return value;
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(json).as_deref() {
        Ok([serde_json::Value::String(text)]) => Value::Text(text.clone().into()),
        Ok([serde_json::Value::Bool(claim)]) => Value::Bool(*claim),
        Ok([serde_json::Value::Number(number)]) => match number.as_i64() {
            Some(number) => Value::Long(number),
            None => Value::Text(number.to_string().into()),
        },
        Ok([serde_json::Value::Null]) => Value::Null,
        _ => value,
    }
}

/// A mask, which some shippers write as a signed or unsigned number, and some as names.
fn keywords(value: &Value<'_>, event: &mut WindowsEvent) {
    let mut names: Vec<String> = Vec::new();
    with_text(value, |text, _| {
        names = serde_json::from_str(text).unwrap_or_else(|_| vec![text.to_owned()]);
    });
    let mask = |name: &str| match name {
        "Audit Success" => Some(0x8020_0000_0000_0000),
        "Audit Failure" => Some(0x8010_0000_0000_0000),
        _ => name.parse().ok().or_else(|| name.parse::<i64>().ok().map(|mask| mask as u64)),
    };
    let is_mask = |name: &&String| name.starts_with("0x") || name.parse::<i128>().is_ok();
    for name in &names {
        match mask(name) {
            Some(mask) => event.set_text(Slot::Keywords, &format!("{mask:#x}")),
            None if is_mask(&name) => event.set_text(Slot::Keywords, name),
            None => {}
        }
    }
    let names: Vec<&str> = names.iter().filter(|name| !is_mask(name)).map(String::as_str).collect();
    if names.iter().any(|name| !name.is_empty()) {
        event.set_text(Slot::KeywordNames, &names.join(", "));
    }
}

/// Hands on the value as text, with what kind of text it is.
fn with_text(value: &Value<'_>, f: impl FnOnce(&str, FieldKind)) {
    match value {
        Value::Null => f("", FieldKind::Text),
        Value::Text(text) => f(text, FieldKind::Text),
        Value::Long(number) => f(&number.to_string(), FieldKind::Text),
        Value::Real(number) => f(&number.to_string(), FieldKind::Text),
        Value::Bool(claim) => f(if *claim { "true" } else { "false" }, FieldKind::Text),
        Value::Time(micros) => f(&crate::time::format_datetime(*micros), FieldKind::Text),
        // A number that is not whole keeps its spelling.
        Value::Json(json) if !json.starts_with(['{', '[']) => f(json, FieldKind::Text),
        Value::Json(json) => f(json, FieldKind::Json),
    }
}

/// `DOMAIN\name`, or what there is of it.
fn account(domain: &str, name: &str) -> String {
    match (domain, name) {
        ("", name) => name.to_owned(),
        (_, "") => String::new(),
        (domain, name) => format!("{domain}\\{name}"),
    }
}
