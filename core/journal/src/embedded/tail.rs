//! A reader of an embedded journal: recent entries from memory, older ones from the disk.
//!
//! Files are read and decoded in blocking tasks, one piece ahead of what the consumer works on, so a
//! reader that catches up holds at most two pieces. Readers share nothing that one could block.

use std::{collections::VecDeque, fs::File, io, sync::Arc};

use arrow_schema::ArrowError;
use async_trait::async_trait;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    Shared,
    format::{ENCODING_IPC_LZ4, RecordHeader},
    payload,
    scan::{Gap, Payloads, Scanner, Step},
    segment::Segment,
};
use crate::{
    Entry, Limit, Position, ReadError, StorageError,
    reader::{Source, Tip, take},
};

/// Memory of the entries of one piece.
const PIECE_BYTES: usize = 4 << 20;

/// The state of a reader.
#[derive(Debug)]
pub struct Tail {
    shared: Arc<Shared>,
    consumer: Box<str>,
    tip: watch::Receiver<Tip>,
    /// The last position given out.
    after: Position,
    /// Entries from the disk that were not given out yet.
    ready: VecDeque<Arc<Entry>>,
    /// Where the disk is read on, unless a task has it.
    cursor: Option<Cursor>,
    reading: Option<JoinHandle<Read>>,
}

/// A place in a segment file.
#[derive(Debug)]
struct Cursor {
    segment: Arc<Segment>,
    file: File,
    offset: u64,
    /// The position of the record there, if nothing is lost.
    expected: Position,
}

/// What a blocking task found.
#[derive(Debug)]
struct Read {
    cursor: Option<Cursor>,
    outcome: Result<Piece, StorageError>,
}

/// Entries in order.
#[derive(Debug, Default)]
struct Piece {
    entries: Vec<Arc<Entry>>,
    /// There is nothing else up to here.
    through: Position,
}

impl Tail {
    pub fn new(shared: Arc<Shared>, consumer: &str, after: Position) -> Self {
        let tip = shared.tip.subscribe();
        let (ready, cursor, reading) = (VecDeque::new(), None, None);
        Self { shared, consumer: consumer.into(), tip, after, ready, cursor, reading }
    }

    fn take_ready(&mut self, limit: Limit) -> Option<Vec<Arc<Entry>>> {
        let taken = take(self.ready.iter(), limit);
        self.ready.drain(..taken.len());
        self.after = taken.last()?.position;
        Some(taken)
    }

    /// Entries that are still in memory. What was read ahead from the disk is then of no use.
    fn take_recent(&mut self, head: Position, limit: Limit) -> Option<Vec<Arc<Entry>>> {
        let taken = self.shared.recent.after(self.after, head, limit)?;
        self.after = taken.last()?.position;
        self.reading = None;
        self.cursor = None;
        Some(taken)
    }

    /// Gets the next piece from the disk. If this future is dropped the task goes on and the next call
    /// gets its result.
    async fn fetch(&mut self) -> Result<(), StorageError> {
        let reading = match &mut self.reading {
            Some(reading) => reading,
            None => {
                let task = Self::read(&self.shared, self.cursor.take(), self.after);
                self.reading.insert(task)
            }
        };
        let read = reading.await;
        self.reading = None;
        let read = read.map_err(|error| {
            let directory = self.shared.config.directory.clone();
            StorageError::new("read", directory, io::Error::other(error))
        })?;
        self.cursor = read.cursor;
        let piece = read.outcome?;
        if let Some(skipped) = piece.through.0.checked_sub(self.after.0 + piece.entries.len() as u64)
            && skipped > 0
        {
            tracing::warn!(consumer = %self.consumer, skipped, "positions without entries");
        }
        match piece.entries.is_empty() {
            true => self.after = piece.through.max(self.after),
            false => self.read_ahead(piece.through),
        }
        self.ready = piece.entries.into();
        Ok(())
    }

    /// Begins to read the piece after this one, unless memory will have it.
    fn read_ahead(&mut self, through: Position) {
        if self.tip.borrow().head > through && !self.shared.recent.has(through.next()) {
            self.reading = Some(Self::read(&self.shared, self.cursor.take(), through));
        }
    }

    fn read(shared: &Arc<Shared>, cursor: Option<Cursor>, after: Position) -> JoinHandle<Read> {
        let shared = shared.clone();
        tokio::task::spawn_blocking(move || {
            let mut cursor = cursor;
            let outcome = read_piece(&shared, &mut cursor, after);
            Read { cursor, outcome }
        })
    }
}

#[async_trait]
impl Source for Tail {
    async fn next(&mut self, limit: Limit) -> Result<Vec<Arc<Entry>>, ReadError> {
        loop {
            if let Some(entries) = self.take_ready(limit) {
                return Ok(entries);
            }
            let tip = *self.tip.borrow_and_update();
            if tip.head <= self.after {
                if tip.is_closed {
                    return Err(ReadError::Closed);
                }
                self.tip.changed().await.map_err(|_| ReadError::Closed)?;
            } else if let Some(entries) = self.take_recent(tip.head, limit) {
                return Ok(entries);
            } else {
                self.fetch().await?;
            }
        }
    }
}

