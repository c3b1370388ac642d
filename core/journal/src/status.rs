//! What an operator, and the service that watches the platform's health, want to know.

use std::{path::PathBuf, time::Duration};

use crate::Position;

/// The state of a journal.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The newest durable entry.
    pub head: Position,
    /// The oldest entry that is kept; `head.next()` when none is.
    pub oldest: Position,
    /// Bytes that the entries take where they are kept.
    pub bytes: u64,
    pub segments: usize,
    /// Bytes of memory of entries that are not durable yet.
    pub in_flight_bytes: usize,
    /// Why nothing is accepted at the moment, for want of room; `None` while there is some.
    pub full: Option<String>,
    /// Sorted by name.
    pub consumers: Vec<ConsumerStatus>,
    pub damage: DamageTotals,
    /// The damages found first since the journal was opened, a hundred at most.
    pub damages: Vec<Damage>,
}

/// How far a consumer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    pub name: String,
    pub committed: Position,
    /// Entries it has not committed.
    pub lag_entries: u64,
    /// When the oldest of them was received, in microseconds since 1970, as exactly as the journal
    /// knows without reading files: never later than the truth. `None` without lag.
    pub pending_since: Option<i64>,
}

impl ConsumerStatus {
    /// For how long the oldest entry that is not committed has been waiting; `now` in microseconds
    /// since 1970.
    pub fn lag(&self, now: i64) -> Duration {
        let micros = self.pending_since.map_or(0, |since| now.saturating_sub(since));
        Duration::from_micros(micros.try_into().unwrap_or(0))
    }
}

/// Sums over all damage found since the journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DamageTotals {
    /// Places where something was unreadable.
    pub places: u64,
    pub bytes: u64,
    /// Entries that are missing. A torn tail, the rest of a write that a crash cut short and that was
    /// never acknowledged, counts as a place and as bytes but as no entry.
    pub lost_entries: u64,
}

/// A part of the journal that could not be read and was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub file: PathBuf,
    pub offset: u64,
    pub bytes: u64,
    pub lost_entries: u64,
    /// What was found, for people.
    pub what: &'static str,
}
