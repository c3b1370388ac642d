//! The event's XML as a member's text: what Splunk, Cribl, Logstash and HTTP collectors hand on.

use super::{add_extra, shape};
use crate::{
    decode::windows::{event::WindowsEvent, xml},
    mapping::Value,
};

/// Fills the event from its XML; the record's other members are the shipper's.
pub(super) fn fill(fields: &[(&str, Value<'_>)], event: &mut WindowsEvent) -> Result<(), &'static str> {
    let mut is_read = false;
    for (name, value) in fields {
        match value {
            Value::Text(text) if !is_read && shape::is_event_xml(value) => {
                xml::read(text.trim_start_matches('\u{feff}').trim(), event)?;
                is_read = true;
            }
            other => add_extra(event, name, other),
        }
    }
    Ok(())
}

/// Adds the fields of XML that is an event's data alone: `<EventData>…`, or `<Data …>` elements. False if
/// it is none; what was added then is taken back.
pub(super) fn data(container: &str, text: &str, event: &mut WindowsEvent) -> bool {
    let text = text.trim();
    if !text.starts_with('<') {
        return false;
    }
    let is_whole = ["<EventData", "<UserData"].iter().any(|start| text.starts_with(start));
    let (fields, extras) = (event.fields.len(), event.extras.len());
    let read = if is_whole {
        xml::read(text, event)
    } else {
        xml::read(&format!("<{container}>{text}</{container}>"), event)
    };
    if read.is_err() {
        event.fields.truncate(fields);
        event.extras.truncate(extras);
    }
    read.is_ok()
}
