//! Wazuh: the event's header under `win.system`, its data under `win.eventdata`, all names with a small
//! first letter.

use super::{add_extra, add_field, dump, set, with_text};
use crate::{
    decode::windows::event::{Slot, WindowsEvent},
    mapping::Value,
};

const SLOTS: [(&str, Slot); 16] = [
    ("providerName", Slot::Provider),
    ("providerGuid", Slot::ProviderGuid),
    ("eventSourceName", Slot::EventSourceName),
    ("eventID", Slot::EventId),
    ("qualifiers", Slot::Qualifiers),
    ("version", Slot::Version),
    ("level", Slot::Level),
    ("task", Slot::Task),
    ("opcode", Slot::Opcode),
    ("keywords", Slot::Keywords),
    ("systemTime", Slot::SystemTime),
    ("eventRecordID", Slot::RecordId),
    ("processID", Slot::ProcessId),
    ("threadID", Slot::ThreadId),
    ("channel", Slot::Channel),
    ("computer", Slot::Computer),
];

pub(super) fn fill(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) {
    for (name, value) in fields {
        let Some(path) = name.strip_prefix("win.") else {
            add_extra(event, name, value);
            continue;
        };
        if let Some(field) = path.strip_prefix("eventdata.") {
            dump::leaf(event, &capitalised(field), value);
        } else if let Some(path) = path.strip_prefix("userdata.") {
            event.set_container("UserData");
            add_field(event, &capitalised(path.rsplit('.').next().unwrap_or(path)), value);
        } else if path == "system.message" {
            // It stands there in quotes of its own.
            with_text(value, |text, _| {
                let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                event.set_text(Slot::Message, inner.unwrap_or(text));
            });
        } else {
            let known = SLOTS.iter().find(|(known, _)| path.strip_prefix("system.") == Some(known));
            match known {
                Some((_, slot)) => set(event, *slot, value),
                None => add_extra(event, path.rsplit('.').next().unwrap_or(path), value),
            }
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
