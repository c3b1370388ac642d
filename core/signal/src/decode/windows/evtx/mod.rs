//! Windows event log files (`.evtx`): a file header of 4,096 bytes, then chunks of 64 KiB that can be
//! read each on its own.
//!
//! A chunk holds records: a header of 24 bytes, then the event as binary XML (MS-EVEN6 2.2.12), nearly
//! always a reference to a template of the chunk and the template's values. [`program`] reads a template
//! once, [`record`] fills events. Nothing is rendered to XML or JSON on the way
//! (docs/decisions/0006 has the measurement).
//!
//! What is damaged becomes a dead letter, as small a part as can be told apart: a record, the bytes
//! between two records, a chunk without records, the file header. Chunks need no file around them: those
//! that were carved out of a disk or of memory are read from wherever the first of them begins.

mod chunk;
mod cursor;
mod program;
mod record;
#[cfg(test)]
mod tests;
mod utf16;
mod value;

use std::sync::Arc;

use self::{
    chunk::{CHUNK_BYTES, CHUNK_HEADER_BYTES, CHUNK_MAGIC, ChunkHeader, Found},
    record::RecordReader,
};
use super::{event::WindowsEvent, rows::RowWriter};
use crate::{
    decode::{Confidence, Decoder, Format, Output, Sample, Session, Split},
    time,
};

/// Windows event log files.
pub static EVTX: Format = Format {
    name: "evtx",
    title: "Windows event log file",
    guess: |sample| {
        let is_evtx = sample.bytes.starts_with(FILE_MAGIC) || sample.bytes.starts_with(CHUNK_MAGIC);
        if is_evtx { Confidence::Certain } else { Confidence::No }
    },
    open: |_: &Arc<Session>| Box::new(Evtx::default()),
    split,
};

/// Chunks, if they are where they should be.
fn split(sample: &Sample<'_>) -> Split {
    let begins_at = |at: usize| sample.bytes.get(at..).is_some_and(|rest| rest.starts_with(CHUNK_MAGIC));
    match [0, FILE_HEADER_BYTES].into_iter().find(|at| begins_at(*at)) {
        Some(header) => Split::Blocks { header, block: CHUNK_BYTES },
        None => Split::Never,
    }
}

const FILE_MAGIC: &[u8; 8] = b"ElfFile\0";
const FILE_HEADER_BYTES: usize = 4096;
/// The most text that the events of one chunk may have together: templates let small records refer to much,
/// and a chunk of records that each refer to all of it would become gigabytes.
const CHUNK_TEXT_MAX: usize = 8 << 20;
const CUT_OFF: &str = "source ends within a chunk's records";

#[derive(Default)]
struct Evtx {
    /// The beginning of the file header or of a chunk whose end has not come yet.
    held: Vec<u8>,
    held_at: u64,
    /// Where blocks begin, once the first bytes have told it.
    layout: Option<Layout>,
    reader: RecordReader,
    event: WindowsEvent,
    rows: RowWriter,
    /// Text of the current chunk's events so far.
    chunk_text: usize,
    /// Where chunks of zeros began that nothing has followed yet, and how many there were.
    zeros: Option<(u64, usize)>,
}

/// Where blocks begin.
#[derive(Clone, Copy)]
struct Layout {
    /// Bytes of the file header.
    header: u64,
    /// An offset at which a chunk begins; others do so a multiple of a chunk's length from there.
    base: u64,
}

impl Layout {
    /// The layout of a source, or of a piece of one, that begins with some bytes at an offset.
    fn of(offset: u64, head: &[u8]) -> Self {
        let header = FILE_HEADER_BYTES as u64;
        match offset < header && !head.starts_with(CHUNK_MAGIC) {
            true => Self { header, base: header },
            false => Self { header: 0, base: offset },
        }
    }

    /// Bytes from `offset` to the end of the header or the chunk that it is in.
    fn block_bytes(self, offset: u64) -> usize {
        match self.header.checked_sub(offset) {
            Some(left @ 1..) => left as usize,
            _ => CHUNK_BYTES - (offset.wrapping_sub(self.base) % CHUNK_BYTES as u64) as usize,
        }
    }
}

