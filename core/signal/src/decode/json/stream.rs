//! JSON objects found in a stream of bytes.
//!
//! A source may hold one object a line, objects one behind the other, an array of them, or an array in a
//! wrapper object (`{"Records": […]}`); the elements of an array are records as soon as they are there,
//! however long the array is. What is no object, or is broken, becomes a dead letter. Reading goes on behind
//! the line that broke, or in it where that line is a whole array: behind the brace that closes the broken
//! record. Either way a line that begins with a brace is a new record.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::{JsonError, Members, members};
use crate::decode::{Decoder, Output, lines::Oversized};

/// Decodes one object. See [`Decoder`] for the contract.
pub trait JsonDecoder: Send {
    /// Names of members whose array of objects holds the records, if it is an object's first member
    /// (members whose name begins with `@`, and those of [`JsonDecoder::preamble`], aside).
    fn wrappers(&self) -> &[&str] {
        &[]
    }

    /// Names of members that may stand in front of the wrapper's array.
    fn preamble(&self) -> &[&str] {
        &[]
    }

    /// The records that follow stand in a wrapper, which begins so, up to its array's bracket.
    fn wrapped(&mut self, _opening: &[u8]) {}

    /// `text` is an object, found at `offset` in the source, and `members` are its members. An error
    /// sends it to the dead letters.
    fn record(
        &mut self,
        offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>>;

    /// The source has ended.
    fn finish(&mut self, _out: &mut Output) {}

    /// See [`Decoder::idle`].
    fn idle(&mut self, _out: &mut Output) {}
}

/// Cuts a source into objects for a [`JsonDecoder`].
pub struct JsonRecords<D> {
    decoder: D,
    members: Members,
    place: Place,
    holding: Holding,
    /// The beginning of what is held, and its offset.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
    /// Nothing but space was seen: a byte order mark may come.
    is_first: bool,
}

/// Where in the source's structure the next record stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Top,
    Array,
    WrappedArray,
    /// Behind a wrapper's array, before its closing brace.
    WrapperTail,
}

/// What `held` is the beginning of.
enum Holding {
    Nothing,
    /// A record, or a member in a wrapper's tail. It is looked at again when it seems complete or has
    /// grown to `look_at` bytes.
    Item {
        closing: Closing,
        look_at: usize,
    },
    /// Bytes up to the end of the line (or an object's beginning) that are no record.
    Garbage {
        reason: Cow<'static, str>,
        ends_at_object: bool,
    },
    /// A record that is over the limit or, for the reason that is given, broken.
    Lost {
        closing: Closing,
        after_line_feed: bool,
        reason: Option<Cow<'static, str>>,
    },
}

/// How an object begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// As a record.
    Record,
    /// More bytes are needed to tell.
    Unclear,
    /// As a wrapper; the first record stands behind so many bytes.
    Wrapper(usize),
}

/// A wrapper's members before its records are no longer than this.
const OPENING_MAX: usize = 4096;

impl<D: JsonDecoder> JsonRecords<D> {
    pub fn new(decoder: D) -> Self {
        Self {
            decoder,
            members: Members::default(),
            place: Place::Top,
            holding: Holding::Nothing,
            held: Vec::new(),
            held_at: 0,
            oversized: Oversized::default(),
            is_first: true,
        }
    }

    fn read(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        let mut at = 0;
        while at < bytes.len() {
            let (offset, rest) = (offset + at as u64, &bytes[at..]);
            at += match self.holding {
                Holding::Nothing => self.begin(offset, rest, out),
                Holding::Item { .. } => self.more_of_item(rest, out),
                Holding::Garbage { .. } => self.more_of_garbage(rest, out),
                Holding::Lost { .. } => self.more_of_lost(rest, out),
            };
        }
    }

