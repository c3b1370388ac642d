//! Opening: from files to a list of segments and the position of the next entry.
//!
//! Only the last segment is read as a whole, for only it can have a torn tail. Of the others the first 64
//! bytes are read; what is damaged in them is found, reported and counted by those who read them later.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    damage::DamageLedger,
    format::{Head, SEGMENT_HEADER_BYTES, SegmentHeader, VERSION},
    positions::{self, Loaded, Positions},
    scan::{Gap, Payloads, Scanner, Step},
    segment::{Extent, Index, Place, RECORDS_AT, Segment},
};
use crate::{Damage, OpenError, Position, StorageError};

const TORN: &str = "a torn tail";

/// What a journal goes on with.
#[derive(Debug, Default)]
pub struct Recovered {
    pub segments: Vec<Arc<Segment>>,
    /// The newest entry there is.
    pub head: Position,
    /// The next entry comes after this.
    pub floor: Position,
    /// The sequence of the next segment.
    pub next_sequence: u64,
    pub positions: Positions,
}

/// A segment file whose head was read.
#[derive(Debug)]
struct Found {
    header: SegmentHeader,
    path: PathBuf,
    bytes: u64,
    is_headless: bool,
}

/// Reads a journal's folder and repairs its end.
pub fn recover(directory: &Path, damage: &DamageLedger) -> Result<Recovered, OpenError> {
    let positions = match positions::load(directory)? {
        Loaded::Known(positions) => positions,
        Loaded::Damaged(file) => {
            let what = "the consumers' positions are unreadable, they start anew";
            damage.report(0, Damage { file, offset: 0, bytes: 0, lost_entries: 0, what });
            Positions::default()
        }
    };
    let mut found = find_segments(directory)?;
    let mut floor = positions.consumers.values().copied().fold(positions.floor, Position::max);
    let next_sequence = found.last().map_or(1, |last| last.header.sequence + 1);
    let last = recover_last(&mut found, &mut floor, damage)?;
    let mut recovered = Recovered { floor, next_sequence, positions, ..Recovered::default() };
    let Some(last) = last else {
        report_missing_end(directory, &recovered, damage);
        return Ok(recovered);
    };

    let mut follower = last.header.clone();
    recovered.head = last.extent().last;
    recovered.segments.push(last);
    let consumed = recovered.positions.consumers.values().copied().min();
    for found in found.into_iter().rev() {
        if consumed.is_some_and(|consumed| follower.follows <= consumed) {
            // Nobody needs it. After a power failure some of these are back, and gaps between them are no loss.
            let _ = fs::remove_file(&found.path);
            continue;
        }
        let segment = Arc::new(sealed(found, &follower, damage)?);
        follower = segment.header.clone();
        recovered.segments.push(segment);
    }
    recovered.segments.reverse();
    // A segment with a wrong head can claim to end before the segments behind it began.
    recovered.head =
        recovered.segments.iter().map(|segment| segment.extent().last).fold(Position::ZERO, Position::max);
    recovered.floor = recovered.floor.max(recovered.head);
    report_missing_start(&recovered, damage);
    report_missing_end(directory, &recovered, damage);
    Ok(recovered)
}

/// The segment files, oldest first.
fn find_segments(directory: &Path) -> Result<Vec<Found>, OpenError> {
    let failed = |error| StorageError::new("read", directory, error);
    let mut found = Vec::new();
    for file in fs::read_dir(directory).map_err(failed)? {
        let file = file.map_err(failed)?;
        let name = file.file_name();
        if let Some(named) = name.to_str().and_then(SegmentHeader::from_file_name) {
            found.push(read_head(file.path(), named)?);
        }
    }
    found.sort_by(|a, b| (a.header.sequence, &a.path).cmp(&(b.header.sequence, &b.path)));
    Ok(found)
}

