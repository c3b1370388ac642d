//! The writer thread: one group of entries, one write, one `fdatasync`, then the answers.
//!
//! Nothing waits for company: an idle disk gets the first entry at once, and what arrives meanwhile is
//! the next group. After an error the file is not trusted any more, for nobody knows which of its pages
//! the kernel still has: it is cut to its last durable byte and the next group begins a new segment.
//! Should the cut fail too, the head of the new segment says up to which position the old one counts.

use std::{
    io::{self, IoSlice},
    path::Path,
    sync::Arc,
};

use uuid::Uuid;

use super::{
    Shared,
    admission::RETRY_FULL,
    disk::{self, SegmentFile},
    format::{ENCODING_IPC_LZ4, RECORD_HEADER_BYTES, RecordHeader, SegmentHeader},
    queue::Request,
    segment::{Extent, Index, Place, RECORDS_AT, Segment},
};
use crate::{AppendError, Entry, FullReason, Position, StorageError};

/// Files that wait to be cut, before the disk is given up until that succeeds.
const UNCUT_FILES: usize = 8;

/// The state of the thread.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    active: Option<Active>,
    /// Files that could not be cut, and where each should end.
    uncut: Vec<(Box<dyn SegmentFile>, u64)>,
    /// The newest durable entry.
    head: Position,
    next_sequence: u64,
}

/// The segment that is written to.
#[derive(Debug)]
struct Active {
    file: Box<dyn SegmentFile>,
    segment: Arc<Segment>,
}

/// A group that was written durably, or the error that every one of its entries gets.
type Written = Result<Vec<Place>, StorageError>;

impl Writer {
    pub fn new(shared: Arc<Shared>, head: Position, next_sequence: u64) -> Self {
        Self { shared, active: None, uncut: Vec::new(), head, next_sequence }
    }

    /// Works until the queue is closed and empty.
    pub fn run(mut self) {
        let _ended = Ended(self.shared.clone());
        while let Some(group) = self.shared.queue.next_group() {
            self.write(group);
        }
        self.cut_again();
    }

    fn write(&mut self, mut group: Vec<Request>) {
        let shared = self.shared.clone();
        // Until the group is published: a position promised to a consumer is not given to an entry.
        let _placing = shared.placing.lock();
        let first = self.head.max(shared.floor()).next();
        self.seal_if_due(first);
        self.cut_again();
        let written = match &self.active {
            Some(_) => self.append(first, &mut group),
            None => self.begin_segment(first, &mut group),
        };
        match written {
            Ok(places) => self.publish(group, &places),
            Err(error) => refuse(group, error),
        }
    }

    /// A segment has its size, and positions without a gap.
    fn seal_if_due(&mut self, first: Position) {
        let is_due = |active: &Active| {
            let extent = active.segment.extent();
            extent.end >= self.shared.config.segment_bytes || extent.last.next() != first
        };
        if self.active.as_ref().is_some_and(is_due) {
            self.active = None;
        }
    }

    fn append(&mut self, first: Position, group: &mut [Request]) -> Written {
        let active = self.active.as_mut().expect("the caller saw it");
        let extent = active.segment.extent();
        let places = place(group, first, extent.end, active.segment.header.salt);
        let mut parts: Vec<_> = group.iter().map(|request| IoSlice::new(&request.record)).collect();
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let written = active
            .file
            .write_at(&mut parts, extent.end)
            .map_err(|error| ("write", error))
            .and_then(|()| active.file.sync().map_err(|error| ("make durable", error)));
        if let Err((doing, error)) = written {
            let path = active.segment.path.clone();
            self.abandon(extent.end);
            return Err(StorageError::new(doing, path, error));
        }
        let last = Position(first.0 + group.len() as u64 - 1);
        active.segment.extend(Extent { end: extent.end + bytes as u64, last }, places.clone());
        self.shared.segments.grow(bytes as u64);
        Ok(places)
    }

    /// Leaves the active segment for good.
    fn abandon(&mut self, durable_end: u64) {
        let Some(mut active) = self.active.take() else { return };
        if active.file.truncate(durable_end).is_err() {
            self.uncut.push((active.file, durable_end));
        }
    }

    /// Tries again to cut what could not be cut.
    fn cut_again(&mut self) {
        self.uncut.retain_mut(|(file, end)| file.truncate(*end).is_err());
    }