    /// Between records. As the others, tells how many bytes it has dealt with.
    fn begin(&mut self, offset: u64, bytes: &[u8], out: &mut Output) -> usize {
        let is_space = |b: u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',' | 0x1e);
        let is_mark = |b: u8| self.is_first && matches!(b, 0xef | 0xbb | 0xbf);
        let space = bytes.iter().take_while(|b| is_space(**b) || is_mark(**b)).count();
        let Some(first) = bytes.get(space) else { return space };
        self.is_first = false;
        let (offset, rest) = (offset + space as u64, &bytes[space..]);
        space
            + match (self.place, first) {
                (Place::Top, b'[') => self.go(Place::Array, 1),
                (Place::Array, b']') => self.go(Place::Top, 1),
                (Place::WrappedArray, b']') => self.go(Place::WrapperTail, 1),
                (Place::WrapperTail, b'}') => self.go(Place::Top, 1),
                (Place::Top | Place::Array | Place::WrappedArray, b'{') | (Place::WrapperTail, b'"') => {
                    self.item(offset, rest, out)
                }
                _ => {
                    let ends_at_object = matches!(self.place, Place::Array | Place::WrappedArray);
                    self.hold(offset, Holding::Garbage { reason: "not a JSON object".into(), ends_at_object })
                }
            }
    }

    fn go(&mut self, place: Place, bytes: usize) -> usize {
        self.place = place;
        bytes
    }

    /// Enters a wrapper, whose beginning is told to the decoder.
    fn open(&mut self, opening: &[u8]) -> usize {
        self.decoder.wrapped(opening);
        self.go(Place::WrappedArray, opening.len())
    }

    /// Begins to hold what stands at `offset`.
    fn hold(&mut self, offset: u64, what: Holding) -> usize {
        self.held_at = offset;
        self.holding = what;
        0
    }

    /// At the beginning of a record or of a wrapper: of what `bytes` has whole, nothing is copied.
    fn item(&mut self, offset: u64, bytes: &[u8], out: &mut Output) -> usize {
        let limit = out.session().limits.record_bytes;
        let window = &bytes[..bytes.len().min(limit.saturating_add(1))];
        match self.look(window) {
            Look::Wrapper(length) => self.open(&bytes[..length]),
            Look::Item(end) if end <= limit => {
                self.emit(offset, &bytes[..end], out);
                end
            }
            Look::Broken { at, reason } => self.recover(offset, bytes, at, reason, out),
            Look::Item(_) | Look::Incomplete => {
                self.hold(offset, Holding::Item { closing: Closing::default(), look_at: 256 })
            }
        }
    }

    fn more_of_item(&mut self, bytes: &[u8], out: &mut Output) -> usize {
        let limit = out.session().limits.record_bytes;
        let Holding::Item { closing, look_at } = &mut self.holding else { return 0 };
        let wanted = (*look_at).min(limit.saturating_add(1)).saturating_sub(self.held.len()).max(1);
        let window = &bytes[..bytes.len().min(wanted)];
        let (taken, has_closed) = closing.feed(window);
        self.held.extend_from_slice(&window[..taken]);
        if has_closed || taken == wanted {
            self.look_at_held(out);
        }
        taken
    }

    /// Looks whether what is held has become a record, and goes on with what follows it.
    fn look_at_held(&mut self, out: &mut Output) {
        let limit = out.session().limits.record_bytes;
        let held = std::mem::take(&mut self.held);
        let offset = self.held_at;
        let is_giant = |end: usize| end > limit;
        let done = match self.look(&held) {
            Look::Item(end) if is_giant(end) => {
                self.holding = Holding::Nothing;
                self.hold_bytes(&held[..end], out);
                self.end_of_lost(None, out);
                end
            }
            Look::Incomplete if is_giant(held.len()) => {
                let before = std::mem::replace(&mut self.holding, Holding::Nothing);
                if let Holding::Item { closing, .. } = before {
                    let after_line_feed = held.ends_with(b"\n");
                    self.holding = Holding::Lost { closing, after_line_feed, reason: None };
                    self.hold_bytes(&held, out);
                }
                return;
            }
            Look::Incomplete => {
                self.held = held;
                if let Holding::Item { look_at, .. } = &mut self.holding {
                    *look_at = self.held.len() + (self.held.len() / 8).max(256);
                }
                return;
            }
            Look::Wrapper(length) => {
                self.holding = Holding::Nothing;
                self.open(&held[..length])
            }
            Look::Item(end) => {
                self.holding = Holding::Nothing;
                self.emit(offset, &held[..end], out);
                end
            }
            Look::Broken { at, reason } => {
                self.holding = Holding::Nothing;
                self.recover(offset, &held, at, reason, out)
            }
        };
        self.read(offset + done as u64, &held[done..], out);
        if self.held.is_empty() {
            self.held = held;
            self.held.clear();
        }
    }

    fn look(&mut self, bytes: &[u8]) -> Look {
        let parsed = match self.place {
            Place::WrapperTail => members::member_prefix(bytes),
            Place::Top => match opening(bytes, self.decoder.wrappers(), self.decoder.preamble()) {
                Opening::Wrapper(length) => return Look::Wrapper(length),
                Opening::Unclear => return Look::Incomplete,
                Opening::Record => self.members.parse_prefix(bytes),
            },
            Place::Array | Place::WrappedArray => self.members.parse_prefix(bytes),
        };
        match parsed {
            Ok(end) => Look::Item(end),
            Err(JsonError::Incomplete) => Look::Incomplete,
            Err(JsonError::Invalid { at, reason }) => Look::Broken { at, reason },
        }
    }

    fn emit(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        if self.place == Place::WrapperTail {
            if !bytes.starts_with(b"\"@") {
                out.dead_letter(offset, bytes, "stands beside the records of its source");
            }
            return;
        }
        let result = match std::str::from_utf8(bytes) {
            Ok(text) => self.decoder.record(offset, text, &self.members, out),
            Err(_) => Err("not UTF-8".into()),
        };
        if let Err(reason) = result {
            out.dead_letter(offset, bytes, reason);
        }
    }

    /// A record that begins at `bytes` is broken at `at`.
    fn recover(
        &mut self,
        offset: u64,
        bytes: &[u8],
        at: usize,
        reason: &'static str,
        out: &mut Output,
    ) -> usize {
        let reason: Cow<'static, str> = format!("not JSON: {reason}").into();
        if matches!(self.place, Place::Array | Place::WrappedArray) {
            let closing = Closing::default();
            let lost = Holding::Lost { closing, after_line_feed: false, reason: Some(reason) };
            return self.hold(offset, lost);
        }
        let mut line_feeds = memchr_iter(b'\n', &bytes[..at]);
        if let Some(line_start) = line_feeds.find(|at| bytes[at + 1] == b'{').map(|at| at + 1) {
            out.dead_letter(offset, bytes[..line_start].trim_ascii_end(), reason);
            return line_start;
        }
        self.hold(offset, Holding::Garbage { reason, ends_at_object: false });
        // What comes before the error may have line feeds of its own.
        self.hold_bytes(&bytes[..at], out);
        at
    }

    fn more_of_garbage(&mut self, bytes: &[u8], out: &mut Output) -> usize {
        let Holding::Garbage { ends_at_object, reason } = &mut self.holding else { return 0 };
        let line_end = memchr(b'\n', bytes);
        let line = &bytes[..line_end.unwrap_or(bytes.len())];
        let object = if *ends_at_object { memchr(b'{', line) } else { None };
        let end = object.or(line_end);
        let reason = end.map(|_| std::mem::take(reason));
        self.hold_bytes(&bytes[..end.unwrap_or(bytes.len())], out);
        if let Some(reason) = reason {
            self.end_of_garbage(reason, out);
        }
        end.unwrap_or(bytes.len())
    }

    fn end_of_garbage(&mut self, reason: Cow<'static, str>, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else {
            out.dead_letter(self.held_at, self.held.trim_ascii_end(), reason);
        }
        self.held.clear();
        self.holding = Holding::Nothing;
    }

    fn more_of_lost(&mut self, bytes: &[u8], out: &mut Output) -> usize {
        let Holding::Lost { closing, after_line_feed, reason } = &mut self.holding else { return 0 };
        let mut end = None;
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'{' && *after_line_feed {
                end = Some(at);
                break;
            }
            *after_line_feed = *byte == b'\n';
            // A string that the line does not close has swallowed the braces behind it.
            let is_torn = *after_line_feed && closing.in_string && reason.is_some();
            if closing.byte(*byte) || is_torn {
                end = Some(at + 1);
                break;
            }
        }
        let reason = reason.take_if(|_| end.is_some());
        let taken = end.unwrap_or(bytes.len());
        self.hold_bytes(&bytes[..taken], out);
        if end.is_some() {
            self.end_of_lost(reason, out);
        }
        taken
    }

    fn end_of_lost(&mut self, reason: Option<Cow<'static, str>>, out: &mut Output) {
        match reason {
            Some(reason) if !self.oversized.is_open() => {
                out.dead_letter(self.held_at, self.held.trim_ascii_end(), reason);
                self.held.clear();
            }
            _ => self.oversized.end(self.held_at, &mut self.held, out),
        }
        self.holding = Holding::Nothing;
    }

    /// Holds bytes that go to the dead letters, in pieces if they are over the limit.
    fn hold_bytes(&mut self, mut bytes: &[u8], out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        while self.held.len() + bytes.len() > limit {
            let (now, later) = bytes.split_at(limit - self.held.len());
            self.held.extend_from_slice(now);
            self.oversized.keep(self.held_at, &mut self.held, out);
            bytes = later;
        }
        self.held.extend_from_slice(bytes);
    }
}

