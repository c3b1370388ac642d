//! What the texts of programs tell of people's activity, as rows of advanced hunting.

use std::sync::LazyLock;

use super::pattern::{Group, Pattern, Patterns};
use crate::{
    decode::{Output, device::Device},
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
};

/// A message, whichever way it came.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    pub time: Option<i64>,
    pub host: &'a str,
    pub program: &'a str,
    pub pid: &'a str,
    pub text: &'a str,
}

/// Writes the rows. Belongs to one decoder.
#[derive(Default)]
pub struct Activities {
    /// Made when the first message of a program with patterns comes; most connections bring none.
    writer: Option<Box<Writer>>,
}

struct Writer {
    mapper: Mapper<'static>,
    device: Device,
}

/// The patterns and what they mean.
struct Knowledge {
    patterns: Patterns,
    mapping: Mapping,
    pam: Group,
}

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    let why = "a test reads the crate's own files";
    let patterns = Patterns::parse(include_str!("../../../mapping/syslog-messages.txt")).expect(why);
    let file = ("syslog-activities.map", include_str!("../../../mapping/syslog-activities.map"));
    let mapping = Mapping::parse_files(&[file], &HEADERS).expect(why);
    let pam = patterns.group("pam").expect(why);
    Knowledge { patterns, mapping, pam }
});

/// The header fields that rules may use, in the order of [`Writer::write`].
const HEADERS: [&str; 5] = ["DeviceName", "DeviceId", "Program", "ProcessId", "RepeatCount"];

/// Longer texts are no such message; looking for patterns in them would take long.
const TEXT_MAX: usize = 16 << 10;
/// Longest name of a program that has patterns.
const PROGRAM_MAX: usize = 16;

impl Activities {
    /// Writes the row that a message gives beside its own, if it tells of an activity.
    #[inline]
    pub fn write(&mut self, message: Message<'_>, out: &mut Output) {
        if message.program.is_empty() || message.text.len() > TEXT_MAX {
            return;
        }
        let text = message.text.trim_ascii();
        if let Some(group) = group_of(message.program, text) {
            self.write_known(group, Message { text, ..message }, out);
        }
    }

    fn write_known(&mut self, group: Group, message: Message<'_>, out: &mut Output) {
        let (text, count) = repeated(without_id(message.text));
        let patterns = KNOWLEDGE.patterns.of(if text.starts_with(PAM) { KNOWLEDGE.pam } else { group });
        let mut fields = Vec::new();
        if let Some(pattern) = patterns.iter().find(|pattern| pattern.fits(text, &mut fields)) {
            let writer = self.writer.get_or_insert_with(|| Box::new(Writer::new()));
            writer.write(pattern, &fields, count, message, out);
        }
    }
}

const PAM: &str = "pam_";

/// A program's name without its folder, without the module that old systems write behind it (`su(pam_unix)`), and
/// without the bracket that GNOME's login does (`gdm-password]`).
fn name_of(program: &str) -> &str {
    let bytes = program.as_bytes();
    let from = memchr::memrchr(b'/', bytes).map_or(0, |at| at + 1);
    let end = memchr::memchr2(b'(', b']', &bytes[from..]).map_or(bytes.len(), |at| from + at);
    &program[from..end]
}

/// The patterns that a text may fit, by its program and its beginning.
fn group_of(program: &str, text: &str) -> Option<Group> {
    let name = name_of(program);
    let is_known_length = (2..=PROGRAM_MAX).contains(&name.len());
    let known = is_known_length.then(|| KNOWLEDGE.patterns.group(name)).flatten();
    known.or_else(|| text.starts_with(PAM).then_some(KNOWLEDGE.pam))
}

/// The text behind Solaris' `[ID 800047 auth.info] `.
fn without_id(text: &str) -> &str {
    match text.strip_prefix("[ID ").and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest,
        None => text,
    }
}

/// The text inside `message repeated 3 times: [ … ]`, and how often it came.
fn repeated(text: &str) -> (&str, Option<i64>) {
    let inner = || {
        let (count, rest) = text.strip_prefix("message repeated ")?.split_once(" times: [")?;
        Some((rest.strip_suffix(']')?.trim_ascii(), count.parse().ok()))
    };
    inner().unwrap_or((text, None))
}

impl Writer {
    fn new() -> Self {
        Self { mapper: Mapper::new(&KNOWLEDGE.mapping), device: Device::default() }
    }

    fn write(
        &mut self,
        pattern: &Pattern,
        fields: &[(&'static str, &str)],
        count: Option<i64>,
        message: Message<'_>,
        out: &mut Output,
    ) {
        let Some(set) = rules_of(pattern) else { return };
        self.device.set(message.host);
        let headers = [
            Value::text(self.device.name()),
            Value::text(self.device.id()),
            Value::text(name_of(message.program)),
            message.pid.parse().map_or(Value::Null, Value::Long),
            count.into(),
        ];
        let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, Value::text(text))).collect();
        let record = Record { time: message.time, headers: &headers, fields: &fields, extras: &[] };
        self.mapper.apply(&[set], &record, out);
    }
}

fn rules_of(pattern: &Pattern) -> Option<RuleSet> {
    KNOWLEDGE.mapping.rules(&pattern.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_has_rules_and_every_rule_a_pattern() {
        let sources: Vec<_> = KNOWLEDGE.patterns.all().map(|pattern| pattern.source.as_str()).collect();
        for pattern in KNOWLEDGE.patterns.all() {
            assert!(rules_of(pattern).is_some(), "{}", pattern.source);
        }
        for (source, _) in KNOWLEDGE.mapping.sources() {
            assert!(sources.contains(&source), "{source}");
        }
    }

    #[test]
    fn wrappers() {
        assert_eq!(repeated("message repeated 3 times: [ Failed x]"), ("Failed x", Some(3)));
        assert_eq!(repeated("Failed x"), ("Failed x", None));
        assert_eq!(without_id("[ID 800047 auth.info] x"), "x");
        assert_eq!(without_id("[ID x"), "[ID x");
        for (program, name) in
            [("/usr/sbin/cron", "cron"), ("su(pam_unix)", "su"), ("gdm-password]", "gdm-password")]
        {
            assert_eq!(name_of(program), name);
        }
        assert_eq!(name_of("(systemd)"), "");
    }
}
