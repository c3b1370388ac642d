//! Lines of CSV behind their header, for whoever makes rows of them.

use std::borrow::Cow;

use super::record::{self, Ending};
use crate::decode::{Decoder, Output, lines::Oversized};

/// Decodes one line. See [`Decoder`] for the contract.
pub trait RowDecoder: Send {
    /// `names` are the header's, one for each field. An error sends the line to the dead letters.
    fn row(&mut self, names: &[String], line: Line<'_>, out: &mut Output) -> Result<(), Cow<'static, str>>;
}

/// A line and what divides its fields.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    text: &'a str,
    delimiter: u8,
}

impl<'a> Line<'a> {
    pub fn fields(self) -> impl Iterator<Item = Cow<'a, str>> {
        record::fields(self.text, self.delimiter)
    }
}

/// Cuts a source into lines for a [`RowDecoder`]. The header's line may come again, where files were joined.
pub struct CsvRecords<D> {
    decoder: D,
    held: Vec<u8>,
    held_at: u64,
    ending: Ending,
    oversized: Oversized,
    header: Option<Header>,
}

struct Header {
    line: Vec<u8>,
    delimiter: u8,
    names: Vec<String>,
}

impl<D: RowDecoder> CsvRecords<D> {
    pub fn new(decoder: D) -> Self {
        Self {
            decoder,
            held: Vec::new(),
            held_at: 0,
            ending: Ending::default(),
            oversized: Oversized::default(),
            header: None,
        }
    }

    fn end_of_held(&mut self, out: &mut Output) {
        self.ending = Ending::default();
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else if !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.record(self.held_at, &held, out);
            self.held = held;
        }
        self.held.clear();
    }

    fn record(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return;
        }
        let Ok(text) = std::str::from_utf8(line) else {
            return out.dead_letter(offset, line, "not UTF-8");
        };
        match &self.header {
            None if is_type_line(text) => {}
            None => {
                self.header = Some(Header::new(text));
                out.set_header(&[line, b"\n"].concat());
            }
            Some(header) if header.line == line => {}
            Some(header) => {
                let line_of_fields = Line { text, delimiter: header.delimiter };
                if let Err(reason) = self.decoder.row(&header.names, line_of_fields, out) {
                    out.dead_letter(offset, line, reason);
                }
            }
        }
    }
}

impl<D: RowDecoder> Decoder for CsvRecords<D> {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        while !bytes.is_empty() {
            if self.held.is_empty() && !self.oversized.is_open() {
                self.held_at = offset;
            }
            let delimiter = self.header.as_ref().map_or(b',', |header| header.delimiter);
            let (taken, has_ended) = self.ending.feed(bytes, delimiter);
            let is_whole = has_ended && self.held.is_empty() && !self.oversized.is_open();
            if is_whole && taken <= limit {
                self.record(offset, &bytes[..taken], out);
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
        if self.ending.is_quoted() && !self.oversized.is_open() && !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            out.dead_letter(self.held_at, &held, "a field's closing quote is missing");
        }
        self.end_of_held(out);
    }
}

impl Header {
    fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let delimiter = super::delimiter(text.as_bytes());
        let name = |(at, name): (usize, Cow<'_, str>)| match name.trim() {
            "" => super::extra_name(at),
            name => name.to_owned(),
        };
        let names = record::fields(text, delimiter).enumerate().map(name).collect();
        Self { line: text.as_bytes().to_vec(), delimiter, names }
    }
}

/// The names of a CSV header at the beginning of a source, if there is one.
pub fn header(bytes: &[u8]) -> Option<Vec<String>> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    loop {
        let (end, true) = Ending::default().feed(rest, b',') else { return None };
        let line = std::str::from_utf8(rest[..end].trim_ascii_end()).ok()?;
        if !is_type_line(line) {
            return Some(Header::new(line).names);
        }
        rest = &rest[end..];
    }
}

/// The line with the objects' type that PowerShell's `Export-Csv` writes in front of the header.
fn is_type_line(line: &str) -> bool {
    line.trim_start_matches('\u{feff}').starts_with("#TYPE ")
}
