//! Walks over the records of a segment and finds its way back after damage.
//!
//! A scanner is the only code that interprets a segment file. Opening a journal, finding a position and
//! reading entries all use it, so they agree about what is an entry and what is damage.

use std::{fs::File, io, os::unix::fs::FileExt};

use memchr::memmem;

use super::format::{RECORD_HEADER_BYTES, RECORD_MAGIC, RecordHeader};
use crate::Position;

/// Bytes fetched at once.
const WINDOW_BYTES: usize = 128 << 10;
const HEADER: u64 = RECORD_HEADER_BYTES as u64;

/// What comes next in a segment.
#[derive(Debug)]
pub enum Step<'a> {
    /// A record. `payload` is empty when payloads are not read, else its checksum is right.
    Record {
        offset: u64,
        header: RecordHeader,
        payload: &'a [u8],
    },
    /// Something that is no record, or records that should be here and are not.
    Damage(Gap),
    /// Nothing but unreadable bytes up to the end of a segment whose last position is not known: what a
    /// crash left of the last write, usually.
    Torn {
        offset: u64,
        bytes: u64,
        zeros: bool,
    },
    End,
}

/// A place that was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub offset: u64,
    pub bytes: u64,
    pub lost_entries: u64,
    pub what: &'static str,
}

/// Whether payloads are read and checked, or only the headers walked over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payloads {
    Check,
    Skip,
}

#[derive(Debug)]
pub struct Scanner<'f> {
    file: &'f File,
    salt: u64,
    payloads: Payloads,
    offset: u64,
    /// Where readable bytes end.
    end: u64,
    /// The position of the next record, if nothing is lost.
    expected: Position,
    /// The last position of the segment, if that is known.
    last: Option<Position>,
    window: Vec<u8>,
    window_at: u64,
}

impl<'f> Scanner<'f> {
    /// Starts at `offset`, where the record with the position `expected` should be.
    pub fn new(
        file: &'f File,
        salt: u64,
        payloads: Payloads,
        (offset, end): (u64, u64),
        expected: Position,
        last: Option<Position>,
    ) -> Self {
        let (window, window_at) = (Vec::new(), 0);
        Self { file, salt, payloads, offset, end, expected, last, window, window_at }
    }

    /// Where the next step begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The position of the next record, if nothing is lost.
    pub fn expected(&self) -> Position {
        self.expected
    }

