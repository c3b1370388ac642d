//! Header fields and data fields side by side: NXLog, Fluent Bit, Fluentd, Splunk, and what scripts make of
//! `Get-WinEvent`.
//!
//! Which of the names belong to the header is known; all others are data. Where a name can be both, what
//! the value is tells, or what else the record has: NXLog writes its own header fields as numbers or as
//! one of a few words, other shippers are known by a name that only they have.

use super::{account, add_extra, add_field, embedded, keywords, only, positions, set, with_text};
use crate::{
    decode::windows::event::{FieldKind, Slot, WindowsEvent},
    mapping::Value,
    time,
};

/// Names of header fields.
const SLOTS: [(&str, Slot); 39] = [
    ("EventID", Slot::EventId),
    ("EventId", Slot::EventId),
    ("EventCode", Slot::EventId),
    ("Channel", Slot::Channel),
    ("LogName", Slot::Channel),
    ("SourceName", Slot::Provider),
    ("ProviderName", Slot::Provider),
    ("Provider", Slot::Provider),
    ("ProviderGuid", Slot::ProviderGuid),
    ("ProviderGUID", Slot::ProviderGuid),
    ("ProviderId", Slot::ProviderGuid),
    ("Hostname", Slot::Computer),
    ("Computer", Slot::Computer),
    ("ComputerName", Slot::Computer),
    ("MachineName", Slot::Computer),
    ("RecordNumber", Slot::RecordId),
    ("RecordId", Slot::RecordId),
    ("EventRecordID", Slot::RecordId),
    ("RecordID", Slot::RecordId),
    ("Version", Slot::Version),
    ("Qualifiers", Slot::Qualifiers),
    ("Level", Slot::Level),
    ("LevelValue", Slot::Level),
    ("Task", Slot::Task),
    ("TaskValue", Slot::Task),
    ("Category", Slot::TaskName),
    ("TaskCategory", Slot::TaskName),
    ("TaskDisplayName", Slot::TaskName),
    ("LevelDisplayName", Slot::LevelName),
    ("OpcodeDisplayName", Slot::OpcodeName),
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
const EXTRAS: [&str; 16] = [
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
    "short_message",
    "full_message",
    "timestamp",
];

/// Members that hold the data, by name or by position.
const CONTAINERS: [&str; 7] = [
    "EventData",
    "EventData_Xml",
    "UserData",
    "UserData_Xml",
    "StringInserts",
    "ReplacementStrings",
    "Properties",
];

/// Short names of channels in Hayabusa's timelines.
const CHANNELS: [(&str, &str); 11] = [
    ("Sec", "Security"),
    ("Sys", "System"),
    ("App", "Application"),
    ("Sysmon", "Microsoft-Windows-Sysmon/Operational"),
    ("PwSh", "Microsoft-Windows-PowerShell/Operational"),
    ("PwShClassic", "Windows PowerShell"),
    ("Defender", "Microsoft-Windows-Windows Defender/Operational"),
    ("TaskSch", "Microsoft-Windows-TaskScheduler/Operational"),
    ("WMI", "Microsoft-Windows-WMI-Activity/Operational"),
    ("BitsCli", "Microsoft-Windows-Bits-Client/Operational"),
    ("WinRM", "Microsoft-Windows-WinRM/Operational"),
];

/// Words for what kind of event it is, in capitals, each with the level it stands for.
const EVENT_TYPES: [(&str, i64); 12] = [
    ("AUDIT_SUCCESS", 0),
    ("AUDIT_FAILURE", 0),
    ("SUCCESSAUDIT", 0),
    ("FAILUREAUDIT", 0),
    ("CRITICAL", 1),
    ("ERROR", 2),
    ("WARNING", 3),
    ("INFO", 4),
    ("INFORMATION", 4),
    ("INFORMATIONAL", 4),
    ("VERBOSE", 5),
    ("DEBUG", 5),
];

pub(super) fn fill(fields: &[(&str, Value<'_>)], zone_seconds: i32, event: &mut WindowsEvent) {
    let get = |wanted: &str| fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let has = |wanted: &str| get(wanted).is_some();
    let is_nxlog = has("SourceModuleName") || has("EventReceivedTime");
    // NXLog looks the event's user up; without a SID there is none, and the names are data.
    let has_user = is_nxlog && has("UserID") && has("AccountType");
    let is_fluentd = has("ProviderGUID");
    // .NET's record of an event, and the older one.
    let is_dotnet = has("LogName") && (has("LevelDisplayName") || has("Properties") || has("Bookmark"));
    let is_entry = has("EntryType");
    let is_splunk = has("EventCode");
    let has_number = has("EventID") || has("EventId") || is_splunk;
    for (name, value) in fields {
        let is_whole = matches!(value, Value::Long(_));
        match *name {
            "EventTime" | "TimeCreated" | "EventTimeUTC" => {}
            "TimeGenerated" | "TimeWritten" | "Timestamp" if !has("EventTime") && !has("TimeCreated") => {}
            "Keywords" | "KeywordsDisplayNames" => keywords(value, event),
            "Opcode" if is_whole => set(event, Slot::Opcode, value),
            "Opcode" | "OpCode" => opcode(value, event),
            "Id" if !has_number => set(event, Slot::EventId, value),
            "ProcessID" if (is_whole || is_fluentd) && !has("ExecutionProcessID") => {
                set(event, Slot::ProcessId, value);
            }
            "ProcessId" if is_dotnet => set(event, Slot::ProcessId, value),
            "ThreadId" if is_dotnet => set(event, Slot::ThreadId, value),
            "UserId" if is_dotnet => user_id(value, event),
            "Sid" if has("StringInserts") => set(event, Slot::UserId, value),
            "Description" if is_fluentd => set(event, Slot::Message, value),
            "Source" if is_entry => set(event, Slot::Provider, value),
            "Index" if is_entry => set(event, Slot::RecordId, value),
            "EntryType" | "Type" if is_entry || is_splunk => level(value, event),
            "EventType" if is_nxlog && level_of(value).is_some() => level(value, event),
            "EventType" if is_splunk => add_extra(event, "EventType", value),
            "Level" if !is_whole && level_of(value).is_some() => level(value, event),
            "Channel" if has("RuleTitle") => {
                let short = text_of(Some(value));
                let long = CHANNELS.iter().find(|(known, _)| *known == short);
                event.set_text(Slot::Channel, long.map_or(&short, |(_, long)| long));
            }
            "AccountName" | "Domain" if has_user => {}
            container if CONTAINERS.contains(&container) => data(container, value, event),
            // What the Graylog Extended Log Format has for itself.
            "version" | "level" | "facility" | "source" if has("short_message") => {
                add_extra(event, name, value);
            }
            known if EXTRAS.contains(&known) => add_extra(event, known, value),
            known => match SLOTS.iter().find(|(slot, _)| *slot == known) {
                Some((_, slot)) => set(event, *slot, value),
                None => field(known, value, event),
            },
        }
    }
    positions::name(event);
    if has_user {
        let text = |name| text_of(get(name));
        event.set_text(Slot::UserName, &account(&text("Domain"), &text("AccountName")));
    }
    if !event.is_set(Slot::Level)
        && let Some(level) = get("Severity").and_then(level_of)
    {
        event.set_number(Slot::Level, level);
    }
    set_time(event, &happened(fields), &text_of(get("@timestamp")), zone_seconds);
}

/// A data field, which may be named below the part of the event that it is from.
fn field(name: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    match name.split_once('.') {
        Some(("EventData", "Data")) => super::dump::leaf(event, "Data", value),
        Some(("EventData", name)) => add_field(event, name, &only(value.clone())),
        Some(("UserData", path)) => {
            event.set_container("UserData");
            if let Some((wrapper, _)) = path.split_once('.') {
                event.set_wrapper(wrapper);
            }
            add_field(event, path.rsplit('.').next().unwrap_or(path), value);
        }
        _ => add_field(event, name, &only(value.clone())),
    }
}

/// All data in one member: as XML, as JSON, or values without names.
fn data(container: &str, value: &Value<'_>, event: &mut WindowsEvent) {
    let container = container.trim_end_matches("_Xml");
    match value {
        Value::Text(text) if embedded::data(container, text, event) => {}
        Value::Text(text) | Value::Json(text) if text.starts_with('{') => match serde_json::from_str(text) {
            Ok(json) => super::dump::nested(event, container, &json),
            Err(_) => add_field(event, container, value),
        },
        Value::Json(json) if json.starts_with('[') => positions::add(value, event),
        other if other.is_empty() => {}
        other => add_field(event, container, other),
    }
}

/// A SID, or what .NET's serializer makes of one.
fn user_id(value: &Value<'_>, event: &mut WindowsEvent) {
    let Value::Json(json) = value else { return set(event, Slot::UserId, value) };
    let sid: Option<serde_json::Value> = serde_json::from_str(json).ok();
    if let Some(sid) = sid.as_ref().and_then(|sid| sid["Value"].as_str()) {
        event.set_text(Slot::UserId, sid);
    }
}

fn level(value: &Value<'_>, event: &mut WindowsEvent) {
    match level_of(value) {
        Some(level) => event.set_number(Slot::Level, level),
        None => set(event, Slot::LevelName, value),
    }
}

/// When it happened, as the shipper writes it.
fn happened(fields: &[(&str, Value<'_>)]) -> String {
    let names = [
        "EventTimeUTC",
        "EventTime",
        "TimeCreated",
        "TimeGenerated",
        "Timestamp",
        "TimeWritten",
        "@timestamp",
        "timestamp",
        "_time",
    ];
    let found = names.iter().find_map(|wanted| fields.iter().find(|(name, _)| name == wanted));
    let text = text_of(found.map(|(_, value)| value));
    // .NET's serializers: `/Date(1563279540000)/`, alone or as a member.
    if let Some((_, rest)) = text.split_once("/Date(") {
        return rest.split(|c: char| !c.is_ascii_digit() && c != '-').next().unwrap_or_default().to_owned();
    }
    // Years before months, divided by slashes; a zone behind a space.
    let is_slashed = text.as_bytes().get(4) == Some(&b'/') && text.as_bytes().get(7) == Some(&b'/');
    let text = if is_slashed { text.replacen('/', "-", 2) } else { text };
    match text.rsplit_once(' ') {
        Some((time, zone)) if zone.starts_with(['+', '-']) => format!("{time}{zone}"),
        _ => text,
    }
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
        || happened.get(19..).is_some_and(|zone| zone.contains(['+', '-']))
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

fn opcode(value: &Value<'_>, event: &mut WindowsEvent) {
    with_text(value, |text, _| match text.parse() {
        Ok(number) => event.set_number(Slot::Opcode, number),
        Err(_) => event.set_text(Slot::OpcodeName, text),
    });
}

fn level_of(value: &Value<'_>) -> Option<i64> {
    let mut level = None;
    with_text(value, |text, _| {
        level = EVENT_TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, level)| *level);
    });
    level
}
