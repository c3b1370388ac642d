//! Decoders of formats whose records are lines.

use memchr::memchr;

use super::{Decoder, Output};

/// Decodes one line. See [`Decoder`] for the contract.
pub trait LineDecoder: Send {
    /// `line` begins at `offset` in the source and has neither its line feed nor a carriage return
    /// before it. Empty lines are not handed on.
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output);

    /// The source has ended.
    fn finish(&mut self, _out: &mut Output) {}

    /// See [`Decoder::idle`].
    fn idle(&mut self, _out: &mut Output) {}
}

/// Cuts a source into lines for a [`LineDecoder`]. A line over the record limit is not decoded: it is
/// kept as a dead letter, in pieces of the limit's size, without ever being held whole.
pub struct Lines<D> {
    decoder: D,
    /// The beginning of a line whose end has not come yet, and its offset.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
    is_first: bool,
}

impl<D: LineDecoder> Lines<D> {
    pub fn new(decoder: D) -> Self {
        Self { decoder, held: Vec::new(), held_at: 0, oversized: Oversized::default(), is_first: true }
    }

    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            self.decoder.line(offset, line, out);
        }
    }

    fn end_of_held(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.line(self.held_at, &held, out);
            self.held = held;
        }
        self.held.clear();
    }
}

impl<D: LineDecoder> Decoder for Lines<D> {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes);
            let line = &bytes[..end.unwrap_or(bytes.len())];
            if self.held.is_empty() && !self.oversized.is_open() {
                self.held_at = offset;
            }
            if end.is_some() && self.is_between_lines() && line.len() <= limit && !self.is_first {
                self.line(offset, line, out);
            } else {
                self.oversized.hold(self.held_at, &mut self.held, line, out);
                if end.is_some() {
                    self.strip_byte_order_mark();
                    self.end_of_held(out);
                }
            }
            let taken = end.map_or(bytes.len(), |at| at + 1);
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.strip_byte_order_mark();
        self.end_of_held(out);
        self.decoder.finish(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.decoder.idle(out);
    }
}

impl<D> Lines<D> {
    fn is_between_lines(&self) -> bool {
        self.held.is_empty() && !self.oversized.is_open()
    }

    /// The first line of a text may begin with U+FEFF, which is no part of it.
    fn strip_byte_order_mark(&mut self) {
        let is_first = std::mem::take(&mut self.is_first) && !self.oversized.is_open();
        if is_first && self.held.starts_with(b"\xef\xbb\xbf") {
            self.held.drain(..3);
            self.held_at += 3;
        }
    }
}

/// A record over the limit on its way to the dead letters, piece by piece.
#[derive(Default)]
pub(super) struct Oversized {
    /// The dead letter's id and the next piece's number.
    open: Option<(String, usize)>,
}

impl Oversized {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Adds a piece to what is held of the record that began at `offset`. No more than the record limit is ever
    /// held; what is over it goes to the dead letters. Whether some did.
    pub fn hold(&mut self, offset: u64, held: &mut Vec<u8>, mut piece: &[u8], out: &mut Output) -> bool {
        let limit = out.session().limits.record_bytes.max(1);
        let mut has_kept = false;
        while held.len() + piece.len() > limit {
            let (now, later) = piece.split_at(limit.saturating_sub(held.len()));
            held.extend_from_slice(now);
            self.keep(offset, held, out);
            piece = later;
            has_kept = true;
        }
        held.extend_from_slice(piece);
        has_kept
    }

    /// Keeps what is held of the record that began at `offset` as its next piece.
    pub fn keep(&mut self, offset: u64, held: &mut Vec<u8>, out: &mut Output) {
        let limit = out.session().limits.record_bytes;
        let reason = format!("record is longer than the limit of {limit} bytes");
        let (id, part) = self.open.get_or_insert_with(|| (uuid::Uuid::new_v4().to_string(), 0));
        out.dead_letter_piece(id, offset, *part, held, &reason);
        *part += 1;
        held.clear();
    }

    /// The record ends with what is held.
    pub fn end(&mut self, offset: u64, held: &mut Vec<u8>, out: &mut Output) {
        if !held.is_empty() {
            self.keep(offset, held, out);
        }
        self.open = None;
    }
}
