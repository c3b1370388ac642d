//! The journal export format.
//!
//! An entry is a list of fields and ends with an empty line. A field is a line `NAME=value`, or, for values that
//! are not plain text, a line `NAME`, the value's length as eight bytes, little-endian, the value, and a line
//! feed. So a value may hold empty lines, and only who follows the fields finds the entry's end.

use std::{borrow::Cow, sync::Arc};

use memchr::memchr;

use super::rows::{Fields, RowWriter, push_bytes};
use crate::{
    decode::{Confidence, Decoder, Format, Output, Sample, Session, Split, lines::Oversized},
    mapping::Value,
};

pub static FORMAT: Format = Format {
    name: "journald-export",
    title: "systemd journal, export format (journalctl -o export)",
    guess,
    open: |session: &Arc<Session>| Box::new(Export::new(session)),
    split: |_| Split::Never,
};

fn guess(sample: &Sample<'_>) -> Confidence {
    let first = sample.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_first_field = first.starts_with(b"__CURSOR=") || first.starts_with(b"__REALTIME_TIMESTAMP=");
    if is_first_field { Confidence::Certain } else { Confidence::No }
}

struct Export {
    rows: RowWriter,
    scan: Scan,
    /// The beginning of an entry whose end has not come yet, and its offset.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
}

impl Export {
    fn new(session: &Session) -> Self {
        Self {
            rows: RowWriter::new(session),
            scan: Scan::default(),
            held: Vec::new(),
            held_at: 0,
            oversized: Oversized::default(),
        }
    }

    fn end_of_held(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else {
            let held = std::mem::take(&mut self.held);
            self.entry(self.held_at, &held, out);
            self.held = held;
        }
        self.held.clear();
    }

    fn entry(&mut self, offset: u64, entry: &[u8], out: &mut Output) {
        if entry.iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
            return;
        }
        let mut fields = Vec::new();
        match read(entry, &mut fields) {
            Ok(()) => self.rows.write(&fields, out),
            Err(reason) => out.dead_letter(offset, entry, reason),
        }
    }
}

impl Decoder for Export {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        while !bytes.is_empty() {
            let is_between = self.held.is_empty() && !self.oversized.is_open();
            if is_between {
                self.held_at = offset;
            }
            let (taken, has_ended) = self.scan.advance(bytes, limit);
            if has_ended && is_between && taken <= limit {
                self.entry(offset, &bytes[..taken], out);
            } else {
                self.oversized.hold(self.held_at, &mut self.held, &bytes[..taken], out);
                if has_ended {
                    self.end_of_held(out);
                }
            }
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.end_of_held(out);
        self.scan = Scan::default();
    }
}

/// Reads an entry's fields. What is wrong is told, and nothing is known of the entry then.
fn read<'a>(entry: &'a [u8], fields: &mut Fields<'a>) -> Result<(), &'static str> {
    let mut rest = entry;
    while let Some(end) = memchr(b'\n', rest) {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        let (name, value) = match memchr(b'=', line) {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, counted(&mut rest)?),
        };
        if name.is_empty() || !name.iter().all(|byte| is_name(*byte)) {
            return Err("a field's name is not made of capital letters, digits and `_`");
        }
        let name = Cow::Owned(String::from_utf8_lossy(name).into_owned());
        match std::str::from_utf8(value) {
            Ok(text) => fields.push((name, Value::text(text))),
            Err(_) => push_bytes(fields, name, value),
        }
    }
    match (rest, fields.is_empty()) {
        ([], false) => Ok(()),
        ([], true) => Err("the entry has no fields"),
        _ => Err(CUT),
    }
}

const CUT: &str = "the entry is cut off, or a value's length is wrong";

/// Takes a value's length, the value, and the line feed behind it.
fn counted<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let (length, behind) = rest.split_first_chunk().ok_or(CUT)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let value = behind.get(..length).ok_or(CUT)?;
    *rest = match &behind[length..] {
        [b'\n', after @ ..] => after,
        [] => return Err(CUT),
        _ => return Err("a value is longer than its length says"),
    };
    Ok(value)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Follows the fields of a stream of entries, to find where one ends.
#[derive(Default)]
struct Scan {
    state: State,
    line_bytes: usize,
    has_equals: bool,
    /// The entry has a length that can't be: no further one is believed up to its end.
    is_broken: bool,
}

#[derive(Default)]
enum State {
    /// In a line: a name, or a name and a value.
    #[default]
    Line,
    /// In the length of a value: so many bytes of it are known.
    Length { bytes: [u8; 8], known: usize },
    /// In a value or the line feed behind it: so many bytes are left.
    Value(u64),
}

/// A length of more than so many times the record limit is believed to be none: the entry is broken, and what
/// follows is looked at line by line.
const LENGTH_LIMITS: u64 = 64;

impl Scan {
    /// Takes bytes up to the end of an entry, or all of them: how many, and whether an entry ended.
    fn advance(&mut self, bytes: &[u8], limit: usize) -> (usize, bool) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Line => {
                    let end = memchr(b'\n', rest);
                    let line = &rest[..end.unwrap_or(rest.len())];
                    self.line_bytes += line.len();
                    self.has_equals = self.has_equals || memchr(b'=', line).is_some();
                    at += end.map_or(rest.len(), |end| end + 1);
                    if end.is_some() && self.end_line() {
                        return (at, true);
                    }
                }
                State::Length { bytes: length, known } => {
                    let taken = rest.len().min(8 - *known);
                    length[*known..*known + taken].copy_from_slice(&rest[..taken]);
                    *known += taken;
                    at += taken;
                    if *known == 8 {
                        let length = u64::from_le_bytes(*length);
                        self.is_broken = length > LENGTH_LIMITS.saturating_mul(limit as u64);
                        self.state = if self.is_broken { State::Line } else { State::Value(length + 1) };
                    }
                }
                State::Value(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= taken as u64;
                    at += taken;
                    if *left == 0 {
                        self.state = State::Line;
                    }
                }
            }
        }
        (at, false)
    }

    /// Whether the line that has ended was the end of an entry.
    fn end_line(&mut self) -> bool {
        let is_end = self.line_bytes == 0;
        if is_end {
            self.is_broken = false;
        } else if !self.has_equals && !self.is_broken {
            self.state = State::Length { bytes: [0; 8], known: 0 };
        }
        self.line_bytes = 0;
        self.has_equals = false;
        is_end
    }
}