impl Decoder for Evtx {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        while !bytes.is_empty() {
            if self.held.is_empty() {
                self.held_at = offset;
            }
            let Some(block_bytes) = self.block_bytes(bytes) else {
                return self.held.extend_from_slice(bytes);
            };
            let taken = (block_bytes - self.held.len()).min(bytes.len());
            let (now, later) = bytes.split_at(taken);
            let is_whole = self.held.len() + taken == block_bytes;
            if !self.held.is_empty() || !is_whole {
                self.held.extend_from_slice(now);
            }
            if is_whole {
                let mut held = std::mem::take(&mut self.held);
                let block = if held.is_empty() { now } else { &held };
                let done = self.block(self.held_at, block, out);
                self.held_at += done as u64;
                if held.is_empty() {
                    held.extend_from_slice(&now[done..]);
                } else {
                    held.drain(..done);
                }
                self.held = held;
            }
            offset += taken as u64;
            bytes = later;
        }
    }

    fn finish(&mut self, out: &mut Output) {
        while !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.layout.get_or_insert(Layout::of(self.held_at, &held));
            let done = self.block(self.held_at, &held, out);
            self.held_at += done as u64;
            self.held.extend_from_slice(&held[done..]);
        }
        // Zeros at the end of a file are room for events to come.
        self.zeros = None;
    }
}

impl Evtx {
    /// Bytes of the block that begins with what is held and goes on with `bytes`. `None` if they are too
    /// few to tell what the source is.
    fn block_bytes(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.layout.is_none() {
            let head: Vec<u8> = self.held.iter().chain(bytes).take(CHUNK_MAGIC.len()).copied().collect();
            if head.len() < CHUNK_MAGIC.len() {
                return None;
            }
            self.layout = Some(Layout::of(self.held_at, &head));
        }
        self.layout.map(|layout| layout.block_bytes(self.held_at))
    }

    /// The file header or a chunk, whole unless the source ends in it; tells how many bytes are done. What
    /// is left is the beginning of a chunk that is not where one should be.
    fn block(&mut self, offset: u64, bytes: &[u8], out: &mut Output) -> usize {
        if self.layout.is_some_and(|layout| offset < layout.header) {
            if !bytes.starts_with(FILE_MAGIC) {
                out.dead_letter(offset, bytes, "file header does not begin with its signature");
            }
            return bytes.len();
        }
        if bytes.iter().all(|byte| *byte == 0) {
            self.zeros.get_or_insert((offset, 0)).1 += 1;
            return bytes.len();
        }
        if let Some((at, count)) = self.zeros.take() {
            let chunks = if count == 1 { "chunk" } else { "chunks" };
            out.dead_letter(at, b"", format_args!("{count} {chunks} of zeros between chunks of events"));
        }
        if !bytes.starts_with(CHUNK_MAGIC)
            && let Some(at) = memchr::memmem::find(bytes, CHUNK_MAGIC)
        {
            out.dead_letter(offset, &bytes[..at], "bytes where a chunk should be are none");
            self.layout = Some(Layout { header: 0, base: offset + at as u64 });
            return at;
        }
        self.chunk(offset, bytes, out);
        bytes.len()
    }

    fn chunk(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        let header = match ChunkHeader::read(bytes) {
            Ok(header) => header,
            Err(reason) => return out.dead_letter(offset, bytes, reason),
        };
        if let Some(doubt) = header.doubt {
            let head = &bytes[..CHUNK_HEADER_BYTES];
            out.dead_letter(offset, head, format_args!("{doubt}; its events were read nevertheless"));
        }
        self.reader.begin_chunk();
        self.chunk_text = 0;
        let mut end = 0;
        for found in chunk::walk(bytes, &header) {
            match found {
                Found::Record { whole, written } => {
                    end = whole.end;
                    self.record(offset, bytes, whole, written, out);
                }
                Found::Unreadable(range) => {
                    end = range.end;
                    let is_cut = range.end == bytes.len() && bytes.len() < CHUNK_BYTES;
                    let reason = if is_cut { CUT_OFF } else { "bytes where a record should be are none" };
                    out.dead_letter(offset + range.start as u64, &bytes[range], reason);
                }
            }
        }
        if bytes.len() < header.free_space && end < bytes.len() {
            out.dead_letter(offset + bytes.len() as u64, b"", CUT_OFF);
        }
    }

    fn record(
        &mut self,
        offset: u64,
        chunk: &[u8],
        whole: std::ops::Range<usize>,
        written: u64,
        out: &mut Output,
    ) {
        let content = chunk::content(&whole);
        self.event.clear();
        let read = self.reader.read(chunk, content.start, content.end, &mut self.event);
        self.chunk_text += self.event.text_bytes();
        let reason = match read {
            Ok(()) if self.chunk_text > CHUNK_TEXT_MAX => "chunk's events are too large together".to_owned(),
            Ok(()) => {
                if self.event.time.is_none() && !self.event.is_set(super::event::Slot::SystemTime) {
                    self.event.time = time::from_filetime(written);
                }
                match self.rows.write(&self.event, out) {
                    Ok(()) => return,
                    Err(reason) => reason.to_string(),
                }
            }
            Err(error) => format!("record's binary XML: {}", error.reason),
        };
        out.dead_letter(offset + whole.start as u64, &chunk[whole], reason);
    }
}
