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
/// kept as a dead letter, piece by piece, without ever being held whole.
pub struct Lines<D> {
    decoder: D,
    /// The beginning of a line whose end has not come yet, and its offset.
    held: Vec<u8>,
    held_at: u64,
    /// The line that is too long and so goes to dead letters: its id and the next part's number.
    oversized: Option<(String, usize)>,
    is_first: bool,
}

impl<D: LineDecoder> Lines<D> {
    pub fn new(decoder: D) -> Self {
        Self { decoder, held: Vec::new(), held_at: 0, oversized: None, is_first: true }
    }

    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > out.session().limits.record_bytes {
            let reason = too_long(out);
            out.dead_letter(offset, line, reason);
        } else if !line.is_empty() {
            self.decoder.line(offset, line, out);
        }
    }

    /// Keeps what is held of a line as a piece of a dead letter.
    fn spill(&mut self, out: &mut Output) {
        let (id, part) =
            self.oversized.get_or_insert_with(|| (uuid::Uuid::new_v4().to_string(), 0));
        let reason = too_long(out);
        out.dead_letter_piece(id, self.held_at, *part, &self.held, &reason);
        *part += 1;
        self.held.clear();
    }

    fn end_of_held(&mut self, out: &mut Output) {
        if self.oversized.is_some() {
            if !self.held.is_empty() {
                self.spill(out);
            }
            self.oversized = None;
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
        if std::mem::take(&mut self.is_first) && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes = &bytes[3..];
            offset += 3;
        }
        let limit = out.session().limits.record_bytes.max(1);
        while !bytes.is_empty() {
            let end = memchr(b'\n', bytes);
            let line = &bytes[..end.unwrap_or(bytes.len())];
            if self.held.is_empty() && self.oversized.is_none() {
                self.held_at = offset;
                if end.is_some() {
                    self.line(offset, line, out);
                }
            }
            let continues = !self.held.is_empty() || self.oversized.is_some();
            if end.is_none() || continues {
                for piece in line.chunks(limit) {
                    if self.held.len() + piece.len() > limit {
                        self.spill(out);
                    }
                    self.held.extend_from_slice(piece);
                }
                if end.is_some() {
                    self.end_of_held(out);
                }
            }
            let taken = end.map_or(bytes.len(), |at| at + 1);
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.end_of_held(out);
        self.decoder.finish(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.decoder.idle(out);
    }
}

fn too_long(out: &Output) -> String {
    format!("record is longer than the limit of {} bytes", out.session().limits.record_bytes)
}
