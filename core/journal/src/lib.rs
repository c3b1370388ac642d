//! The journal: the durable, ordered log of accepted batches.
//!
//! Everything the platform takes in passes through here first. A sender is acknowledged once its
//! [`Entry`] is durable; detection, the services and the lake then read the entries in order, each at its
//! own pace and from its own [`Position`]. So one crash-safe place answers for "nothing lost", and a slow
//! consumer delays neither the senders nor the others.
//!
//! - [`Journal`] is the contract; the feature `testsuite` holds every implementation to it.
//! - `EmbeddedJournal` keeps segment files on the local disk: `EmbeddedJournal::open(JournalConfig)`.
//! - `MemoryJournal` keeps the contract but for durability; tests of other crates use it.

mod config;
mod consumer;
mod embedded;
mod entry;
mod error;
mod memory;
mod reader;
mod status;
#[cfg(feature = "testsuite")]
pub mod testsuite;

use std::fmt;

use async_trait::async_trait;
use phalanx_signal::SignalBatch;

pub use config::JournalConfig;
pub use consumer::Start;
pub use embedded::{EmbeddedJournal, POSITIONS_FILE};
pub use entry::{Acknowledged, Entry, Position};
pub use error::{AppendError, ConsumerError, FullReason, OpenError, ReadError, StorageError};
pub use memory::MemoryJournal;
pub use reader::{Limit, Reader};
pub use status::{ConsumerStatus, Damage, DamageTotals, Status};

/// A durable ordered log of entries with named consumers.
///
/// Object safe: the platform holds it as `Arc<dyn Journal>`.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Appends one accepted request and returns once it is durable.
    ///
    /// The entry is atomic: a reader sees all of its batches or no entry at all. `received` is when the
    /// platform took the request, in microseconds since 1970; the journal reads no clock. Entries get
    /// their positions in the order in which they become durable, which for concurrent callers is any
    /// order. An empty list of batches is an entry too.
    ///
    /// A caller that drops the future loses the answer and nothing else: the entry is then either
    /// appended whole or not at all, as if the connection had broken before the answer.
    ///
    /// # Errors
    /// Nothing was appended and no reader will see the entry, now or after a restart. (One exception,
    /// after [`AppendError::Storage`], is described at `EmbeddedJournal`.)
    async fn append(&self, received: i64, batches: Vec<SignalBatch>) -> Result<Acknowledged, AppendError>;

    /// Reads the entries after `after`, in order, and waits for new ones.
    ///
    /// `consumer` names the reader in logs; it need not be registered. But entries are kept only until
    /// every *registered* consumer has committed them: a reader that is behind its own commits, or
    /// belongs to none, goes on at the oldest entry that is left.
    fn reader(&self, consumer: &str, after: Position) -> Reader;

    /// Makes a consumer known, durably, and returns the position it has committed: where to read on.
    /// From now on the journal keeps every entry until this consumer has committed it.
    ///
    /// A consumer that is known already keeps its position with [`Start::Oldest`] and [`Start::Head`];
    /// [`Start::After`] sets it, for a consumer that stores its position together with its results.
    /// If that lies beyond the head (the journal was lost, or restored from an older copy), the next
    /// entry gets a position after it, so that no new entry is mistaken for one already consumed.
    async fn register(&self, consumer: &str, start: Start) -> Result<Position, ConsumerError>;

    /// Records that a consumer has dealt with all entries up to `position`. Cheap: it becomes durable a
    /// little later, so after a crash a consumer may be given again what it had committed. A position
    /// before the committed one changes nothing.
    fn commit(&self, consumer: &str, position: Position) -> Result<(), ConsumerError>;

    /// The committed position of a consumer; `None` when it is not registered.
    fn committed(&self, consumer: &str) -> Option<Position>;

    /// Forgets a consumer, durably; the journal keeps nothing for it any more.
    async fn unregister(&self, consumer: &str) -> Result<(), ConsumerError>;

    /// The newest durable position; [`Position::ZERO`] for a journal that never had an entry.
    fn head(&self) -> Position;

    /// What there is, who lags, what was damaged.
    fn status(&self) -> Status;

    /// Refuses new entries, answers those that wait, makes all commits durable and lets go of the files.
    /// Readers get what is left and then [`ReadError::Closed`]. A second call does nothing.
    async fn close(&self) -> Result<(), StorageError>;
}
