//! `CommonSecurityLog`: what security devices send as CEF or LEEF.
//!
//! Both are a line with a header of fields between bars and an extension of keys and values. A line comes bare
//! in a file ([`CEF`], [`LEEF`]), or as the text of a syslog message, which [`super::syslog`] sees to.
//! `mapping/cef.keys` and `mapping/leef.keys` say which column a key goes to; the other keys go to
//! `AdditionalExtensions` as `key=value;key2=value2`, as Microsoft Sentinel has it. `LogSeverity` is what the
//! device says, a word or a number.

mod cef;
mod keys;
mod leef;
mod pattern;
#[cfg(test)]
mod tests;
mod write;

use std::sync::Arc;

use memchr::{memchr, memmem};

pub use write::{Envelope, SecurityLog};

use super::{
    Confidence, Format, Output, Sample, Session, Split,
    lines::{LineDecoder, Lines},
    syslog::Messages,
};

pub static CEF: Format = Format {
    name: "cef",
    title: "Common Event Format (ArcSight), one record a line",
    guess: |sample| guess(sample, Kind::Cef),
    open: |session| Box::new(Lines::new(Records::new(session, Kind::Cef))),
    split: |_| Split::Lines,
};

pub static LEEF: Format = Format {
    name: "leef",
    title: "Log Event Extended Format (QRadar) 1.0 and 2.0, one record a line",
    guess: |sample| guess(sample, Kind::Leef),
    open: |session| Box::new(Lines::new(Records::new(session, Kind::Leef))),
    split: |_| Split::Lines,
};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cef,
    Leef,
}

/// Where in a text a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub at: usize,
}

/// How far into a text a record may begin.
const PREAMBLE_MAX: usize = 512;

/// Looks for a record in a text.
#[inline]
pub fn find(text: &str) -> Option<Found> {
    // Nearly no other text has a bar, and to find that out is fast.
    let bar = memchr(b'|', text.as_bytes()).filter(|bar| *bar <= PREAMBLE_MAX)?;
    find_before(text, bar)
}

fn find_before(text: &str, bar: usize) -> Option<Found> {
    let head = &text.as_bytes()[..bar];
    let (kind, at) = match memmem::rfind(head, b"CEF:") {
        Some(at) => (Kind::Cef, at),
        None => (Kind::Leef, memmem::rfind(head, b"LEEF:")?),
    };
    let version = text[at..bar].split_once(':')?.1.trim_start();
    let is_version = match kind {
        Kind::Cef => matches!(version, "0" | "1" | "0.1" | "1.0" | "1.1" | "1.2"),
        Kind::Leef => matches!(version, "1" | "1.0" | "2" | "2.0"),
    };
    let begins_word = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
    (is_version && begins_word).then_some(Found { kind, at })
}

/// Decodes lines that are records of one kind, with a syslog header before them or not.
struct Records {
    kind: Kind,
    messages: Messages,
}

impl Records {
    fn new(session: &Arc<Session>, kind: Kind) -> Self {
        Self { kind, messages: Messages::new(session) }
    }
}

impl LineDecoder for Records {
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        let expected = match self.kind {
            Kind::Cef => "expected a CEF record, `CEF:0|…`",
            Kind::Leef => "expected a LEEF record, `LEEF:1.0|…` or `LEEF:2.0|…`",
        };
        let text = String::from_utf8_lossy(line);
        match find(&text) {
            Some(found) if found.kind == self.kind => self.messages.record(found, offset, line, out),
            _ => out.dead_letter(offset, line, expected),
        }
    }
}

fn guess(sample: &Sample<'_>, kind: Kind) -> Confidence {
    let text = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(PREAMBLE_MAX)]);
    match find(&line) {
        Some(found) if found.kind == kind && found.at == 0 => Confidence::Certain,
        _ => Confidence::No,
    }
}
