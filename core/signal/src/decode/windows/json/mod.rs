//! Windows events as JSON, in the shapes of the usual shippers.
//!
//! A record is made flat first: names of nested members are joined with dots, which is also how some
//! exports write them. What then is the beginning of its names tells its shape; each shape is a file
//! with a function that fills the event.

mod dump;
mod flat;
#[cfg(test)]
mod tests;
mod winlogbeat;

use std::{borrow::Cow, sync::Arc};

use super::{
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
    title: "Windows events as JSON (Winlogbeat, NXLog, evtx_dump, Elastic exports)",
    guess,
    open: |session: &Arc<Session>| {
        Box::new(JsonRecords::new(JsonEvents::new(session.zone_seconds))) as Box<dyn Decoder>
    },
    split: json::split,
};

/// How shippers lay an event out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `Event.System.…`, `Event.EventData.…`: XML turned to JSON as `evtx_dump` does.
    Dump,
    /// `winlog.…` beside the Elastic Common Schema: Winlogbeat 7 and later.
    Winlogbeat,
    /// `event_id`, `log_name`, `event_data.…`: Winlogbeat 6.
    OldWinlogbeat,
    /// `EventID`, `Channel`, … and the data side by side: NXLog and many others.
    Flat,
}

/// Members that may hold the records.
const WRAPPERS: [&str; 3] = ["events", "Events", "records"];
/// What an export of Elasticsearch puts around a document.
const SOURCE: &str = "_source.";

/// Members that are opened.
fn opens(name: &str) -> bool {
    let name = name.strip_prefix(SOURCE).unwrap_or(name);
    let first = name.split('.').next().unwrap_or_default();
    matches!(first, "_source" | "Event" | "winlog" | "event_data" | "user_data")
        || matches!(name, "log" | "event" | "user")
}

impl Shape {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (mut id, mut origin, mut is_old) = (false, false, false);
        let mut is_row = false;
        for name in names {
            let name = name.strip_prefix(SOURCE).unwrap_or(name);
            if name.starts_with("Event.System.") {
                return Some(Self::Dump);
            }
            if name.starts_with("winlog.") {
                return Some(Self::Winlogbeat);
            }
            is_old |= matches!(name, "log_name" | "source_name") || name.starts_with("event_data.");
            id |= matches!(name, "EventID" | "EventId" | "event_id");
            origin |= matches!(name, "Channel" | "SourceName" | "ProviderName" | "Provider" | "LogName");
            // A row of a Log Analytics table is no event as a shipper sends it.
            is_row |= matches!(name, "TimeGenerated");
        }
        match (id, is_old, origin) {
            _ if is_row => None,
            (true, true, _) => Some(Self::OldWinlogbeat),
            (true, false, true) => Some(Self::Flat),
            _ => None,
        }
    }
}

fn guess(sample: &Sample<'_>) -> Confidence {
    let Some((text, members)) = json::first_record(sample, &WRAPPERS) else {
        return Confidence::No;
    };
    let mut flat = Flat::default();
    let fields = flat.fields(text, &members, opens);
    match Shape::of(fields.iter().map(|(name, _)| *name)) {
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
        let names = fields.iter().map(|(name, _)| *name);
        let shape = Shape::of(names).ok_or("no Windows event of a known shape")?;
        let fields: Vec<(&str, Value<'_>)> = fields
            .iter()
            .map(|(name, value)| (name.strip_prefix(SOURCE).unwrap_or(name), value.clone()))
            .collect();
        self.event.clear();
        self.event.may_repeat = true;
        match shape {
            Shape::Dump => dump::fill(&fields, &mut self.event),
            Shape::Winlogbeat => winlogbeat::fill(&fields, &mut self.event),
            Shape::OldWinlogbeat => winlogbeat::fill_old(&fields, &mut self.event),
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
    match value {
        Value::Long(number) => event.set_number(slot, *number),
        other => with_text(other, |text, _| event.set_text(slot, text)),
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
