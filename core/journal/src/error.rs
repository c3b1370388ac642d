//! What can go wrong, by what the caller would do about it.

use std::{fmt, io, path::PathBuf, sync::Arc, time::Duration};

use arrow_schema::ArrowError;

use crate::Position;

/// Why an entry was not appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// More is on its way to the disk than memory is set aside for. Try again after `retry_after`.
    #[error("too much is being written at the moment")]
    Overloaded { retry_after: Duration },
    /// There is no room on the disk. It comes back when consumers catch up or space is freed; asking
    /// earlier than `retry_after` is useless.
    #[error("the journal is full: {reason}")]
    Full { reason: FullReason, retry_after: Duration },
    /// The entry alone is larger than any entry may be: divide it.
    #[error("the entry takes {bytes} bytes of memory, at most {limit} are allowed")]
    TooLarge { bytes: usize, limit: usize },
    /// The batches cannot be written as Arrow IPC.
    #[error("the rows cannot be encoded")]
    Encode(#[source] Arc<ArrowError>),
    /// Writing or making durable failed.
    #[error("the entry could not be stored")]
    Storage(#[source] StorageError),
    #[error("the journal is closed")]
    Closed,
}

impl AppendError {
    /// How long a sender should wait before it tries the same again; `None` when that is no use.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded { retry_after } | Self::Full { retry_after, .. } => Some(*retry_after),
            Self::Storage(_) => Some(Duration::from_secs(5)),
            Self::TooLarge { .. } | Self::Encode(_) | Self::Closed => None,
        }
    }
}

/// Which limit of space was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FullReason {
    /// The journal has its permitted size because this consumer lags.
    Lag { consumer: String },
    /// The journal has its permitted size and there is no consumer that would let it forget entries.
    NoConsumer,
    /// The disk has less free space than is to be left free.
    FreeSpace { free_bytes: u64, min_free_bytes: u64 },
    /// The disk or the quota is used up.
    Disk,
}

impl fmt::Display for FullReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lag { consumer } => write!(f, "the consumer `{consumer}` lags"),
            Self::NoConsumer => f.write_str("no consumer is registered"),
            Self::FreeSpace { free_bytes, min_free_bytes } => {
                write!(f, "the disk has {free_bytes} bytes free, {min_free_bytes} are to be left")
            }
            Self::Disk => f.write_str("the disk or the quota is used up"),
        }
    }
}

/// A file operation that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {doing} {}", path.display())]
pub struct StorageError {
    /// The operation, as a verb: `write`, `make durable`, `truncate`.
    pub doing: &'static str,
    pub path: PathBuf,
    #[source]
    pub source: Arc<io::Error>,
}

impl StorageError {
    pub(crate) fn new(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { doing, path: path.into(), source: Arc::new(source) }
    }
}

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is in use by process {}", path.display(), pid.map_or("(unknown)".into(), |pid| pid.to_string()))]
    Locked { path: PathBuf, pid: Option<u32> },
    #[error("{} has version {found}, this program reads versions up to {known}", path.display())]
    Newer { path: PathBuf, found: u8, known: u8 },
    #[error("invalid configuration: {0}")]
    Configuration(&'static str),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a reader has nothing to give.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The journal is closed and everything in it was read.
    #[error("the journal is closed")]
    Closed,
    /// A file cannot be read. Damaged contents are no such error: they are skipped and counted.
    /// Reading on tries the same place again.
    #[error("the journal cannot be read")]
    Storage(#[from] StorageError),
}

/// Why a consumer's wish was refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConsumerError {
    #[error("no consumer `{0}` is registered")]
    Unknown(String),
    #[error("`{0}` is no name for a consumer: 1 to 128 letters, digits, `-`, `_`, `.`, `/`")]
    Name(String),
    /// It has not been appended yet, so nobody can have consumed it.
    #[error("position {position} is beyond the head {head}")]
    BeyondHead { position: Position, head: Position },
    #[error("the positions could not be stored")]
    Storage(#[from] StorageError),
    #[error("the journal is closed")]
    Closed,
}
