//! AWS CloudTrail: the log of the calls to an AWS account (CloudTrail user guide, "CloudTrail record
//! contents", event versions 1.0 to 1.11).
//!
//! A record comes in many wrappings: in the files that a trail delivers (`{"Records": […]}`, all on one
//! line), one a line, as an EventBridge event (`detail-type: AWS API Call via CloudTrail`), or as text in
//! what CloudWatch Logs hands on (`logEvents[].message`) and exports. All become rows of `AWSCloudTrail`,
//! with the columns that `mapping/aws-cloudtrail.map` says; what the wrapping adds is kept with the record.

mod shape;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::LazyLock};

use shape::Shape;

use super::{
    Confidence, Format, Output, Sample,
    json::{self, Flat, JsonDecoder, JsonRecords, Kind, Members, flatten},
};
use crate::mapping::{Mapper, Mapping, Record, RuleSet, Value};

pub static FORMAT: Format = Format {
    name: "aws-cloudtrail",
    title: "AWS CloudTrail (files of a trail, EventBridge, CloudWatch Logs)",
    guess,
    open: |_| Box::new(JsonRecords::new(CloudTrail::new())),
    split: json::split,
};

/// Members whose array holds the records: a trail's files, CloudWatch Logs, and what its and CloudTrail's
/// own API answer.
const WRAPPERS: [&str; 4] = ["Records", "logEvents", "events", "Events"];

/// What CloudWatch Logs writes in front of the log events.
const PREAMBLE: [&str; 5] = ["messageType", "owner", "logGroup", "logStream", "subscriptionFilters"];

fn guess(sample: &Sample<'_>) -> Confidence {
    let is_trails = sample.name.contains("_cloudtrail_") || sample.name.contains("_cloudtrail-");
    let shape = match json::first_record_behind(sample, &WRAPPERS, &PREAMBLE) {
        Some((text, members)) => Shape::of(text, &members),
        // The first record is longer than the sample, or broken.
        None if is_trails && sample.bytes.trim_ascii_start().starts_with(b"{") => Some(Shape::Record),
        None => None,
    };
    let is_ours = match shape {
        Some(Shape::LogEvent) => json::first_record_behind(sample, &WRAPPERS, &PREAMBLE)
            .is_some_and(|(text, members)| shape::message_is_record(text, &members)),
        other => other.is_some(),
    };
    match sample.table {
        _ if !is_ours => Confidence::No,
        None | Some(TABLE) => Confidence::Certain,
        Some(_) => Confidence::Possible,
    }
}

const TABLE: &str = "AWSCloudTrail";

/// What records become, compiled from `mapping/aws-cloudtrail.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let file = ("aws-cloudtrail.map", include_str!("../../../mapping/aws-cloudtrail.map"));
        Mapping::parse_files(&[file], &[]).expect("a test compiles the crate's own files")
    });
    &MAPPING
}

struct CloudTrail {
    mapper: Mapper<'static>,
    rules: RuleSet,
    flat: Flat,
    inner: Members,
    /// What the wrapper says about all records in it, as name and JSON text.
    wrapper: Vec<(String, String)>,
    is_control: bool,
}

impl CloudTrail {
    fn new() -> Self {
        let rules = mapping().rules("record").expect("the mapping has rules for records");
        Self {
            mapper: Mapper::new(mapping()),
            rules,
            flat: Flat::default(),
            inner: Members::default(),
            wrapper: Vec::new(),
            is_control: false,
        }
    }

    fn write(&mut self, text: &str, members: &Members, extras: &[(&str, Value<'_>)], out: &mut Output) {
        let fields = self.flat.fields(text, members, opens);
        let record = Record { time: None, headers: &[], fields: &fields, extras };
        self.mapper.apply(&[self.rules], &record, out);
        out.record();
    }

    /// The record in a text, which `extras` belong to.
    fn write_inner(
        &mut self,
        text: &str,
        extras: &[(&str, Value<'_>)],
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        let mut inner = std::mem::take(&mut self.inner);
        let is_record = inner.parse(text).is_ok() && Shape::of(text, &inner) == Some(Shape::Record);
        if is_record {
            self.write(text, &inner, extras, out);
        }
        self.inner = inner;
        if is_record { Ok(()) } else { Err("holds no CloudTrail record".into()) }
    }
}

/// Members that are opened; what else is nested stays JSON.
fn opens(name: &str) -> bool {
    match name.strip_prefix("userIdentity") {
        Some(inner) => matches!(
            inner,
            "" | ".sessionContext"
                | ".sessionContext.attributes"
                | ".sessionContext.sessionIssuer"
                | ".onBehalfOf"
        ),
        None => name == "tlsDetails",
    }
}

impl JsonDecoder for CloudTrail {
    fn wrappers(&self) -> &[&str] {
        &WRAPPERS
    }

    fn preamble(&self) -> &[&str] {
        &PREAMBLE
    }

    fn wrapped(&mut self, opening: &[u8]) {
        self.wrapper = shape::preamble(opening, "CloudWatch.");
        let is_control = |(name, json): &(String, String)| {
            name == "CloudWatch.messageType" && json == "\"CONTROL_MESSAGE\""
        };
        self.is_control = self.wrapper.iter().any(is_control);
    }

    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        match Shape::of(text, members) {
            Some(Shape::Record) => {
                self.write(text, members, &[], out);
                Ok(())
            }
            Some(Shape::EventBridge) => {
                let (detail, extras) = shape::unwrap(text, members, "detail", "EventBridge.");
                let detail = detail.filter(|detail| detail.kind == Kind::Object);
                let detail = detail.ok_or("an EventBridge event without its detail")?;
                self.write_inner(detail.raw, &shown(&extras), out)
            }
            Some(Shape::LogEvent) if self.is_control => {
                Err("a control message of CloudWatch Logs, which is about no call".into())
            }
            Some(Shape::LogEvent) => {
                let (message, mut extras) = shape::unwrap(text, members, "message", "CloudWatch.");
                let message = message.map(|message| message.text()).unwrap_or_default();
                let wrapper = std::mem::take(&mut self.wrapper);
                extras.extend(wrapper.iter().map(|(name, json)| (Cow::Borrowed(&**name), json_value(json))));
                let result = self.write_inner(&message, &shown(&extras), out);
                drop(extras);
                self.wrapper = wrapper;
                result
            }
            Some(Shape::Lookup) => {
                let (event, extras) = shape::unwrap(text, members, "CloudTrailEvent", "LookupEvents.");
                let event = event.map(|event| event.text()).unwrap_or_default();
                self.write_inner(&event, &shown(&extras), out)
            }
            Some(Shape::Digest) => Err(DIGEST.into()),
            None => Err("no CloudTrail record: it has no name of an event".into()),
        }
    }
}

const DIGEST: &str = "a digest file of CloudTrail: it signs log files and has no records";

fn json_value(json: &str) -> Value<'_> {
    match json.as_bytes().first() {
        Some(b'"') => flatten::value(json, Kind::String),
        _ => Value::Json(json.into()),
    }
}

fn shown<'a>(extras: &'a [(Cow<'_, str>, Value<'a>)]) -> Vec<(&'a str, Value<'a>)> {
    extras.iter().map(|(name, value)| (&**name, value.clone())).collect()
}
