//! What an embedded journal is set up with.

use std::path::PathBuf;

use crate::OpenError;

/// Where an embedded journal is and what it may use. Each default has its reason beside it.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// The folder of the segment files; made when missing. Nothing else belongs into it.
    pub directory: PathBuf,
    /// A segment is sealed when it reaches this size, and deleted as a whole when it is consumed.
    /// 64 MiB: a second of writing at full speed, and a deletion frees something worthwhile.
    pub segment_bytes: u64,
    /// Memory of entries on their way to the disk. 64 MiB: what a disk takes in a fraction of a second,
    /// so more would add waiting and no speed.
    pub in_flight_bytes: usize,
    /// Memory of recent entries that readers get without touching the disk. 64 MiB: some seconds.
    /// The lake's hot rows share this memory, they are the same arrays.
    pub recent_bytes: usize,
    /// The largest entry, as memory of its batches. 32 MiB: it fits twice into what may be in flight.
    pub entry_bytes: usize,
    /// Bytes of segments that a lagging consumer may hold back before senders are refused. 16 GiB.
    pub max_bytes: u64,
    /// Free space that is left on the disk for everybody else. 512 MiB: the lake and the state must be
    /// able to work on, else the journal would never be emptied again.
    pub min_free_bytes: u64,
}

impl JournalConfig {
    /// The defaults, in this folder.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            segment_bytes: 64 << 20,
            in_flight_bytes: 64 << 20,
            recent_bytes: 64 << 20,
            entry_bytes: 32 << 20,
            max_bytes: 16 << 30,
            min_free_bytes: 512 << 20,
        }
    }

    /// # Errors
    /// [`OpenError::Configuration`] when the limits contradict each other.
    pub fn check(&self) -> Result<(), OpenError> {
        let rules = [
            (self.segment_bytes >= 4_096, "`segment_bytes` must be at least 4096"),
            // The active segment is never deleted, so with less a journal could fill up for good.
            (
                self.max_bytes >= self.segment_bytes.saturating_mul(2),
                "`max_bytes` must be at least twice `segment_bytes`",
            ),
            (self.entry_bytes >= 4_096, "`entry_bytes` must be at least 4096"),
            (self.entry_bytes <= 1 << 30, "`entry_bytes` must be at most 1 GiB"),
            (
                self.in_flight_bytes / 2 >= self.entry_bytes,
                "`in_flight_bytes` must be at least twice `entry_bytes`",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(OpenError::Configuration(rule)),
            None => Ok(()),
        }
    }
}