    /// Makes a segment that begins with this group.
    fn begin_segment(&mut self, first: Position, group: &mut [Request]) -> Written {
        if self.uncut.len() >= UNCUT_FILES {
            let path = self.shared.config.directory.clone();
            let error = io::Error::other("too many files there cannot be cut");
            return Err(StorageError::new("write to", path, error));
        }
        let header = SegmentHeader {
            sequence: self.next_sequence,
            base: first,
            follows: self.head,
            created: group.first().map_or(0, |request| request.received),
            salt: Uuid::new_v4().as_u64_pair().0,
        };
        // Used up even if this fails: a name that comes back after a power failure must not be a later one.
        self.next_sequence += 1;
        let directory = &self.shared.config.directory;
        let path = directory.join(header.file_name());
        let places = place(group, first, RECORDS_AT, header.salt);
        let (file, end) = self.write_segment(&header, &path, group)?;
        let last = Position(first.0 + group.len() as u64 - 1);
        let segment = Segment::new(header, path, Extent { end, last }, Index::complete());
        segment.extend(Extent { end, last }, places.clone());
        let segment = Arc::new(segment);
        self.shared.segments.push(segment.clone());
        self.active = Some(Active { file, segment });
        // The old segment, which is not the last any more, may be consumed already.
        self.shared.keeper.prune_soon();
        Ok(places)
    }

    /// Creates the file with its head and first records, durably, or leaves none.
    fn write_segment(
        &mut self,
        header: &SegmentHeader,
        path: &Path,
        group: &[Request],
    ) -> Result<(Box<dyn SegmentFile>, u64), StorageError> {
        let disk = self.shared.disk.clone();
        let failed = |doing| move |error: io::Error| StorageError::new(doing, path, error);
        let mut file = disk.create(path).map_err(failed("create"))?;
        let head = header.encode();
        let records = group.iter().map(|request| IoSlice::new(&request.record));
        let mut parts: Vec<_> = std::iter::once(IoSlice::new(&head)).chain(records).collect();
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let written = file
            .write_at(&mut parts, 0)
            .map_err(failed("write"))
            .and_then(|()| file.sync().map_err(failed("make durable")))
            .and_then(|()| {
                let directory = &self.shared.config.directory;
                disk.sync_directory(directory).map_err(failed("make durable"))
            });
        match written {
            Ok(()) => Ok((file, bytes as u64)),
            Err(error) => {
                self.discard(file, path);
                Err(error)
            }
        }
    }

    /// Empties and removes a new file whose group failed. The name may come back after a power failure, so
    /// being empty is what counts; what could not be emptied is tried again.
    fn discard(&mut self, mut file: Box<dyn SegmentFile>, path: &Path) {
        let is_empty = file.truncate(0).is_ok();
        if let Err(error) = self.shared.disk.remove(path) {
            tracing::warn!(%error, file = %path.display(), "cannot delete a segment that was not written");
        }
        if !is_empty {
            self.uncut.push((file, 0));
        }
    }

    fn publish(&mut self, group: Vec<Request>, places: &[Place]) {
        let mut group = group;
        let entry = |(request, place): (&mut Request, &Place)| {
            let batches = std::mem::take(&mut request.batches);
            Arc::new(Entry::with_memory(place.position, request.received, batches, request.memory))
        };
        let entries: Vec<_> = group.iter_mut().zip(places).map(entry).collect();
        self.head = entries.last().map_or(self.head, |last| last.position);
        // Readers are told when it is there for them.
        self.shared.recent.extend(entries);
        self.shared.advance(self.head);
        for (request, place) in group.into_iter().zip(places) {
            request.answer(Ok(place.position));
        }
    }
}

/// Should the thread panic, nobody is left waiting for it.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.queue.abandon();
        self.0.tip.send_modify(|tip| tip.is_closed = true);
    }
}

/// Gives each record its position and completes its header.
fn place(group: &mut [Request], first: Position, offset: u64, salt: u64) -> Vec<Place> {
    let mut next = (first, offset);
    let place = |request: &mut Request| {
        let (position, offset) = next;
        let payload_bytes = (request.record.len() - RECORD_HEADER_BYTES) as u32;
        let header = RecordHeader {
            salt,
            position,
            received: request.received,
            payload_bytes,
            payload_crc: request.payload_crc,
            raw_bytes: request.raw_bytes,
            encoding: ENCODING_IPC_LZ4,
        };
        request.record[..RECORD_HEADER_BYTES].copy_from_slice(&header.encode());
        next = (position.next(), offset + request.record.len() as u64);
        Place { position, offset, received: request.received }
    };
    group.iter_mut().map(place).collect()
}

fn refuse(group: Vec<Request>, error: StorageError) {
    tracing::error!(
        %error,
        cause = %error.source,
        entries = group.len(),
        "entries could not be stored, their senders are told so"
    );
    let answer = if disk::is_full(&error.source) {
        AppendError::Full { reason: FullReason::Disk, retry_after: RETRY_FULL }
    } else {
        AppendError::Storage(error)
    };
    for request in group {
        request.answer(Err(answer.clone()));
    }
}