/// Reads the entries after a position until there are enough, going from segment to segment.
fn read_piece(shared: &Shared, cursor: &mut Option<Cursor>, after: Position) -> Result<Piece, StorageError> {
    // Whatever is durable now is in a file, and will be found or is lost.
    let head = shared.head();
    let mut piece = Piece { entries: Vec::new(), through: after };
    let mut bytes = 0;
    while bytes < PIECE_BYTES && piece.through < head {
        let at = match cursor {
            Some(at) => at,
            None => match locate(shared, piece.through.next())? {
                Some(at) => cursor.insert(at),
                None => {
                    piece.through = head;
                    break;
                }
            },
        };
        let is_at_end = read_segment(shared, at, head, &mut piece, &mut bytes)?;
        if is_at_end {
            // The end of what is durable there now; the file may still grow.
            let last = at.expected.0 - 1;
            piece.through = piece.through.max(Position(last));
            if piece.through < head {
                *cursor = None;
            }
        }
    }
    Ok(piece)
}

/// The place of a position, or of the first one behind it that is kept.
fn locate(shared: &Shared, wanted: Position) -> Result<Option<Cursor>, StorageError> {
    let mut wanted = wanted;
    while let Some(segment) = shared.segments.find(wanted) {
        let failed = |doing| {
            let path = segment.path.clone();
            move |error| StorageError::new(doing, path, error)
        };
        match File::open(&segment.path) {
            Ok(file) => {
                let (offset, expected) =
                    segment.seek(wanted, &file, &shared.damage).map_err(failed("read"))?;
                return Ok(Some(Cursor { segment, file, offset, expected }));
            }
            // Consumed and deleted since the list was asked, or lost.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                wanted = skip_lost_file(shared, &segment, wanted);
            }
            Err(error) => return Err(failed("open")(error)),
        }
    }
    Ok(None)
}

/// Reports a segment whose file is gone, unless it was deleted; says where to go on.
fn skip_lost_file(shared: &Shared, segment: &Segment, wanted: Position) -> Position {
    let last = segment.extent().last;
    let is_listed = shared.segments.find(last).is_some_and(|found| found.path == segment.path);
    if is_listed {
        let first = wanted.max(segment.header.base);
        let lost_entries = last.next().0 - first.0;
        let gap = Gap { offset: 0, bytes: 0, lost_entries, what: "the file of a segment is gone" };
        segment.report(gap, &shared.damage);
    }
    last.next()
}

/// Reads on in one segment, up to `head`. True at the end of what is durable there.
fn read_segment(
    shared: &Shared,
    at: &mut Cursor,
    head: Position,
    piece: &mut Piece,
    bytes: &mut usize,
) -> Result<bool, StorageError> {
    let failed = |error| StorageError::new("read", &at.segment.path, error);
    let extent = at.segment.extent();
    let salt = at.segment.header.salt;
    // Somebody may have cut the file; what is gone is damage and no reason to try for ever.
    let end = at.file.metadata().map_err(failed)?.len().min(extent.end);
    let range = (at.offset, end);
    let mut scanner = Scanner::new(&at.file, salt, Payloads::Check, range, at.expected, Some(extent.last));
    while *bytes < PIECE_BYTES && piece.through < head {
        match scanner.step().map_err(failed)? {
            Step::Record { header, .. } if header.position <= piece.through => {}
            // Durable but not announced: nobody could commit it yet.
            Step::Record { offset, header, .. } if header.position > head => {
                piece.through = head;
                (at.offset, at.expected) = (offset, header.position);
                return Ok(false);
            }
            Step::Record { offset, header, payload } => {
                piece.through = header.position;
                match decode(&header, payload) {
                    Ok(entry) => {
                        *bytes += entry.memory();
                        piece.entries.push(Arc::new(entry));
                    }
                    Err(error) => {
                        tracing::warn!(%error, position = %header.position, "an entry is unreadable");
                        let what = "the payload of an entry is no Arrow data";
                        let bytes = header.record_bytes();
                        let gap = Gap { offset, bytes, lost_entries: 1, what };
                        at.segment.report(gap, &shared.damage);
                    }
                }
            }
            Step::Damage(gap) => at.segment.report(gap, &shared.damage),
            Step::Torn { .. } | Step::End => {
                (at.offset, at.expected) = (scanner.offset(), scanner.expected());
                return Ok(true);
            }
        }
    }
    (at.offset, at.expected) = (scanner.offset(), scanner.expected());
    Ok(false)
}

fn decode(header: &RecordHeader, payload: &[u8]) -> Result<Entry, ArrowError> {
    if header.encoding != ENCODING_IPC_LZ4 {
        return Err(ArrowError::IpcError(format!("its encoding {} is not known", header.encoding)));
    }
    let (batches, memory) = payload::decode(payload, header.raw_bytes)?;
    Ok(Entry::with_memory(header.position, header.received, batches, memory))
}
