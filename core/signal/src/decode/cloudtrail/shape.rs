//! What an object is: a record, or something around one.

use std::borrow::Cow;

use crate::{
    decode::json::{Field, Kind, Members, flatten},
    mapping::Value,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A record as CloudTrail writes it.
    Record,
    /// An event of EventBridge with the record in `detail`.
    EventBridge,
    /// An event of CloudWatch Logs with, perhaps, the record as text in `message`.
    LogEvent,
    /// What the API's `LookupEvents` answers, with the record as text in `CloudTrailEvent`.
    Lookup,
    /// A digest file: hashes of log files and a signature.
    Digest,
}

impl Shape {
    pub fn of(text: &str, members: &Members) -> Option<Self> {
        let has = |name| members.get(text, name).is_some();
        if has("eventName") && has("eventSource") {
            // Notifications of S3 are versioned and named so, too, but have neither an id nor an address.
            return (has("eventID") || has("sourceIPAddress")).then_some(Self::Record);
        }
        if let Some(kind) = members.get(text, "detail-type") {
            let is_ours = kind.text().ends_with("via CloudTrail") && has("detail");
            return is_ours.then_some(Self::EventBridge);
        }
        if has("CloudTrailEvent") {
            return Some(Self::Lookup);
        }
        if has("digestStartTime") && has("digestS3Bucket") {
            return Some(Self::Digest);
        }
        let message = members.get(text, "message");
        let is_event = message.is_some_and(|message| message.kind == Kind::String) && has("timestamp");
        is_event.then_some(Self::LogEvent)
    }
}

/// Whether the text of a log event begins as a record does.
pub(super) fn message_is_record(text: &str, members: &Members) -> bool {
    let message = members.get(text, "message").map(|message| message.text()).unwrap_or_default();
    let mut inner = Members::default();
    inner.parse(&message).is_ok() && Shape::of(&message, &inner) == Some(Shape::Record)
}

/// The members of a wrapper up to its array, as names behind `prefix` and JSON text.
pub(super) fn preamble(opening: &[u8], prefix: &str) -> Vec<(String, String)> {
    // The opening ends with the array's bracket; closed, it is an object.
    let Ok(opening) = std::str::from_utf8(opening) else { return Vec::new() };
    let object = format!("{opening}]}}");
    let mut members = Members::default();
    if members.parse(&object).is_err() {
        return Vec::new();
    }
    let before = members.len().saturating_sub(1);
    let named = |field: Field<'_>| (format!("{prefix}{}", field.name()), field.raw.to_owned());
    members.iter(&object).take(before).map(named).collect()
}

/// A name and a value that the wrapping adds to a record.
type Extra<'a> = (Cow<'a, str>, Value<'a>);

/// A wrapping's member that holds the record, and the others, named behind `prefix`.
pub(super) fn unwrap<'a>(
    text: &'a str,
    members: &'a Members,
    holder: &str,
    prefix: &str,
) -> (Option<Field<'a>>, Vec<Extra<'a>>) {
    let mut record = None;
    let mut extras = Vec::new();
    for field in members.iter(text) {
        if record.is_none() && field.name() == holder {
            record = Some(field);
        } else {
            let name = format!("{prefix}{}", field.name());
            extras.push((name.into(), flatten::value(field.raw, field.kind)));
        }
    }
    (record, extras)
}
