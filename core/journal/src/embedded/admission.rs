//! Who may append: memory in flight, size of the journal, free space.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::Shared;
use crate::{AppendError, FullReason};

/// A full buffer drains at disk speed, so it is soon worth asking again.
const RETRY_OVERLOADED: Duration = Duration::from_millis(100);
/// Space comes back when a consumer has worked for a while.
pub const RETRY_FULL: Duration = Duration::from_secs(5);

/// What an entry takes while it waits, beside its contents.
pub const ENTRY_BYTES: usize = 1 << 10;

/// Counts the memory of entries that are not durable yet.
#[derive(Debug)]
pub struct InFlight {
    bytes: AtomicUsize,
    limit: usize,
}

/// A part of that memory, given back on drop.
#[derive(Debug)]
pub struct Reservation {
    of: Arc<InFlight>,
    bytes: usize,
}

impl InFlight {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { bytes: AtomicUsize::new(0), limit })
    }

    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// `None` when it would be too much.
    pub fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reservation> {
        let fits = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.bytes.try_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Reservation { of: self.clone(), bytes })
    }
}

impl Reservation {
    /// Changes the size to what it turned out to be. It may grow beyond the limit: the memory is in use.
    pub fn resize(&mut self, bytes: usize) {
        if bytes > self.bytes {
            self.of.bytes.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            self.of.bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Decides about an entry whose contents take this many bytes, before anything is done with it.
pub fn admit(shared: &Shared, content_bytes: usize) -> Result<Reservation, AppendError> {
    let limit = shared.config.entry_bytes;
    if content_bytes > limit {
        return Err(AppendError::TooLarge { bytes: content_bytes, limit });
    }
    check_space(shared)?;
    // The contents and their encoded form exist side by side for a moment. The largest entries go alone.
    let bytes = content_bytes.saturating_mul(2).saturating_add(ENTRY_BYTES);
    let bytes = bytes.min(shared.config.in_flight_bytes);
    let overloaded = AppendError::Overloaded { retry_after: RETRY_OVERLOADED };
    shared.in_flight.reserve(bytes).ok_or(overloaded)
}

/// Whether there is room for more.
pub fn check_space(shared: &Shared) -> Result<(), AppendError> {
    let full = |reason| Err(AppendError::Full { reason, retry_after: RETRY_FULL });
    let in_flight = shared.in_flight.bytes() as u64;
    // With a single segment no consumer holds anything back: it is never deleted before there is another.
    let is_full = shared.segments.bytes() + in_flight > shared.config.max_bytes;
    if is_full && shared.segments.count() > 1 {
        return full(match shared.consumers.slowest() {
            Some((consumer, _)) => FullReason::Lag { consumer },
            None => FullReason::NoConsumer,
        });
    }
    // When the file system does not tell, writing will.
    if let Ok(free_bytes) = shared.disk.free_bytes(&shared.config.directory) {
        let min_free_bytes = shared.config.min_free_bytes;
        if free_bytes.saturating_sub(in_flight) < min_free_bytes {
            return full(FullReason::FreeSpace { free_bytes, min_free_bytes });
        }
    }
    Ok(())
}
