//! UTF-8 from what the source is encoded in: UTF-8 or UTF-16, told by a byte order mark or by the zero
//! beside the first `<`, `{` or `[`. PowerShell 5 writes whatever it writes as UTF-16.

use std::borrow::Cow;

use crate::decode::{Decoder, Output};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16 { is_big_endian: bool },
}

/// Makes UTF-8 of a stream, in pieces of any size. What is no UTF-16 becomes U+FFFD; UTF-8 is left as it
/// is for the reader to check.
#[derive(Default)]
pub struct Transcoder {
    encoding: Option<Encoding>,
    /// The first bytes before the encoding is known, or half a unit, or the first unit of a pair.
    held: Vec<u8>,
}

impl Transcoder {
    /// Whether any bytes were pushed.
    pub fn has_begun(&self) -> bool {
        self.encoding.is_some() || !self.held.is_empty()
    }

    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// Appends the text of `bytes`; the number of bytes of a byte order mark that was left out.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> u64 {
        match self.encoding {
            Some(Encoding::Utf8) => {
                out.extend_from_slice(bytes);
                0
            }
            Some(Encoding::Utf16 { is_big_endian }) => {
                self.held.extend_from_slice(bytes);
                self.units(is_big_endian, false, out);
                0
            }
            None => {
                self.held.extend_from_slice(bytes);
                if self.held.len() < 3 { 0 } else { self.begin(out) }
            }
        }
    }

    /// The source has ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.encoding.is_none() {
            self.begin(out);
        }
        if let Some(Encoding::Utf16 { is_big_endian }) = self.encoding {
            self.units(is_big_endian, true, out);
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) -> u64 {
        let (encoding, mark) = detect(&self.held);
        self.encoding = Some(encoding);
        let held = std::mem::take(&mut self.held);
        self.push(&held[mark..], out);
        mark as u64
    }

    fn units(&mut self, is_big_endian: bool, is_end: bool, out: &mut Vec<u8>) {
        let mut done = 0;
        let mut units = self.held.chunks_exact(2).map(|unit| {
            let unit = [unit[0], unit[1]];
            if is_big_endian { u16::from_be_bytes(unit) } else { u16::from_le_bytes(unit) }
        });
        let mut buffer = [0; 4];
        while let Some(unit) = units.next() {
            let (c, taken) = match unit {
                0xd800..0xdc00 => match units.clone().next() {
                    None if !is_end => break,
                    Some(low @ 0xdc00..0xe000) => {
                        units.next();
                        (char::decode_utf16([unit, low]).next().and_then(Result::ok), 4)
                    }
                    _ => (None, 2),
                },
                unit => (char::from_u32(unit.into()), 2),
            };
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            done += taken;
        }
        self.held.drain(..done);
        if is_end && !self.held.is_empty() {
            out.extend_from_slice(char::REPLACEMENT_CHARACTER.encode_utf8(&mut buffer).as_bytes());
            self.held.clear();
        }
    }
}

/// The beginning of a source as text, for guessing.
pub fn to_utf8(bytes: &[u8]) -> Cow<'_, str> {
    let (encoding, mark) = detect(bytes);
    if encoding == Encoding::Utf8 {
        return String::from_utf8_lossy(&bytes[mark..]);
    }
    let mut out = Vec::new();
    Transcoder::default().push(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default().into()
}

/// The encoding, and how long the byte order mark is.
fn detect(bytes: &[u8]) -> (Encoding, usize) {
    let utf16 = |is_big_endian| Encoding::Utf16 { is_big_endian };
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        [0xff, 0xfe, ..] => (utf16(false), 2),
        [0xfe, 0xff, ..] => (utf16(true), 2),
        [b'<' | b'{' | b'[', 0, ..] => (utf16(false), 0),
        [0, b'<' | b'{' | b'[', ..] => (utf16(true), 0),
        _ => (Encoding::Utf8, 0),
    }
}

/// A decoder of UTF-8 for sources that may be UTF-16. Offsets in such a source count its text as UTF-8.
pub struct Transcoded<D> {
    transcoder: Transcoder,
    inner: D,
    /// The text of the current piece.
    text: Vec<u8>,
    /// Where the next text begins.
    at: u64,
}

impl<D> Transcoded<D> {
    pub fn new(inner: D) -> Self {
        Self { transcoder: Transcoder::default(), inner, text: Vec::new(), at: 0 }
    }
}

impl<D: Decoder> Decoder for Transcoded<D> {
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        if self.transcoder.encoding() == Some(Encoding::Utf8) {
            return self.inner.push(offset, bytes, out);
        }
        if !self.transcoder.has_begun() {
            self.at = offset;
        }
        self.text.clear();
        self.at += self.transcoder.push(bytes, &mut self.text);
        self.inner.push(self.at, &self.text, out);
        self.at += self.text.len() as u64;
    }

    fn finish(&mut self, out: &mut Output) {
        self.text.clear();
        self.transcoder.finish(&mut self.text);
        self.inner.push(self.at, &self.text, out);
        self.inner.finish(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.inner.idle(out);
    }
}
