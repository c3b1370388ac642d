//! The vital figures that the program hands in.

use std::{sync::Arc, time::Duration};

use phalanx_signal::TenantId;

/// Where the figures come from. All counts are since the start of the program and never go down; asking
/// is cheap and does not wait.
pub trait Vitals: Send + Sync + 'static {
    /// The consumers of the journal.
    fn consumers(&self) -> Vec<ConsumerVital>;

    /// Requests and connections that were refused, by source and reason.
    fn refusals(&self) -> Vec<RefusalCount>;

    /// Input that no decoder could read, by source and reason.
    fn dead_letters(&self) -> Vec<DeadLetterCount>;

    /// What was accepted, by tenant and table.
    fn usage(&self) -> Vec<UsageCount>;

    /// The disk that the data folder is on; `None` where that is not known.
    fn disk(&self) -> Option<DiskVital>;
}

/// How far a consumer of the journal has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerVital {
    pub name: String,
    /// The position it has committed.
    pub position: u64,
    /// The newest position.
    pub head: u64,
    /// Entries that it has not committed.
    pub lag_entries: u64,
    /// How long the oldest of them has been waiting.
    pub lag: Duration,
    /// How often what consumes had to be restarted.
    pub restarts: u32,
    /// Why it can't go on, if so.
    pub failure: Option<String>,
}

/// Refusals of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    /// Who was refused: an address, a client, a rule's name.
    pub source: String,
    /// Where it knocked: `logs ingestion`, `syslog tcp`.
    pub interface: String,
    pub reason: String,
    /// The HTTP status of the answer, where there was one.
    pub status_code: Option<u16>,
    pub count: u64,
}

/// Dead letters of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetterCount {
    pub source: String,
    /// The decoder.
    pub format: String,
    pub reason: String,
    pub count: u64,
}

/// What was accepted of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageCount {
    pub tenant: TenantId,
    pub table: Arc<str>,
    pub rows: u64,
    /// Bytes of the rows, as they are held in memory.
    pub bytes: u64,
    /// Entries of the journal in which they came.
    pub batches: u64,
}

/// How full a disk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskVital {
    pub path: String,
    pub free_bytes: u64,
    pub total_bytes: u64,
}