impl<D: JsonDecoder> Decoder for JsonRecords<D> {
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        self.read(offset, bytes, out);
    }

    fn finish(&mut self, out: &mut Output) {
        if matches!(self.holding, Holding::Item { .. }) {
            self.look_at_held(out);
        }
        match std::mem::replace(&mut self.holding, Holding::Nothing) {
            Holding::Nothing => {}
            Holding::Item { .. } => {
                let held = std::mem::take(&mut self.held);
                out.dead_letter(self.held_at, held.trim_ascii_end(), "not JSON: ends too early");
            }
            Holding::Garbage { reason, .. } => self.end_of_garbage(reason, out),
            Holding::Lost { reason, .. } => self.end_of_lost(reason, out),
        }
        self.decoder.finish(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.decoder.idle(out);
    }
}

/// What stands at the beginning of some bytes.
enum Look {
    Wrapper(usize),
    Item(usize),
    Incomplete,
    Broken { at: usize, reason: &'static str },
}

/// Tells how an object begins: with one of the wrappers' names, behind members of the preamble or not.
pub fn opening(bytes: &[u8], wrappers: &[&str], preamble: &[&str]) -> Opening {
    if wrappers.is_empty() {
        return Opening::Record;
    }
    let unclear = if bytes.len() < OPENING_MAX { Opening::Unclear } else { Opening::Record };
    let bytes = &bytes[..bytes.len().min(OPENING_MAX)];
    let after_space = |at: usize| at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    if bytes.first().is_some_and(|b| *b != b'{') {
        return Opening::Record;
    }
    let mut at = after_space(bytes.len().min(1));
    loop {
        match bytes.get(at) {
            Some(b'"') => at += 1,
            Some(_) => return Opening::Record,
            None => return unclear,
        }
        let rest = &bytes[at..];
        let could_be = |names: &[&str]| {
            let begins = |name: &&str| rest.starts_with(name.as_bytes()) || name.as_bytes().starts_with(rest);
            names.iter().any(begins)
        };
        let is_own = rest.first() == Some(&b'@');
        if !is_own && !could_be(wrappers) && !could_be(preamble) {
            return Opening::Record;
        }
        let Some(length) = memchr(b'"', rest) else { return unclear };
        let is_one_of = |names: &[&str]| names.iter().any(|name| name.as_bytes() == &rest[..length]);
        let is_before = is_own || is_one_of(preamble);
        if !is_before && !is_one_of(wrappers) {
            return Opening::Record;
        }
        at = after_space(at + length + 1);
        match bytes.get(at) {
            Some(b':') => at = after_space(at + 1),
            Some(_) => return Opening::Record,
            None => return unclear,
        }
        if !is_before {
            let inside = match bytes.get(at) {
                Some(b'[') => after_space(at + 1),
                Some(_) => return Opening::Record,
                None => return unclear,
            };
            return match bytes.get(inside) {
                Some(b'{' | b']') => Opening::Wrapper(at + 1),
                Some(_) => Opening::Record,
                None => unclear,
            };
        }
        at = match members::value_prefix(&bytes[at..]) {
            Ok((length, _)) => after_space(at + length),
            Err(JsonError::Incomplete) => return unclear,
            Err(_) => return Opening::Record,
        };
        match bytes.get(at) {
            Some(b',') => at = after_space(at + 1),
            Some(_) => return Opening::Record,
            None => return unclear,
        }
    }
}

/// Watches for the end of an object, without judging what is in it.
#[derive(Default)]
struct Closing {
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Closing {
    /// Takes bytes up to the one that closes the object, if it is there.
    fn feed(&mut self, bytes: &[u8]) -> (usize, bool) {
        match bytes.iter().position(|byte| self.byte(*byte)) {
            Some(at) => (at + 1, true),
            None => (bytes.len(), false),
        }
    }

    fn byte(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' | b'\n' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}
