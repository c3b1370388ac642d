//! Segments: what is known about each file, and the list of them.

use std::{
    fs::File,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, RwLock};

use super::{
    damage::DamageLedger,
    format::{SEGMENT_HEADER_BYTES, SegmentHeader},
    scan::{Gap, Payloads, Scanner, Step},
};
use crate::{Damage, Position};

/// Distance between the places that an index remembers.
const INDEX_BYTES: u64 = 256 << 10;
/// Where the records begin.
pub const RECORDS_AT: u64 = SEGMENT_HEADER_BYTES as u64;

/// One segment file.
#[derive(Debug)]
pub struct Segment {
    pub header: SegmentHeader,
    pub path: PathBuf,
    state: Mutex<Extent>,
    index: Mutex<Index>,
}

/// What of a segment is durable.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Bytes, the header included.
    pub end: u64,
    /// The last position; `base - 1` when there is none.
    pub last: Position,
}

/// Some places of a segment, in order.
#[derive(Debug, Default)]
pub struct Index {
    places: Vec<Place>,
    /// Whether the places reach to the end, as far as `INDEX_BYTES` allows.
    complete: bool,
}

/// Where a record begins.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub position: Position,
    pub offset: u64,
    pub received: i64,
}

impl Index {
    /// An index that will be told of every record.
    pub fn complete() -> Self {
        Self { places: Vec::new(), complete: true }
    }

    pub fn add(&mut self, place: Place) {
        if self.places.last().is_none_or(|last| place.offset >= last.offset + INDEX_BYTES) {
            self.places.push(place);
        }
    }

    /// The last place at or before a position.
    fn before(&self, position: Position) -> Option<Place> {
        let after = self.places.partition_point(|place| place.position <= position);
        Some(self.places[after.checked_sub(1)?])
    }
}

impl Segment {
    pub fn new(header: SegmentHeader, path: PathBuf, extent: Extent, index: Index) -> Self {
        Self { header, path, state: Mutex::new(extent), index: Mutex::new(index) }
    }

    pub fn extent(&self) -> Extent {
        *self.state.lock()
    }

    /// Records became durable.
    pub fn extend(&self, extent: Extent, places: impl IntoIterator<Item = Place>) {
        let mut index = self.index.lock();
        places.into_iter().for_each(|place| index.add(place));
        *self.state.lock() = extent;
    }

    /// Where to look for a position of this segment: the offset and position of a record at or before it.
    /// The first call for a segment of an earlier run walks over its headers.
    pub fn seek(
        &self,
        position: Position,
        file: &File,
        damage: &DamageLedger,
    ) -> io::Result<(u64, Position)> {
        let mut index = self.index.lock();
        if position > self.header.base && !index.complete {
            *index = self.walk(file, damage)?;
        }
        Ok(index
            .before(position)
            .map_or((RECORDS_AT, self.header.base), |place| (place.offset, place.position)))
    }

    /// When the entry at a position of this segment was received, or one before it.
    pub fn received_before(&self, position: Position) -> i64 {
        // The index is locked while somebody walks over the file; this must not wait for the disk.
        let place = self.index.try_lock().and_then(|index| index.before(position));
        place.map_or(self.header.created, |place| place.received)
    }

    /// Reports a gap that a scanner found here.
    pub fn report(&self, gap: Gap, damage: &DamageLedger) {
        let Gap { offset, bytes, lost_entries, what } = gap;
        let file = self.path.clone();
        damage.report(self.header.sequence, Damage { file, offset, bytes, lost_entries, what });
    }

    /// Walks over all headers, without reading the payloads.
    pub fn walk(&self, file: &File, damage: &DamageLedger) -> io::Result<Index> {
        let Extent { end, last } = self.extent();
        let end = file.metadata()?.len().min(end);
        let SegmentHeader { salt, base, .. } = self.header;
        let mut scanner = Scanner::new(file, salt, Payloads::Skip, (RECORDS_AT, end), base, Some(last));
        let mut index = Index::complete();
        loop {
            match scanner.step()? {
                Step::Record { offset, header, .. } => {
                    index.add(Place { position: header.position, offset, received: header.received })
                }
                Step::Damage(gap) => self.report(gap, damage),
                Step::Torn { .. } | Step::End => return Ok(index),
            }
        }
    }
}

/// All segments, oldest first. The last one may be being written.
#[derive(Debug, Default)]
pub struct SegmentList {
    segments: RwLock<Vec<Arc<Segment>>>,
    bytes: AtomicU64,
}

impl SegmentList {
    pub fn new(segments: Vec<Arc<Segment>>) -> Self {
        let bytes = segments.iter().map(|segment| segment.extent().end).sum();
        Self { segments: RwLock::new(segments), bytes: AtomicU64::new(bytes) }
    }

    /// Bytes of all segments.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts bytes that were written to the last segment.
    pub fn grow(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn push(&self, segment: Arc<Segment>) {
        self.grow(segment.extent().end);
        self.segments.write().push(segment);
    }

    pub fn count(&self) -> usize {
        self.segments.read().len()
    }

    /// The segment that holds a position, or else the first behind it.
    pub fn find(&self, position: Position) -> Option<Arc<Segment>> {
        let segments = self.segments.read();
        let at = segments.partition_point(|segment| segment.extent().last < position);
        segments.get(at).cloned()
    }

    /// Takes away the oldest segment if its entries are all at or before `consumed`, but never the last
    /// segment: its positions must not be given again.
    pub fn take_consumed(&self, consumed: Position) -> Option<Arc<Segment>> {
        let mut segments = self.segments.write();
        let is_done = segments.len() > 1 && segments[0].extent().last <= consumed;
        is_done.then(|| {
            let segment = segments.remove(0);
            self.bytes.fetch_sub(segment.extent().end, Ordering::Relaxed);
            segment
        })
    }

    /// Puts back the oldest segment, which could not be deleted.
    pub fn put_back(&self, segment: Arc<Segment>) {
        self.grow(segment.extent().end);
        self.segments.write().insert(0, segment);
    }

    /// Where the oldest segment begins.
    pub fn first_position(&self) -> Option<Position> {
        self.segments.read().first().map(|segment| segment.header.base)
    }
}
