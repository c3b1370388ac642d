//! How shippers lay an event out, told by the names of a record's members.

use crate::mapping::Value;

/// A record's layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `Event.System.…`, `Event.EventData.…`: XML turned to JSON, as `evtx_dump` and others do.
    Dump,
    /// `winlog.…` beside the Elastic Common Schema: Winlogbeat 7 and later.
    Winlogbeat,
    /// `event_id`, `log_name`, `event_data.…`: Winlogbeat 5 and 6.
    OldWinlogbeat,
    /// `win.system.…`, `win.eventdata.…`: Wazuh.
    Wazuh,
    /// The event's XML is a member's text.
    Embedded,
    /// `EventID`, `Channel`, … and the data side by side: NXLog and many others.
    Flat,
}

/// What is put around an event: nothing, Elasticsearch's exports, search results of Splunk, its HTTP
/// collector, detections of Chainsaw, alerts of Wazuh, Graylog's messages.
const ENVELOPES: [&str; 8] =
    ["", "_source.", "fields.", "result.", "event.", "document.data.", "data.", "message."];

/// Members that are opened, named by their path.
pub(super) fn opens(path: &str) -> bool {
    let is_envelope = |envelope: &&str| -> bool {
        envelope.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')) && !path.is_empty()
    };
    if ENVELOPES.iter().any(is_envelope) {
        return true;
    }
    let inner = ENVELOPES[1..].iter().find_map(|envelope| path.strip_prefix(envelope)).unwrap_or(path);
    // Data elements hold their name and value together.
    if inner.ends_with("EventData.Data") {
        return false;
    }
    let first = inner.split('.').next().unwrap_or_default();
    matches!(
        first,
        "Event"
            | "System"
            | "EventData"
            | "UserData"
            | "RenderingInfo"
            | "winlog"
            | "event_data"
            | "user_data"
            | "win"
    ) || matches!(inner, "log" | "event" | "user")
}

impl Shape {
    /// The layout of a record, and what is put around it.
    pub fn of(fields: &[(&str, Value<'_>)]) -> Option<(Self, &'static str)> {
        ENVELOPES.iter().find_map(|envelope| Some((Self::within(fields, envelope)?, *envelope)))
    }

    fn within(fields: &[(&str, Value<'_>)], envelope: &str) -> Option<Self> {
        let (mut has_id, mut has_origin, mut is_old, mut has_xml) = (false, false, false, false);
        let (mut is_row, mut is_record) = (false, false);
        for (name, value) in fields {
            let Some(name) = name.strip_prefix(envelope) else { continue };
            let name = plain(name);
            if name.starts_with("Event.System.")
                || name.starts_with("System.EventID")
                || name.starts_with("System.Provider")
            {
                return Some(Self::Dump);
            }
            if name.starts_with("winlog.") {
                return Some(Self::Winlogbeat);
            }
            if name.starts_with("win.system.") {
                return Some(Self::Wazuh);
            }
            has_xml |= is_event_xml(value);
            is_old |= matches!(name, "log_name" | "source_name" | "string_inserts")
                || name.starts_with("event_data.")
                || name.starts_with("event_data_")
                || name.starts_with("winlog_");
            has_id |= matches!(
                name,
                "EventID" | "EventId" | "event_id" | "EventCode" | "Id" | "winlog_event_id" | "event_code"
            );
            has_origin |= matches!(
                name,
                "Channel" | "SourceName" | "ProviderName" | "Provider" | "LogName" | "EntryType"
            );
            // A row of a Log Analytics table is no event as a shipper sends it, though one of them has a
            // field of that name.
            is_row |= name == "TimeGenerated";
            is_record |= matches!(name, "StringInserts" | "EntryType" | "ReplacementStrings");
        }
        match (has_id, is_old, has_origin) {
            _ if is_row && !is_record => None,
            _ if has_xml => Some(Self::Embedded),
            (true, true, _) => Some(Self::OldWinlogbeat),
            (true, false, true) => Some(Self::Flat),
            _ => None,
        }
    }
}

/// A name without what the Graylog Extended Log Format and Graylog's collectors put before it.
pub(super) fn plain(name: &str) -> &str {
    let name = name.strip_prefix("winlogbeat_").unwrap_or(name);
    match name.strip_prefix('_') {
        Some(inner) if inner.starts_with(|c: char| c.is_ascii_uppercase()) => inner,
        _ => name,
    }
}

/// Whether a value is an event's whole XML.
pub(super) fn is_event_xml(value: &Value<'_>) -> bool {
    let Value::Text(text) = value else { return false };
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.starts_with('<')
        && ["<Event ", "<Event>", "<?xml"].iter().any(|start| text.starts_with(start))
        && text.contains("<Event")
        && text.contains("</Event>")
}