    /// Goes one step. An error leaves the scanner where it was.
    pub fn step(&mut self) -> io::Result<Step<'_>> {
        if self.last.is_some_and(|last| self.expected > last) {
            return Ok(Step::End);
        }
        if self.offset >= self.end {
            return Ok(self.missing_at_end(0));
        }
        let Some(header) = self.header_at(self.offset)? else { return self.resync() };
        if header.position > self.expected {
            let lost_entries = header.position.0 - self.expected.0;
            let gap = Gap { offset: self.offset, bytes: 0, lost_entries, what: "entries are missing" };
            self.expected = header.position;
            return Ok(Step::Damage(gap));
        }
        let (offset, bytes) = (self.offset, header.record_bytes());
        if self.payloads == Payloads::Skip {
            self.advance(bytes);
            return Ok(Step::Record { offset, header, payload: &[] });
        }
        let payload = offset + HEADER;
        self.fill(payload, header.payload_bytes as usize)?;
        let at = (payload - self.window_at) as usize;
        let range = at..at + header.payload_bytes as usize;
        if crc32fast::hash(&self.window[range.clone()]) != header.payload_crc {
            return self.bad_payload(bytes);
        }
        self.advance(bytes);
        Ok(Step::Record { offset, header, payload: &self.window[range] })
    }

    fn advance(&mut self, bytes: u64) {
        self.offset += bytes;
        self.expected = self.expected.next();
    }

    /// A header that belongs here: of this segment, not before what was read, not beyond the end.
    fn header_at(&mut self, offset: u64) -> io::Result<Option<RecordHeader>> {
        if self.end - offset < HEADER {
            return Ok(None);
        }
        self.fill(offset, RECORD_HEADER_BYTES)?;
        let at = (offset - self.window_at) as usize;
        Ok(RecordHeader::parse(&self.window[at..], self.salt).filter(|header| {
            header.position >= self.expected
                && self.last.is_none_or(|last| header.position <= last)
                && header.record_bytes() <= self.end - offset
        }))
    }

    /// A record with a right header and a wrong payload. At the very end of a segment whose last
    /// position is not known, it is most likely the rest of a write that was cut short.
    fn bad_payload(&mut self, bytes: u64) -> io::Result<Step<'_>> {
        let offset = self.offset;
        if self.last.is_none() && offset + bytes >= self.end {
            self.offset = self.end;
            return Ok(Step::Torn { offset, bytes, zeros: false });
        }
        self.advance(bytes);
        let what = "the checksum of an entry is wrong";
        Ok(Step::Damage(Gap { offset, bytes, lost_entries: 1, what }))
    }

    /// Looks for the next record behind bytes that are none.
    fn resync(&mut self) -> io::Result<Step<'_>> {
        let from = self.offset;
        match self.find_record(from + 1)? {
            Some((at, header)) => {
                let lost_entries = header.position.0 - self.expected.0;
                self.offset = at;
                self.expected = header.position;
                let what = "bytes that are no entry";
                Ok(Step::Damage(Gap { offset: from, bytes: at - from, lost_entries, what }))
            }
            None if self.last.is_some() => {
                let bytes = self.end - from;
                Ok(self.missing_at_end(bytes))
            }
            None => {
                let (bytes, zeros) = (self.end - from, self.is_zero(from)?);
                self.offset = self.end;
                Ok(Step::Torn { offset: from, bytes, zeros })
            }
        }
    }

    /// The end of the readable part, reached too early if the last position is known.
    fn missing_at_end(&mut self, bytes: u64) -> Step<'_> {
        let Some(last) = self.last else { return Step::End };
        let lost_entries = last.next().0 - self.expected.0;
        let gap = Gap { offset: self.offset, bytes, lost_entries, what: "entries are missing at the end" };
        self.offset = self.end;
        self.expected = last.next();
        Step::Damage(gap)
    }

    fn find_record(&mut self, from: u64) -> io::Result<Option<(u64, RecordHeader)>> {
        let magic = memmem::Finder::new(&RECORD_MAGIC);
        let mut from = from;
        while from + HEADER <= self.end {
            // What is held is used up before more is read: the magic number may stand everywhere in a log.
            self.fill(from, RECORD_HEADER_BYTES)?;
            let held = &self.window[(from - self.window_at) as usize..];
            match magic.find(held) {
                Some(distance) => {
                    let found = from + distance as u64;
                    if let Some(header) = self.header_at(found)? {
                        return Ok(Some((found, header)));
                    }
                    from = found + 1;
                }
                // A magic number may lie across the border of two windows.
                None => from += (held.len() - (RECORD_MAGIC.len() - 1)) as u64,
            }
        }
        Ok(None)
    }

    fn is_zero(&mut self, from: u64) -> io::Result<bool> {
        let mut from = from;
        while from < self.end {
            let bytes = WINDOW_BYTES.min((self.end - from) as usize);
            self.fill(from, bytes)?;
            let at = (from - self.window_at) as usize;
            if self.window[at..at + bytes].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            from += bytes as u64;
        }
        Ok(true)
    }

    /// Makes the window hold these bytes, which lie before `end`, and more behind them if there are.
    fn fill(&mut self, offset: u64, bytes: usize) -> io::Result<()> {
        let held = self.window_at..=self.window_at + self.window.len() as u64;
        if held.contains(&offset) && offset + bytes as u64 <= *held.end() {
            return Ok(());
        }
        let wanted = bytes.max(WINDOW_BYTES).min((self.end - offset) as usize);
        let mut window = std::mem::take(&mut self.window);
        window.resize(wanted, 0);
        self.file.read_exact_at(&mut window, offset)?;
        (self.window, self.window_at) = (window, offset);
        Ok(())
    }
}
