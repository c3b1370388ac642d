//! What the journal holds: entries at positions.

use std::fmt;

use phalanx_signal::SignalBatch;

/// The place of an entry in the journal: 1 for the first, then one more for each.
///
/// It is also the version of the Delta transaction that brings the entry into the lake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub u64);

impl Position {
    /// Before the first entry.
    pub const ZERO: Self = Self(0);
    /// No entry is ever beyond this: the lake keeps positions as signed numbers.
    pub const MAX: Self = Self(1 << 62);

    /// The position of the entry after this one.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One accepted request: all of its batches, together.
#[derive(Clone, Debug)]
pub struct Entry {
    pub position: Position,
    /// When the platform took it, in microseconds since 1970.
    pub received: i64,
    pub batches: Vec<SignalBatch>,
    memory: usize,
}

impl Entry {
    pub fn new(position: Position, received: i64, batches: Vec<SignalBatch>) -> Self {
        let memory = batches_memory(&batches);
        Self { position, received, batches, memory }
    }

    /// For batches whose memory is known, as arrays that share a buffer would each count all of it.
    pub(crate) fn with_memory(
        position: Position,
        received: i64,
        batches: Vec<SignalBatch>,
        memory: usize,
    ) -> Self {
        Self { position, received, batches, memory }
    }

    /// Bytes of memory that the batches hold together. Unlike a sum over the arrays this is right for
    /// entries that were read back, whose arrays are slices of one buffer.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// Rows in all batches.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(|batch| batch.rows.num_rows()).sum()
    }
}

/// Bytes of memory that batches hold, buffers at their full capacity.
pub(crate) fn batches_memory(batches: &[SignalBatch]) -> usize {
    let of = |batch: &SignalBatch| size_of::<SignalBatch>() + batch.rows.get_array_memory_size();
    size_of::<Entry>() + batches.iter().map(of).sum::<usize>()
}

/// Bytes of memory that batches take beside the values of their columns: arrays, fields and names, about.
/// For single rows it is more than the values.
pub(crate) fn structure_memory(batches: &[SignalBatch]) -> usize {
    const BATCH: usize = 256;
    const COLUMN: usize = 320;
    let of = |batch: &SignalBatch| size_of::<SignalBatch>() + BATCH + COLUMN * batch.rows.num_columns();
    size_of::<Entry>() + batches.iter().map(of).sum::<usize>()
}

/// The proof that an entry is durable. Only a journal can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is what the sender waits for"]
pub struct Acknowledged {
    position: Position,
}

impl Acknowledged {
    pub(crate) const fn new(position: Position) -> Self {
        Self { position }
    }

    /// Where the entry is.
    pub const fn position(&self) -> Position {
        self.position
    }
}
