//! Header fields and data fields side by side: NXLog, and what scripts make of `Get-WinEvent`.
//!
//! Which of the names belong to the header is known; all others are data. Where a name can be both, what
//! the value is tells: NXLog writes its own header fields as numbers or as one of a few words.

use super::{account, add_extra, add_field, set, with_text};
use crate::{
    decode::windows::event::{FieldKind, Slot, WindowsEvent},
    mapping::Value,
    time,
};

/// Names of header fields.
const SLOTS: [(&str, Slot); 30] = [
    ("EventID", Slot::EventId),
    ("EventId", Slot::EventId),
    ("Channel", Slot::Channel),
    ("LogName", Slot::Channel),
    ("SourceName", Slot::Provider),
    ("ProviderName", Slot::Provider),
    ("Provider", Slot::Provider),
    ("ProviderGuid", Slot::ProviderGuid),
    ("Hostname", Slot::Computer),
    ("Computer", Slot::Computer),
    ("ComputerName", Slot::Computer),
    ("MachineName", Slot::Computer),
    ("RecordNumber", Slot::RecordId),
    ("RecordId", Slot::RecordId),
    ("EventRecordID", Slot::RecordId),
    ("Version", Slot::Version),
    ("Level", Slot::Level),
    ("LevelValue", Slot::Level),
    ("Task", Slot::Task),
    ("TaskValue", Slot::Task),
    ("Category", Slot::TaskName),
    ("OpcodeValue", Slot::Opcode),
    ("ExecutionProcessID", Slot::ProcessId),
    ("ExecutionThreadID", Slot::ThreadId),
    ("ThreadID", Slot::ThreadId),
    ("ActivityID", Slot::ActivityId),
    ("ActivityId", Slot::ActivityId),
    ("RelatedActivityID", Slot::RelatedActivityId),
    ("UserID", Slot::UserId),
    ("Message", Slot::Message),
];

/// What collectors add.
const EXTRAS: [&str; 13] = [
    "@timestamp",
    "@version",
    "EventReceivedTime",
    "SourceModuleName",
    "SourceModuleType",
    "Severity",
    "SeverityValue",
    "AccountType",
    "MessageSourceAddress",
    "host",
    "port",
    "tags",
    "type",
];

/// NXLog's words for what kind of event it is, each with the level it stands for.
const EVENT_TYPES: [(&str, i64); 8] = [
    ("AUDIT_SUCCESS", 0),
    ("AUDIT_FAILURE", 0),
    ("CRITICAL", 1),
    ("ERROR", 2),
    ("WARNING", 3),
    ("INFO", 4),
    ("VERBOSE", 5),
    ("DEBUG", 5),
];

pub(super) fn fill(fields: &[(&str, Value<'_>)], zone_seconds: i32, event: &mut WindowsEvent) {
    let get = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let has = |wanted: &str| get(wanted).is_some();
    let is_nxlog = has("SourceModuleName") || has("EventReceivedTime");
    // NXLog looks the event's user up; without a SID there is none, and the names are data.
    let has_user = is_nxlog && has("UserID") && has("AccountType");
    for (name, value) in fields {
        let is_whole = matches!(value, Value::Long(_));
        match *name {
            "EventTime" | "TimeCreated" | "EventTimeUTC" => {}
            "Keywords" => keywords(value, event),
            "Opcode" if is_whole => set(event, Slot::Opcode, value),
            "Opcode" => opcode(value, event),
            "ProcessID" if is_whole && !has("ExecutionProcessID") => set(event, Slot::ProcessId, value),
            "EventType" if is_nxlog && level_of(value).is_some() => {
                event.set_number(Slot::Level, level_of(value).unwrap_or_default());
            }
            "AccountName" | "Domain" if has_user => {}
            known if EXTRAS.contains(&known) => add_extra(event, known, value),
            known => match SLOTS.iter().find(|(slot, _)| *slot == known) {
                Some((_, slot)) => set(event, *slot, value),
                None => add_field(event, known, value),
            },
        }
    }
    if has_user {
        let text = |name| text_of(get(name));
        event.set_text(Slot::UserName, &account(&text("Domain"), &text("AccountName")));
    }
    if !event.is_set(Slot::Level)
        && let Some(level) = get("Severity").and_then(level_of)
    {
        event.set_number(Slot::Level, level);
    }
    set_time(event, &text_of(happened(fields)), &text_of(get("@timestamp")), zone_seconds);
}

fn happened<'a>(fields: &'a [(&str, Value<'_>)]) -> Option<&'a Value<'a>> {
    let names = ["EventTimeUTC", "EventTime", "TimeCreated", "@timestamp"];
    names.iter().find_map(|wanted| fields.iter().find(|(name, _)| name == wanted)).map(|(_, value)| value)
}

fn text_of(value: Option<&Value<'_>>) -> String {
    let mut owned = String::new();
    if let Some(value) = value {
        with_text(value, |text, _| text.clone_into(&mut owned));
    }
    owned
}

/// Sets the time. One without a zone is the sender's: the collector's UTC time, a little later, tells how
/// far east of UTC that is, in quarters of an hour; else the session says it.
fn set_time(event: &mut WindowsEvent, happened: &str, collected: &str, zone_seconds: i32) {
    const QUARTER: i64 = 900_000_000;
    const DAY: i64 = 96 * QUARTER;
    let Some(time) = time::parse_datetime(happened) else {
        if !happened.is_empty() {
            event.add_extra("EventTime", happened, FieldKind::Text);
        }
        return;
    };
    let names_zone = happened.ends_with(['Z', 'z'])
        || happened.len() > 19 && happened[19..].contains(['+', '-'])
        || !happened.contains(['-', '/']);
    if names_zone {
        event.time = Some(time);
        return;
    }
    let collected = time::parse_datetime(collected).filter(|_| collected.ends_with('Z'));
    let shift = collected.map(|collected| collected - time).filter(|shift| shift.abs() < DAY);
    let offset = shift.map(|shift| (shift, (shift + QUARTER / 2).div_euclid(QUARTER) * QUARTER));
    event.time = Some(match offset {
        // Minutes between event and collection are a delay, no zone.
        Some((shift, offset)) if (shift - offset).abs() < QUARTER / 3 => time + offset,
        _ => time - i64::from(zone_seconds) * 1_000_000,
    });
    event.add_extra("EventTime", happened, FieldKind::Text);
}

/// A mask, which NXLog writes as a signed number.
fn keywords(value: &Value<'_>, event: &mut WindowsEvent) {
    match value {
        Value::Long(mask) => event.set_text(Slot::Keywords, &format!("{:#x}", *mask as u64)),
        other => with_text(other, |text, _| match text.parse::<i64>() {
            Ok(mask) => event.set_text(Slot::Keywords, &format!("{:#x}", mask as u64)),
            Err(_) => event.set_text(Slot::Keywords, text),
        }),
    }
}

fn opcode(value: &Value<'_>, event: &mut WindowsEvent) {
    with_text(value, |text, _| match text.parse() {
        Ok(number) => event.set_number(Slot::Opcode, number),
        Err(_) => event.set_text(Slot::OpcodeName, text),
    });
}

fn level_of(value: &Value<'_>) -> Option<i64> {
    let mut level = None;
    with_text(value, |text, _| {
        level = EVENT_TYPES.iter().find(|(name, _)| *name == text).map(|(_, level)| *level);
    });
    level
}
