//! A journal without a disk, for the tests of those who use one.
//!
//! It keeps the whole contract but for durability: positions, waiting readers, consumers that hold
//! entries back, and a size at which it is full.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use async_trait::async_trait;
use parking_lot::Mutex;
use phalanx_signal::SignalBatch;
use tokio::sync::watch;

use crate::{
    Acknowledged, AppendError, ConsumerError, Entry, FullReason, Journal, Limit, Position, ReadError, Reader,
    Start, Status, StorageError,
    consumer::Consumers,
    reader::{Source, Tip, take},
};

const MAX_BYTES: usize = 256 << 20;
/// Tests should not wait long for what they themselves cause.
const RETRY_FULL: Duration = Duration::from_millis(10);

/// Entries in memory, gone with the process.
#[derive(Clone, Debug)]
pub struct MemoryJournal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    tip: watch::Sender<Tip>,
    consumers: Consumers,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    /// Positions up to here are not given out any more.
    floor: Position,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new(MAX_BYTES)
    }
}

impl MemoryJournal {
    /// A journal that is full when the batches hold this much memory.
    pub fn new(max_bytes: usize) -> Self {
        Self(Arc::new(Shared {
            kept: Mutex::default(),
            tip: watch::Sender::default(),
            consumers: Consumers::default(),
            max_bytes,
        }))
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, received: i64, batches: Vec<SignalBatch>) -> Result<Acknowledged, AppendError> {
        let mut kept = self.0.kept.lock();
        let Tip { head, is_closed } = *self.0.tip.borrow();
        if is_closed {
            return Err(AppendError::Closed);
        }
        let entry = Entry::new(head.max(kept.floor).next(), received, batches);
        let (bytes, limit) = (entry.memory(), self.0.max_bytes);
        if bytes > limit {
            return Err(AppendError::TooLarge { bytes, limit });
        }
        if kept.bytes + bytes > limit {
            let lag = self.0.consumers.slowest().map(|(consumer, _)| FullReason::Lag { consumer });
            let reason = lag.unwrap_or(FullReason::NoConsumer);
            return Err(AppendError::Full { reason, retry_after: RETRY_FULL });
        }
        let position = entry.position;
        kept.bytes += bytes;
        kept.entries.push_back(Arc::new(entry));
        self.0.tip.send_modify(|tip| tip.head = position);
        Ok(Acknowledged::new(position))
    }

    fn reader(&self, _consumer: &str, after: Position) -> Reader {
        let tip = self.0.tip.subscribe();
        Reader::new(MemoryReader { shared: self.0.clone(), tip, after })
    }

    async fn register(&self, consumer: &str, start: Start) -> Result<Position, ConsumerError> {
        let mut kept = self.0.kept.lock();
        let Tip { head, is_closed } = *self.0.tip.borrow();
        if is_closed {
            return Err(ConsumerError::Closed);
        }
        if let Start::After(position) = start
            && position > Position::MAX
        {
            return Err(ConsumerError::BeyondHead { position, head });
        }
        let oldest = kept.entries.front().map_or(head.next(), |entry| entry.position);
        let before_oldest = Position(oldest.0 - 1);
        let position = self.0.consumers.register(consumer, start, before_oldest, head)?;
        kept.floor = kept.floor.max(position);
        drop(kept);
        // The first consumer may need nothing of what was kept for whoever comes.
        self.0.prune();
        Ok(position)
    }

    fn commit(&self, consumer: &str, position: Position) -> Result<(), ConsumerError> {
        let Tip { head, is_closed } = *self.0.tip.borrow();
        if is_closed {
            return Err(ConsumerError::Closed);
        }
        if self.0.consumers.commit(consumer, position, head)? {
            self.0.prune();
        }
        Ok(())
    }

    fn committed(&self, consumer: &str) -> Option<Position> {
        self.0.consumers.committed(consumer)
    }

    async fn unregister(&self, consumer: &str) -> Result<(), ConsumerError> {
        if self.0.tip.borrow().is_closed {
            return Err(ConsumerError::Closed);
        }
        self.0.consumers.remove(consumer)?;
        self.0.prune();
        Ok(())
    }

    fn head(&self) -> Position {
        self.0.tip.borrow().head
    }

    fn status(&self) -> Status {
        let kept = self.0.kept.lock();
        let head = self.head();
        let received = |position| kept.from(position).next().map(|entry| entry.received);
        Status {
            head,
            oldest: kept.entries.front().map_or(head.next(), |entry| entry.position),
            bytes: kept.bytes as u64,
            consumers: self.0.consumers.status(head, received),
            ..Status::default()
        }
    }

    async fn close(&self) -> Result<(), StorageError> {
        // An entry is appended before, and read, or refused.
        let _kept = self.0.kept.lock();
        self.0.tip.send_modify(|tip| tip.is_closed = true);
        Ok(())
    }
}

impl Shared {
    fn prune(&self) {
        let mut kept = self.kept.lock();
        let Some((_, consumed)) = self.consumers.slowest() else { return };
        while let Some(oldest) = kept.entries.pop_front_if(|oldest| oldest.position <= consumed) {
            kept.bytes -= oldest.memory();
        }
    }
}

impl Kept {
    /// The entries at and behind a position.
    fn from(&self, position: Position) -> impl Iterator<Item = &Arc<Entry>> {
        let at = self.entries.partition_point(|entry| entry.position < position);
        self.entries.range(at..)
    }
}

#[derive(Debug)]
struct MemoryReader {
    shared: Arc<Shared>,
    tip: watch::Receiver<Tip>,
    after: Position,
}

#[async_trait]
impl Source for MemoryReader {
    async fn next(&mut self, limit: Limit) -> Result<Vec<Arc<Entry>>, ReadError> {
        loop {
            let tip = *self.tip.borrow_and_update();
            let entries = take(self.shared.kept.lock().from(self.after.next()), limit);
            if let Some(last) = entries.last() {
                self.after = last.position;
                return Ok(entries);
            }
            if tip.is_closed {
                return Err(ReadError::Closed);
            }
            self.tip.changed().await.map_err(|_| ReadError::Closed)?;
        }
    }
}
