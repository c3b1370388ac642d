//! The embedded journal: segment files in a folder of the local disk.
//!
//! ```text
//! append ─ admission ─ payload ─ queue ─▶ writer ─▶ segment files ─▶ tail ─▶ Reader
//!          (limits)    (encode)           (fdatasync)      │  ▲     ▲
//!                                            │             ▼  └ scan, format
//!                                            └▶ recent ────┼────────┘
//! commit ─ consumers ─▶ keeper (positions file, deletes consumed segments)
//! open   ─ lock, recovery
//! ```
//!
//! Two threads of its own write: the writer the segments, the keeper everything else. Encoding happens
//! where the caller is, or in a blocking task when it takes longer; reading and decoding in blocking
//! tasks of the reader.

mod admission;
mod damage;
mod disk;
#[cfg(feature = "testsuite")]
pub(crate) mod forge;
mod format;
mod keeper;
mod lock;
mod payload;
mod positions;
mod queue;
mod recent;
mod recovery;
mod scan;
mod segment;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

pub use positions::POSITIONS_FILE;

use std::{
    fs, io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use arrow_schema::ArrowError;
use async_trait::async_trait;
use parking_lot::Mutex;
use phalanx_signal::SignalBatch;
use tokio::{
    sync::watch,
    task::{JoinError, spawn_blocking},
};

use self::{
    admission::{InFlight, Reservation},
    damage::DamageLedger,
    disk::{Disk, LocalDisk},
    keeper::Keeper,
    lock::Lock,
    queue::{Answer, Queue, Request},
    recent::Recent,
    segment::SegmentList,
    tail::Tail,
    writer::Writer,
};
use crate::{
    Acknowledged, AppendError, ConsumerError, Journal, JournalConfig, OpenError, Position, Reader, Start,
    Status, StorageError, consumer::Consumers, reader::Tip,
};

/// Contents that are encoded where the caller is; more would keep an async thread for too long.
const INLINE_BYTES: usize = 64 << 10;

/// A journal in segment files on the local disk.
///
/// An entry is acknowledged after one `fdatasync` of the file that has it, and of the folder when the
/// file is new. Dropping the journal closes it, blocking for as long as the last write takes.
///
/// After [`AppendError::Storage`] and [`AppendError::Full`] the failed entries are cut off the file, and
/// should that fail, the segment that is made next declares them void before anything else is
/// acknowledged. Only a process that dies before it could do either, with a disk that refused both, may
/// find such an entry at its next start.
#[derive(Debug)]
pub struct EmbeddedJournal {
    shared: Arc<Shared>,
    running: Arc<Mutex<Option<Running>>>,
}

/// What ends when the journal is closed.
#[derive(Debug)]
struct Running {
    writer: JoinHandle<()>,
    keeper: JoinHandle<Result<(), StorageError>>,
    lock: Lock,
}

/// What the threads and the readers share.
#[derive(Debug)]
struct Shared {
    config: JournalConfig,
    disk: Arc<dyn Disk>,
    segments: SegmentList,
    recent: Recent,
    tip: watch::Sender<Tip>,
    /// Positions up to here are not given out any more. Raised only while no group is being written.
    floor: AtomicU64,
    /// Held while a group gets its positions and is written.
    placing: Mutex<()>,
    in_flight: Arc<InFlight>,
    queue: Queue,
    consumers: Consumers,
    keeper: Keeper,
    damage: DamageLedger,
}

impl EmbeddedJournal {
    /// Opens a journal, or makes one. Blocks while it reads the last segment.
    ///
    /// # Errors
    /// [`OpenError::Locked`] when another process, or this one, has it open already. Damage is none: it
    /// is skipped, reported in the log and counted in [`Journal::status`].
    pub fn open(config: JournalConfig) -> Result<Self, OpenError> {
        Self::open_on(config, Arc::new(LocalDisk))
    }

    fn open_on(config: JournalConfig, disk: Arc<dyn Disk>) -> Result<Self, OpenError> {
        config.check()?;
        make_directory(&config.directory)?;
        let lock = Lock::take(&config.directory)?;
        let damage = DamageLedger::default();
        let recovered = recovery::recover(&config.directory, &damage)?;
        // Names that a killed process made may be known to the page cache only.
        disk.sync_directory(&config.directory)
            .map_err(|error| StorageError::new("make durable", &config.directory, error))?;
        let head = recovered.head;
        let positions = recovered.positions.consumers;
        let shared = Arc::new(Shared {
            disk,
            segments: SegmentList::new(recovered.segments),
            recent: Recent::new(config.recent_bytes),
            tip: watch::Sender::new(Tip { head, is_closed: false }),
            floor: AtomicU64::new(recovered.floor.0),
            placing: Mutex::new(()),
            in_flight: InFlight::new(config.in_flight_bytes),
            queue: Queue::default(),
            keeper: Keeper::new(positions.values().min().copied()),
            consumers: Consumers::new(positions),
            damage,
            config,
        });
        let status = shared.status();
        tracing::info!(
            directory = %shared.config.directory.display(),
            head = head.0,
            oldest = status.oldest.0,
            segments = status.segments,
            bytes = status.bytes,
            "journal opened"
        );
        let running = Some(start(&shared, head, recovered.next_sequence, lock)?);
        Ok(Self { shared, running: Arc::new(Mutex::new(running)) })
    }
}

impl Drop for EmbeddedJournal {
    fn drop(&mut self) {
        if let Err(error) = shut_down(&self.shared, &self.running) {
            tracing::error!(%error, cause = %error.source, "the journal was not closed cleanly");
        }
    }
}

#[async_trait]
impl Journal for EmbeddedJournal {
    async fn append(&self, received: i64, batches: Vec<SignalBatch>) -> Result<Acknowledged, AppendError> {
        let content_bytes = payload::content_bytes(&batches);
        let reservation = admission::admit(&self.shared, content_bytes)?;
        let answer = if content_bytes <= INLINE_BYTES {
            submit(&self.shared, received, batches, reservation)?
        } else {
            // Once begun, the task goes on even if the caller does not wait for it.
            let shared = self.shared.clone();
            spawn_blocking(move || submit(&shared, received, batches, reservation))
                .await
                .map_err(not_encoded)??
        };
        let position = answer.await.map_err(|_| AppendError::Closed)??;
        Ok(Acknowledged::new(position))
    }

    fn reader(&self, consumer: &str, after: Position) -> Reader {
        Reader::new(Tail::new(self.shared.clone(), consumer, after))
    }

    async fn register(&self, consumer: &str, start: Start) -> Result<Position, ConsumerError> {
        let (shared, consumer) = (self.shared.clone(), consumer.to_owned());
        spawn_blocking(move || keeper::register(&shared, &consumer, start))
            .await
            .map_err(|_| ConsumerError::Closed)?
    }

    fn commit(&self, consumer: &str, position: Position) -> Result<(), ConsumerError> {
        let Tip { head, is_closed } = *self.shared.tip.borrow();
        if is_closed {
            return Err(ConsumerError::Closed);
        }
        if self.shared.consumers.commit(consumer, position, head)? {
            self.shared.keeper.store_soon();
        }
        Ok(())
    }

    fn committed(&self, consumer: &str) -> Option<Position> {
        self.shared.consumers.committed(consumer)
    }

    async fn unregister(&self, consumer: &str) -> Result<(), ConsumerError> {
        let (shared, consumer) = (self.shared.clone(), consumer.to_owned());
        spawn_blocking(move || keeper::unregister(&shared, &consumer))
            .await
            .map_err(|_| ConsumerError::Closed)?
    }

    fn head(&self) -> Position {
        self.shared.head()
    }

    fn status(&self) -> Status {
        self.shared.status()
    }

    async fn close(&self) -> Result<(), StorageError> {
        let (shared, running) = (self.shared.clone(), self.running.clone());
        spawn_blocking(move || shut_down(&shared, &running)).await.map_err(|error| {
            StorageError::new("finish writing to", &self.shared.config.directory, io::Error::other(error))
        })?
    }
}

impl Shared {
    fn head(&self) -> Position {
        self.tip.borrow().head
    }

    /// Lets readers see what has become durable.
    fn advance(&self, head: Position) {
        self.tip.send_modify(|tip| tip.head = head);
    }

    fn floor(&self) -> Position {
        Position(self.floor.load(Ordering::Acquire))
    }

    /// From now on no entry gets a position up to here. One that is being written has an earlier one.
    fn raise_floor(&self, floor: Position) {
        let _between_groups = self.placing.lock();
        self.floor.fetch_max(floor.0, Ordering::AcqRel);
    }

    /// The oldest position that is kept.
    fn oldest(&self) -> Position {
        self.segments.first_position().unwrap_or_else(|| self.head().next())
    }

    fn status(&self) -> Status {
        let head = self.head();
        let received = |position| {
            let segment = || self.segments.find(position);
            let older = || segment().map(|segment| segment.received_before(position));
            self.recent.received(position).or_else(older)
        };
        Status {
            head,
            oldest: self.oldest(),
            bytes: self.segments.bytes(),
            segments: self.segments.count(),
            in_flight_bytes: self.in_flight.bytes(),
            full: admission::check_space(self).err().map(|error| error.to_string()),
            consumers: self.consumers.status(head, received),
            damage: self.damage.totals(),
            damages: self.damage.listed(),
        }
    }
}

/// Encodes an entry and queues it. Not async: from here on it happens whole or not at all.
fn submit(
    shared: &Shared,
    received: i64,
    batches: Vec<SignalBatch>,
    mut reservation: Reservation,
) -> Result<Answer, AppendError> {
    let encoded = payload::encode(batches).map_err(|error| AppendError::Encode(Arc::new(error)))?;
    reservation.resize(encoded.memory + encoded.record.len() + admission::ENTRY_BYTES);
    let (request, answer) = Request::new(received, encoded, reservation);
    shared.queue.push(request);
    Ok(answer)
}

/// The task that should have encoded an entry did not come to its end.
fn not_encoded(error: JoinError) -> AppendError {
    match error.is_panic() {
        true => AppendError::Encode(Arc::new(ArrowError::ExternalError(Box::new(error)))),
        // The runtime shuts down and had not begun it.
        false => AppendError::Closed,
    }
}

/// Drains the queue, stores the positions, gives up the lock. Whoever calls this again waits for the first
/// call, and does nothing.
fn shut_down(shared: &Shared, running: &Mutex<Option<Running>>) -> Result<(), StorageError> {
    let mut running = running.lock();
    let Some(Running { writer, keeper, lock }) = running.take() else { return Ok(()) };
    let died = || {
        let error = io::Error::other("a thread of the journal panicked");
        StorageError::new("finish writing to", &shared.config.directory, error)
    };
    shared.queue.close();
    let wrote = writer.join().map_err(|_| died());
    shared.tip.send_modify(|tip| tip.is_closed = true);
    shared.keeper.stop();
    let stored = keeper.join().map_err(|_| died()).flatten();
    keeper::let_go(shared);
    drop(lock);
    wrote.and(stored)
}

/// Makes the folder, and the names of all new folders on the way as durable as what will be in them.
fn make_directory(path: &Path) -> Result<(), StorageError> {
    let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
    let new: Vec<&Path> = path.ancestors().take_while(is_new).collect();
    fs::create_dir_all(path).map_err(|error| StorageError::new("create", path, error))?;
    for folder in new {
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        LocalDisk
            .sync_directory(parent.unwrap_or(Path::new(".")))
            .map_err(|error| StorageError::new("make durable", folder, error))?;
    }
    Ok(())
}

fn start(
    shared: &Arc<Shared>,
    head: Position,
    next_sequence: u64,
    lock: Lock,
) -> Result<Running, StorageError> {
    let failed = |error| StorageError::new("start the threads of", &shared.config.directory, error);
    let writer = Writer::new(shared.clone(), head, next_sequence);
    let writer = thread::Builder::new().name("journal-writer".into()).spawn(|| writer.run());
    let writer = writer.map_err(failed)?;
    let for_keeper = shared.clone();
    let keeper = thread::Builder::new().name("journal-keeper".into());
    match keeper.spawn(move || keeper::run(&for_keeper)) {
        Ok(keeper) => Ok(Running { writer, keeper, lock }),
        Err(error) => {
            shared.queue.close();
            Err(failed(error))
        }
    }
}
