//! Winlogbeat: version 7 and later put the event under `winlog.`, older ones beside the rest. Graylog and
//! Fluentd's older source have the same names.

use super::{account, add_extra, add_field, keywords, positions, set, with_text};
use crate::{
    decode::windows::event::{Slot, WindowsEvent},
    mapping::Value,
    time,
};

/// Members of the event that have a slot, by their name in version 7 (below `winlog.`) and in version 6.
const SLOTS: [(&str, &str, Slot); 15] = [
    ("provider_name", "source_name", Slot::Provider),
    ("provider_guid", "provider_guid", Slot::ProviderGuid),
    ("event_id", "event_id", Slot::EventId),
    ("version", "version", Slot::Version),
    ("task", "task", Slot::TaskName),
    ("opcode", "opcode", Slot::OpcodeName),
    ("record_id", "record_number", Slot::RecordId),
    ("activity_id", "activity_id", Slot::ActivityId),
    ("related_activity_id", "related_activity_id", Slot::RelatedActivityId),
    ("process.pid", "process_id", Slot::ProcessId),
    ("process.thread.id", "thread_id", Slot::ThreadId),
    ("channel", "log_name", Slot::Channel),
    ("computer_name", "computer_name", Slot::Computer),
    ("user.identifier", "user.identifier", Slot::UserId),
    ("user_data.xml_name", "user_data.xml_name", Slot::EventSourceName),
];

/// Version 7 and later.
pub(super) fn fill(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) {
    let mut user = User::default();
    for (name, value) in fields {
        if let Some(inner) = name.strip_prefix("winlog.") {
            if !data(inner, value, event) && !user.take(inner, value) && !keyword_names(inner, value, event) {
                let known = SLOTS.iter().find(|(known, _, _)| *known == inner);
                slot_or_extra(known.map(|(_, _, slot)| *slot), name, value, event);
            }
            continue;
        }
        match *name {
            "@timestamp" => at(value, event),
            "message" => set(event, Slot::Message, value),
            "log.level" => level(value, event),
            // The same as members of `winlog`.
            "event.code" | "event.provider" => {}
            _ => add_extra(event, name, value),
        }
    }
    finish(&user, event);
}

/// Versions 5 and 6, and what other collectors call the same.
pub(super) fn fill_old(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) {
    let mut user = User::default();
    for (name, value) in fields {
        // Where a store allows no dots in names.
        let flat = name.strip_prefix("winlog_").unwrap_or(name);
        let dotted = ["event_data_", "user_data_"].iter().find_map(|part| {
            let field = flat.strip_prefix(part)?;
            Some(format!("{}.{field}", part.trim_end_matches('_')))
        });
        let name = dotted.as_deref().unwrap_or(flat);
        if data(name, value, event) || user.take(name, value) || keyword_names(name, value, event) {
            continue;
        }
        match name {
            "@timestamp" => at(value, event),
            "time_generated" | "time_created" if event.time.is_none() => at(value, event),
            "message" | "description" => set(event, Slot::Message, value),
            "level" | "log_level" => level(value, event),
            "channel" => set(event, Slot::Channel, value),
            "provider_name" => set(event, Slot::Provider, value),
            "event_code" => set(event, Slot::EventId, value),
            "record_id" => set(event, Slot::RecordId, value),
            "string_inserts" => positions::add(value, event),
            _ => {
                let known = SLOTS.iter().find(|(_, known, _)| *known == name);
                slot_or_extra(known.map(|(_, _, slot)| *slot), name, value, event);
            }
        }
    }
    positions::name(event);
    finish(&user, event);
}

/// The user that the shipper looked up.
#[derive(Default)]
struct User {
    domain: String,
    name: String,
}

impl User {
    fn take(&mut self, name: &str, value: &Value<'_>) -> bool {
        let part = match name {
            "user.domain" => &mut self.domain,
            "user.name" => &mut self.name,
            _ => return false,
        };
        with_text(value, |text, _| text.clone_into(part));
        true
    }
}

fn finish(user: &User, event: &mut WindowsEvent) {
    let account = account(&user.domain, &user.name);
    if !account.is_empty() {
        event.set_text(Slot::UserName, &account);
    }
    // Winlogbeat calls level 0, which audits have, information.
    let is_audit = event.view().is_some_and(|view| {
        view.slot_text(Slot::Channel).eq_ignore_ascii_case("Security") && view.number(Slot::Level) == Some(4)
    });
    if is_audit {
        event.set_number(Slot::Level, 0);
    }
    for (slot, name, number) in
        [(Slot::OpcodeName, "Info", 0), (Slot::OpcodeName, "Start", 1), (Slot::OpcodeName, "Stop", 2)]
    {
        if event.view().is_some_and(|view| view.slot_text(slot) == name) {
            event.set_number(Slot::Opcode, number);
        }
    }
}

/// The data fields.
fn data(name: &str, value: &Value<'_>, event: &mut WindowsEvent) -> bool {
    if let Some(field) = name.strip_prefix("event_data.") {
        add_field(event, field, value);
        return true;
    }
    let Some(field) = name.strip_prefix("user_data.") else { return false };
    match field {
        "xml_name" => with_text(value, |text, _| {
            event.set_container("UserData");
            event.set_wrapper(text);
        }),
        _ => add_field(event, field, value),
    }
    true
}

fn keyword_names(name: &str, value: &Value<'_>, event: &mut WindowsEvent) -> bool {
    let is_it = name == "keywords";
    if is_it {
        keywords(value, event);
    }
    is_it
}

fn level(value: &Value<'_>, event: &mut WindowsEvent) {
    with_text(value, |text, _| {
        let number = match text.to_ascii_lowercase().as_str() {
            "audit_success" | "audit_failure" => 0,
            "critical" => 1,
            "error" => 2,
            "warning" => 3,
            "information" | "info" => 4,
            "verbose" => 5,
            other => other.parse().unwrap_or(-1),
        };
        if number >= 0 {
            event.set_number(Slot::Level, number);
        } else {
            event.set_text(Slot::LevelName, text);
        }
    });
}

fn at(value: &Value<'_>, event: &mut WindowsEvent) {
    with_text(&super::only(value.clone()), |text, _| {
        event.time = time::parse_datetime(text);
        if event.time.is_none() {
            event.set_text(Slot::SystemTime, text);
        }
    });
}

fn slot_or_extra(slot: Option<Slot>, name: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    match slot {
        Some(slot) => set(event, slot, value),
        None => add_extra(event, name, value),
    }
}