fn read_head(path: PathBuf, named: SegmentHeader) -> Result<Found, OpenError> {
    let failed = |error| StorageError::new("read", &path, error);
    let mut file = File::open(&path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut head = [0; SEGMENT_HEADER_BYTES];
    let head = match file.read_exact(&mut head) {
        Ok(()) => SegmentHeader::parse(&head),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Head::Damaged,
        Err(error) => return Err(failed(error).into()),
    };
    match head {
        Head::Known(header) => Ok(Found { header, path, bytes, is_headless: false }),
        Head::Damaged => Ok(Found { header: named, path, bytes, is_headless: true }),
        Head::Newer(found) => Err(OpenError::Newer { path, found, known: VERSION }),
    }
}

/// Takes the last segment that has entries off the list, checks all of it and cuts off what is no entry.
/// Segments behind it, made by a write that never became durable, are removed.
fn recover_last(
    found: &mut Vec<Found>,
    floor: &mut Position,
    damage: &DamageLedger,
) -> Result<Option<Arc<Segment>>, OpenError> {
    // What the segments behind say about the last valid position before them.
    let mut void_after = None;
    while let Some(last) = found.pop() {
        report_head(&last, damage);
        let segment = check_last(&last, void_after, damage)?;
        let is_empty = segment.extent().last < segment.header.base;
        if !is_empty {
            return Ok(Some(Arc::new(segment)));
        }
        // Only a whole header is believed: it was written when nothing after `follows` was durable.
        if !last.is_headless {
            let follows = last.header.follows;
            void_after = Some(void_after.map_or(follows, |void: Position| void.min(follows)));
        }
        *floor = Position(last.header.base.0 - 1).max(*floor);
        remove(&last)?;
    }
    Ok(None)
}

/// Removes a segment without entries. One with an unreadable head is no usual rest of a crash, so it is set
/// aside for those who want to look into it.
fn remove(found: &Found) -> Result<(), StorageError> {
    let path = &found.path;
    if !found.is_headless || found.bytes == 0 {
        return fs::remove_file(path).map_err(|error| StorageError::new("remove", path, error));
    }
    fs::rename(path, path.with_extension("damaged")).map_err(|error| StorageError::new("rename", path, error))
}

/// Reads the last segment with all payloads.
fn check_last(
    found: &Found,
    void_after: Option<Position>,
    damage: &DamageLedger,
) -> Result<Segment, OpenError> {
    let Found { header, path, bytes, .. } = found;
    let failed = |doing| move |error| StorageError::new(doing, path, error);
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(failed("open"))?;
    let mut segment = Segment::new(
        header.clone(),
        path.clone(),
        Extent { end: RECORDS_AT, last: Position(header.base.0 - 1) },
        Index::complete(),
    );
    let start = (RECORDS_AT.min(*bytes), *bytes);
    let mut scanner = Scanner::new(&file, header.salt, Payloads::Check, start, header.base, void_after);
    let mut index = Index::complete();
    let mut extent = segment.extent();
    // Gaps with records behind them, and those behind the last record.
    let (mut gaps, mut tail) = (Vec::new(), Vec::new());
    loop {
        match scanner.step().map_err(failed("read"))? {
            Step::Record { offset, header, .. } => {
                index.add(Place { position: header.position, offset, received: header.received });
                extent = Extent { end: offset + header.record_bytes(), last: header.position };
                gaps.append(&mut tail);
            }
            Step::Damage(gap) => tail.push(gap),
            Step::Torn { zeros: true, .. } => {}
            Step::Torn { offset, bytes, .. } => {
                tail.push(Gap { offset, bytes, lost_entries: 0, what: TORN });
            }
            Step::End => break,
        }
    }
    if void_after.is_none() && !tail.is_empty() {
        // Whole headers with half payloads look like damaged entries, but nothing says that they were any.
        let bytes = bytes.saturating_sub(extent.end);
        tail = vec![Gap { offset: extent.end, bytes, lost_entries: 0, what: TORN }];
    }
    // What was durable keeps its positions, readable or not.
    extent.last = extent.last.max(void_after.unwrap_or_default());
    segment = Segment::new(segment.header, segment.path, extent, index);
    gaps.into_iter().chain(tail).for_each(|gap| segment.report(gap, damage));
    if extent.end < *bytes {
        file.set_len(extent.end).map_err(failed("truncate"))?;
    }
    // A killed process may have left entries that only the page cache has.
    file.sync_all().map_err(failed("make durable"))?;
    Ok(segment)
}

/// A segment that others follow. It ends where its follower says that it ended.
fn sealed(found: Found, follower: &SegmentHeader, damage: &DamageLedger) -> Result<Segment, OpenError> {
    report_head(&found, damage);
    let has_gap = found.header.sequence + 1 != follower.sequence;
    let last = follower.follows.max(Position(found.header.base.0 - 1));
    let extent = Extent { end: found.bytes, last };
    let segment = Segment::new(found.header, found.path, extent, Index::default());
    if has_gap {
        // A file between the two is missing. Walking this one tells where the loss begins.
        let failed = |error| StorageError::new("read", &segment.path, error);
        let file = File::open(&segment.path).map_err(failed)?;
        segment.walk(&file, damage).map_err(failed)?;
    }
    Ok(segment)
}

fn report_head(found: &Found, damage: &DamageLedger) {
    if !found.is_headless || found.bytes == 0 {
        return;
    }
    let bytes = found.bytes.min(RECORDS_AT);
    let (file, what) = (found.path.clone(), "the head of a segment is unreadable");
    let damage_found = Damage { file, offset: 0, bytes, lost_entries: 0, what };
    damage.report(found.header.sequence, damage_found);
}

/// Segments are deleted only after all consumers have passed them, so what a consumer still needs and
/// is not there was lost.
fn report_missing_start(recovered: &Recovered, damage: &DamageLedger) {
    let slowest = recovered.positions.consumers.values().min();
    let first = recovered.segments.first();
    let (Some(committed), Some(first)) = (slowest, first) else { return };
    // Positions between `follows` and the base were never given to entries.
    let lost_entries = first.header.follows.0.saturating_sub(committed.0);
    if lost_entries > 0 {
        let what = "the segments before this one are missing";
        damage.report(0, Damage { file: first.path.clone(), offset: 0, bytes: 0, lost_entries, what });
    }
}

/// The positions file is younger than some entries; those that it knows of and that no consumer had passed
/// should be there.
fn report_missing_end(directory: &Path, recovered: &Recovered, damage: &DamageLedger) {
    let Positions { head, consumers, .. } = &recovered.positions;
    let passed = consumers.values().copied().min().unwrap_or_default();
    let lost_entries = head.0.saturating_sub(recovered.head.max(passed).0);
    if lost_entries > 0 {
        let what = "the newest entries are missing";
        let file = directory.to_owned();
        damage.report(0, Damage { file, offset: 0, bytes: 0, lost_entries, what });
    }
}
