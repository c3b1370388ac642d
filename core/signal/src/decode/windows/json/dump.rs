//! The event's XML as JSON: elements are members. Attributes are in `#attributes` or, where a tool keeps
//! them apart, in `<element>_attributes`; others mark their names with `@`, or write them as elements. Text
//! beside attributes is `#text`, or what else the tool calls it.

use super::{add_extra, add_field, embedded, keywords, set, with_text};
use crate::{
    decode::windows::event::{Slot, WindowsEvent},
    mapping::Value,
};

const SLOTS: [(&str, Slot); 18] = [
    ("Provider.Name", Slot::Provider),
    ("Provider.Guid", Slot::ProviderGuid),
    ("Provider.EventSourceName", Slot::EventSourceName),
    ("EventID", Slot::EventId),
    ("EventID.Qualifiers", Slot::Qualifiers),
    ("Version", Slot::Version),
    ("Level", Slot::Level),
    ("Task", Slot::Task),
    ("Opcode", Slot::Opcode),
    ("Keywords", Slot::Keywords),
    ("TimeCreated.SystemTime", Slot::SystemTime),
    ("EventRecordID", Slot::RecordId),
    ("Correlation.ActivityID", Slot::ActivityId),
    ("Correlation.RelatedActivityID", Slot::RelatedActivityId),
    ("Execution.ProcessID", Slot::ProcessId),
    ("Execution.ThreadID", Slot::ThreadId),
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

/// What tools call an element's text beside its attributes.
const TEXTS: [&str; 6] = ["#text", "_", "$t", "Value", "value", "#cdata-section"];
/// What tools put an element's attributes in.
const ATTRIBUTES: [&str; 4] = ["#attributes", "$", "@attributes", "attributes"];

pub(super) fn fill(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) {
    for (name, value) in fields {
        let path = name.strip_prefix("Event.").unwrap_or(name);
        if path.contains("xmlns") || path.starts_with("#attributes") {
            continue;
        }
        match path.split_once('.') {
            Some(("System", path)) => system(&plain(path), value, event),
            Some(("RenderingInfo", path)) => {
                match RENDERING.iter().find(|(known, _)| *known == plain(path)) {
                    Some((_, slot)) => set(event, *slot, value),
                    None => add_extra(event, path, value),
                }
            }
            Some((container, path)) if is_data(name, container) => {
                data(container, &path.replace("_attributes.", ".#attributes."), value, event);
            }
            None if is_data(name, path) && value.is_empty() => event.set_container(path),
            None if is_data(name, path) => match value {
                Value::Text(text) if embedded::data(path, text, event) => {}
                other => leaf(event, path, other),
            },
            None if *name == "Message" => set(event, Slot::Message, value),
            None if *name == "Event_attributes" => {}
            _ => add_extra(event, name, value),
        }
    }
}

/// Whether a member is the event's own, not the tool's.
fn is_data(name: &str, container: &str) -> bool {
    name.starts_with("Event.") || matches!(container, "EventData" | "UserData")
}

/// A path without the tool's marks: an attribute is named as a child, the element's text is `#text`.
fn plain(path: &str) -> String {
    let steps = path.split('.').filter(|step| !ATTRIBUTES.contains(step)).map(|step| {
        let step = step.strip_suffix("_attributes").unwrap_or(step);
        match step.strip_prefix(['@', '-']) {
            Some(attribute) => attribute,
            None if TEXTS.contains(&step) => "#text",
            None => step,
        }
    });
    steps.collect::<Vec<_>>().join(".").trim_end_matches(".#text").to_owned()
}

fn system(path: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    match path {
        "Security.UserID" => return set(event, Slot::UserId, value),
        "Keywords" => return keywords(value, event),
        _ => {}
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
pub(super) fn leaf(event: &mut WindowsEvent, name: &str, value: &Value<'_>) {
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

pub(super) fn nested(event: &mut WindowsEvent, name: &str, json: &serde_json::Value) {
    use serde_json::Value as Json;
    match json {
        Json::Array(items) => items.iter().for_each(|item| nested(event, name, item)),
        Json::Object(members) if named(members).is_some() => {
            if let Some((name, value)) = named(members) {
                nested(event, name, value);
            }
        }
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

/// The name and the value of a `Data` element, whatever the tool calls them.
fn named(members: &serde_json::Map<String, serde_json::Value>) -> Option<(&str, &serde_json::Value)> {
    let first = |names: &[&str]| names.iter().find_map(|name| members.get(*name));
    let attributes = first(&ATTRIBUTES).and_then(|attributes| attributes.as_object());
    let name = first(&["@Name", "-Name", "Name", "name"]).or_else(|| attributes?.get("Name"))?.as_str()?;
    let is_pair = attributes.is_some() || members.len() <= 2;
    let value = first(&TEXTS).or_else(|| first(&["text", "content"]));
    is_pair.then(|| (name, value.unwrap_or(&serde_json::Value::Null)))
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
