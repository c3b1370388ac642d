//! The event's XML as JSON: elements are members, attributes are in `#attributes` or, where a tool keeps
//! them apart, in `<element>_attributes`; text beside attributes is `#text`.

use super::{add_extra, add_field, set, with_text};
use crate::{
    decode::windows::event::{Slot, WindowsEvent},
    mapping::Value,
};

const SLOTS: [(&str, Slot); 19] = [
    ("Provider.#attributes.Name", Slot::Provider),
    ("Provider.#attributes.Guid", Slot::ProviderGuid),
    ("Provider.#attributes.EventSourceName", Slot::EventSourceName),
    ("EventID", Slot::EventId),
    ("EventID.#text", Slot::EventId),
    ("EventID.#attributes.Qualifiers", Slot::Qualifiers),
    ("Version", Slot::Version),
    ("Level", Slot::Level),
    ("Task", Slot::Task),
    ("Opcode", Slot::Opcode),
    ("Keywords", Slot::Keywords),
    ("TimeCreated.#attributes.SystemTime", Slot::SystemTime),
    ("EventRecordID", Slot::RecordId),
    ("Correlation.#attributes.ActivityID", Slot::ActivityId),
    ("Correlation.#attributes.RelatedActivityID", Slot::RelatedActivityId),
    ("Execution.#attributes.ProcessID", Slot::ProcessId),
    ("Execution.#attributes.ThreadID", Slot::ThreadId),
    ("Channel", Slot::Channel),
    ("Computer", Slot::Computer),
];

const RENDERING: [(&str, Slot); 5] = [
    ("Message", Slot::Message),
    ("Level", Slot::LevelName),
    ("Task", Slot::TaskName),
    ("Opcode", Slot::OpcodeName),
    ("Keywords.Keyword", Slot::KeywordNames),
];

pub(super) fn fill(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) {
    for (name, value) in fields {
        let Some(path) = name.strip_prefix("Event.") else {
            add_extra(event, name, value);
            continue;
        };
        let path = path.replace("_attributes.", ".#attributes.");
        if path.contains("xmlns") || path.starts_with("#attributes") {
            continue;
        }
        match path.split_once('.') {
            Some(("System", path)) => system(path, value, event),
            Some(("RenderingInfo", path)) => match RENDERING.iter().find(|(known, _)| *known == path) {
                Some((_, slot)) => set(event, *slot, value),
                None => add_extra(event, path, value),
            },
            Some((container, path)) => data(container, path, value, event),
            None if value.is_empty() => event.set_container(&path),
            None => leaf(event, &path, value),
        }
    }
}

fn system(path: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    if path == "Security.#attributes.UserID" {
        return set(event, Slot::UserId, value);
    }
    match SLOTS.iter().find(|(known, _)| *known == path) {
        Some((_, slot @ (Slot::ProviderGuid | Slot::ActivityId | Slot::RelatedActivityId))) => {
            with_text(value, |text, _| event.set_text(*slot, &braced(text)));
        }
        Some((_, slot)) => set(event, *slot, value),
        // An element without attributes or text, such as `Security`.
        None if value.is_empty() => {}
        None => add_extra(event, path.rsplit('.').next().unwrap_or(path), value),
    }
}

/// A field is named by its element, or by its attribute.
fn data(container: &str, path: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    if container == "EventData" && path == "#attributes.Name" {
        return add_extra(event, "Name", value);
    }
    event.set_container(container);
    let steps: Vec<&str> = path.split('.').collect();
    let is_mark = |step: &&str| matches!(*step, "#text" | "#attributes");
    if container != "EventData" && steps.len() > 1 && !is_mark(&steps[1]) {
        event.set_wrapper(steps[0]);
    }
    // A name with dots of its own is known by the element that holds it.
    let name = match steps.iter().rposition(is_mark) {
        Some(at) if steps[at] == "#text" && at > 0 => steps[at - 1],
        Some(at) if at + 1 < steps.len() => steps[at + 1],
        _ if container == "EventData" => path,
        _ => steps.last().copied().unwrap_or(path),
    };
    leaf(event, name, value);
}

/// A value, or several of the same name in an array.
fn leaf(event: &mut WindowsEvent, name: &str, value: &Value<'_>) {
    match value {
        Value::Json(json) if json.starts_with(['[', '{']) => match serde_json::from_str(json) {
            Ok(json) => nested(event, name, &json),
            Err(_) => add_field(event, name, value),
        },
        Value::Text(text) => {
            let text = braced(text);
            event.add_field(name, &text, super::FieldKind::Text);
        }
        other => add_field(event, name, other),
    }
}

fn nested(event: &mut WindowsEvent, name: &str, json: &serde_json::Value) {
    use serde_json::Value as Json;
    match json {
        Json::Array(items) => items.iter().for_each(|item| nested(event, name, item)),
        Json::Object(members) => {
            for (inner, value) in members.iter().filter(|(inner, _)| !inner.starts_with("xmlns")) {
                let name = if inner.starts_with('#') { name } else { inner.as_str() };
                nested(event, name, value);
            }
        }
        Json::String(text) => event.add_field(name, &braced(text), super::FieldKind::Text),
        Json::Null => event.add_field(name, "", super::FieldKind::Text),
        other => event.add_field(name, &other.to_string(), super::FieldKind::Text),
    }
}

/// A GUID as Windows writes it; older versions of `evtx_dump` wrote upper case without braces.
fn braced(text: &str) -> std::borrow::Cow<'_, str> {
    let is_bare = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte),
        });
    if is_bare { format!("{{{}}}", text.to_lowercase()).into() } else { text.into() }
}
