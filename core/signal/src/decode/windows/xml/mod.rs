//! Windows events as XML: what `wevtutil`, the event viewer and forwarding tools write.
//!
//! A source holds one or many `Event` elements, in an `Events` element or one behind the other, on one
//! line each or pretty-printed, in UTF-8 or UTF-16. [`super::encoding`] makes UTF-8 of it, [`frames`] finds the
//! events, [`parse`] reads one.

mod frames;
mod parse;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::frames::{Frame, Frames};
use super::{
    encoding::{self, Encoding, Transcoder},
    event::WindowsEvent,
    rows::RowWriter,
};
use crate::decode::{Confidence, Decoder, Format, Output, Sample, Session, Split, lines::Oversized};

/// Fills an event from the text of an `Event` element, or of the part of one that holds its data.
pub(super) use parse::event as read;

/// Windows events as XML.
pub static XML: Format = Format {
    name: "windows-xml",
    title: "Windows events as XML",
    guess,
    open: |_: &Arc<Session>| Box::new(XmlEvents::default()),
    split,
};

/// The namespace of the event schema.
const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

fn guess(sample: &Sample<'_>) -> Confidence {
    let text = encoding::to_utf8(sample.bytes);
    // XML in another format's values is not for this reader.
    let is_json = text.trim_start().starts_with(['{', '[']);
    match (frames::has_event(text.as_bytes()), text.contains(NAMESPACE)) {
        (true, _) if is_json => Confidence::Possible,
        (true, true) => Confidence::Certain,
        (true, false) => Confidence::Likely,
        _ => Confidence::No,
    }
}

/// Lines, if the first is an event.
fn split(sample: &Sample<'_>) -> Split {
    let first = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    let line = first.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    if line.starts_with(b"<Event ") && line.ends_with(b"</Event>") { Split::Lines } else { Split::Never }
}

#[derive(Default)]
struct XmlEvents {
    transcoder: Transcoder,
    frames: Frames,
    /// Text that no frame was found in yet, and where it begins in the source.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
    /// Where the record that is too long begins.
    oversized_at: Option<u64>,
    reader: EventReader,
}

#[derive(Default)]
struct EventReader {
    event: WindowsEvent,
    rows: RowWriter,
}

impl Decoder for XmlEvents {
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        if self.held.is_empty() && !self.transcoder.has_begun() {
            self.held_at = offset;
        }
        let skipped = self.transcoder.push(bytes, &mut self.held);
        self.held_at += skipped;
        self.read(false, out);
    }

    fn finish(&mut self, out: &mut Output) {
        self.transcoder.finish(&mut self.held);
        self.read(true, out);
    }
}

impl XmlEvents {
    /// Reads all frames that are complete.
    fn read(&mut self, is_end: bool, out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        let mut done = 0;
        while let Some((frame, end)) = self.frames.next(&self.held, done, is_end) {
            let text = &self.held[done..end];
            let is_blank = text.iter().all(u8::is_ascii_whitespace);
            if self.oversized.is_open() || text.len() > limit && !is_blank {
                for piece in text.chunks(limit) {
                    let offset = *self.oversized_at.get_or_insert(self.held_at);
                    self.oversized.keep(offset, &mut piece.to_vec(), out);
                }
                self.oversized.end(self.held_at, &mut Vec::new(), out);
                self.oversized_at = None;
            } else {
                match frame {
                    Frame::Markup => {}
                    Frame::Event => self.reader.event(self.held_at, text, out),
                    Frame::Broken(reason) => out.dead_letter(self.held_at, text, reason),
                }
            }
            self.held_at += self.transcoder.source_bytes(text);
            done = end;
        }
        self.held.drain(..done);
        self.frames.forget(done);
        // What is longer than a record may be is not held until its end comes.
        while self.held.len() > limit {
            let mut piece: Vec<u8> = self.held.drain(..limit).collect();
            let source_bytes = self.transcoder.source_bytes(&piece);
            let offset = *self.oversized_at.get_or_insert(self.held_at);
            self.oversized.keep(offset, &mut piece, out);
            self.held_at += source_bytes;
            self.frames.forget(limit);
        }
    }
}

impl EventReader {
    fn event(&mut self, offset: u64, text: &[u8], out: &mut Output) {
        self.event.clear();
        let read = match std::str::from_utf8(text) {
            Ok(text) => parse::event(text, &mut self.event),
            Err(_) => Err("event is not UTF-8"),
        };
        if let Err(reason) = read.and_then(|()| self.rows.write(&self.event, out)) {
            out.dead_letter(offset, text, reason);
        }
    }
}

/// The encoding is part of a source's beginning.
impl Transcoder {
    /// How many bytes of the source a text took.
    fn source_bytes(&self, text: &[u8]) -> u64 {
        match self.encoding() {
            Some(Encoding::Utf16 { .. }) => {
                // Two bytes a unit; a character of four bytes is two units.
                let is_start = |byte: &&u8| **byte & 0xc0 != 0x80;
                let units =
                    text.iter().filter(is_start).count() + text.iter().filter(|b| **b >= 0xf0).count();
                2 * units as u64
            }
            _ => text.len() as u64,
        }
    }
}
