//! A chunk's header and the walk over its records (64 KiB; the layout is that of Windows Vista and later).

use std::ops::Range;

pub(super) const CHUNK_BYTES: usize = 65_536;
pub(super) const CHUNK_HEADER_BYTES: usize = 512;
const RECORD_HEADER: usize = 24;
/// A record has its header and, at its end, its size again.
const RECORD_MIN: usize = RECORD_HEADER + 4;
pub(super) const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
const RECORD_MAGIC: &[u8; 4] = b"**\0\0";

/// What a chunk's header says.
pub(super) struct ChunkHeader {
    /// Where the records end.
    pub free_space: usize,
    /// Why the chunk's content may be damaged, if it may.
    pub doubt: Option<&'static str>,
}

/// A part of a chunk that the walk came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Record {
        /// All of the record.
        whole: Range<usize>,
        /// When it was written: 100 ns since 1601.
        written: u64,
    },
    /// Bytes that are no record, where one should be.
    Unreadable(Range<usize>),
}

impl ChunkHeader {
    /// Reads the header of a chunk, of which the beginning may be all there is.
    pub fn read(chunk: &[u8]) -> Result<Self, &'static str> {
        if chunk.len() < CHUNK_HEADER_BYTES {
            return Err("chunk is cut off in its header");
        }
        let has_signature = chunk.starts_with(CHUNK_MAGIC);
        if !has_signature && next_record(chunk, CHUNK_HEADER_BYTES, chunk.len()).is_none() {
            return Err("chunk has neither its signature nor records");
        }
        let free_space = u32_at(chunk, 48) as usize;
        let is_plausible = (CHUNK_HEADER_BYTES..=CHUNK_BYTES).contains(&free_space);
        let has_checksums = u32_at(chunk, 120) & 4 == 0;
        let doubt = if !has_signature {
            Some("chunk does not begin with its signature")
        } else if !is_plausible {
            Some("chunk's header names an impossible end of its records")
        } else if has_checksums && u32_at(chunk, 124) != header_checksum(chunk) {
            Some("chunk's header does not match its checksum")
        } else if has_checksums
            && chunk
                .get(CHUNK_HEADER_BYTES..free_space)
                .is_some_and(|records| u32_at(chunk, 52) != crc32fast::hash(records))
        {
            Some("chunk's records do not match their checksum")
        } else {
            None
        };
        Ok(Self { free_space: if is_plausible { free_space } else { CHUNK_BYTES }, doubt })
    }
}

/// The records of a chunk, in order, and what lies between them.
pub(super) fn walk<'a>(chunk: &'a [u8], header: &ChunkHeader) -> impl Iterator<Item = Found> + use<'a> {
    let (mut at, declared_end) = (CHUNK_HEADER_BYTES, header.free_space.min(chunk.len()));
    let mut last_id = None;
    std::iter::from_fn(move || {
        if at >= chunk.len() {
            return None;
        }
        if let Some(found) = record_at(chunk, at) {
            let id = u64_at(chunk, at + 8);
            // Behind the end that the header names lie records of an earlier round, or, where a log was
            // copied while it was written, the newest ones: those continue the numbering.
            let continues = last_id.is_some_and(|last: u64| last.checked_add(1) == Some(id));
            if at >= declared_end && !continues {
                at = chunk.len();
                return None;
            }
            last_id = Some(id);
            let Found::Record { whole, .. } = &found else { return None };
            at = whole.end;
            return Some(found);
        }
        if at >= declared_end {
            at = chunk.len();
            return None;
        }
        let start = at;
        at = next_record(chunk, start + 1, declared_end).unwrap_or(chunk.len());
        let end = at.min(declared_end);
        let is_empty = chunk[start..end].iter().all(|byte| *byte == 0);
        if is_empty && at == chunk.len() { None } else { Some(Found::Unreadable(start..end)) }
    })
}

/// The record at an offset, if its signature and its two sizes agree.
fn record_at(chunk: &[u8], at: usize) -> Option<Found> {
    if chunk.get(at..at + 4)? != RECORD_MAGIC {
        return None;
    }
    chunk.get(at..at + RECORD_MIN)?;
    let size = u32_at(chunk, at + 4) as usize;
    if size < RECORD_MIN {
        return None;
    }
    let end = at.checked_add(size).filter(|end| *end <= chunk.len())?;
    (u32_at(chunk, end - 4) as usize == size)
        .then(|| Found::Record { whole: at..end, written: u64_at(chunk, at + 16) })
}

fn next_record(chunk: &[u8], from: usize, end: usize) -> Option<usize> {
    memchr::memmem::find_iter(chunk.get(from..end)?, RECORD_MAGIC)
        .map(|at| from + at)
        .find(|at| record_at(chunk, *at).is_some())
}

/// Where a record's binary XML is.
pub(super) fn content(whole: &Range<usize>) -> Range<usize> {
    whole.start + RECORD_HEADER..whole.end - 4
}

fn header_checksum(chunk: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&chunk[..120]);
    hasher.update(&chunk[128..CHUNK_HEADER_BYTES]);
    hasher.finalize()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
