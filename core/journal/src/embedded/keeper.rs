//! The keeper thread: makes committed positions durable and deletes consumed segments.
//!
//! Commits come often and may become durable late, so the keeper writes at most ten times a second,
//! whatever the number of consumers, and does not stand in the writer's way.

use std::{io, time::Duration};

use parking_lot::{Condvar, Mutex};

use super::{
    Shared, disk,
    positions::{self, Positions},
};
use crate::{ConsumerError, Position, Start, StorageError};

/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(100);
/// After a round that failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

/// What the thread is asked to do.
#[derive(Debug)]
pub struct Keeper {
    wishes: Mutex<Wishes>,
    arrived: Condvar,
    /// Held while positions and segments are changed together.
    files: Mutex<Files>,
}

/// What the keeper may do and has done.
#[derive(Debug)]
struct Files {
    is_ours: bool,
    /// The least position that a consumer has in the file.
    slowest: Option<Position>,
}

#[derive(Debug, Default)]
struct Wishes {
    store: bool,
    prune: bool,
    stop: bool,
}

impl Keeper {
    /// `slowest` is the least position that a consumer has in the file.
    pub fn new(slowest: Option<Position>) -> Self {
        let files = Mutex::new(Files { is_ours: true, slowest });
        Self { wishes: Mutex::default(), arrived: Condvar::new(), files }
    }

    /// Committed positions changed.
    pub fn store_soon(&self) {
        self.wishes.lock().store = true;
        self.arrived.notify_all();
    }

    /// A segment may have become superfluous.
    pub fn prune_soon(&self) {
        self.wishes.lock().prune = true;
        self.arrived.notify_all();
    }

    /// Ends the thread after a last round.
    pub fn stop(&self) {
        self.wishes.lock().stop = true;
        self.arrived.notify_all();
    }

    /// Waits for a wish.
    fn next(&self) -> Wishes {
        let mut wishes = self.wishes.lock();
        while !(wishes.store || wishes.prune || wishes.stop) {
            self.arrived.wait(&mut wishes);
        }
        std::mem::take(&mut wishes)
    }

    fn pause(&self, pause: Duration) {
        let mut wishes = self.wishes.lock();
        self.arrived.wait_while_for(&mut wishes, |wishes| !wishes.stop, pause);
    }
}

/// The thread's work until it is stopped; an error if the last positions could not be stored.
pub fn run(shared: &Shared) -> Result<(), StorageError> {
    loop {
        let wishes = shared.keeper.next();
        let done = round(shared, wishes.store);
        if wishes.stop {
            return done;
        }
        match done {
            Ok(()) => shared.keeper.pause(PAUSE),
            Err(error) => {
                let cause = &error.source;
                tracing::warn!(%error, %cause, "committed positions are not durable yet");
                shared.keeper.pause(PAUSE_AFTER_ERROR);
                shared.keeper.store_soon();
            }
        }
    }
}

/// Stores first: a segment that a stored position still asks for would look lost after a crash.
fn round(shared: &Shared, must_store: bool) -> Result<(), StorageError> {
    let mut files = shared.keeper.files.lock();
    let mut stored = if must_store { store(shared, &mut files) } else { Ok(()) };
    if stored.as_ref().is_err_and(|error| disk::is_full(&error.source)) {
        // There would never be room for the positions if consumed segments waited for them.
        prune(shared, shared.consumers.slowest().map(|(_, position)| position));
        stored = store(shared, &mut files);
    }
    prune(shared, files.slowest);
    stored
}

/// Registers durably, or not at all.
pub fn register(shared: &Shared, name: &str, start: Start) -> Result<Position, ConsumerError> {
    let head = shared.head();
    if let Start::After(position) = start
        && position > Position::MAX
    {
        return Err(ConsumerError::BeyondHead { position, head });
    }
    let mut files = shared.keeper.files.lock();
    if !files.is_ours {
        return Err(ConsumerError::Closed);
    }
    let known = shared.consumers.committed(name);
    let before_oldest = Position(shared.oldest().0 - 1);
    let position = shared.consumers.register(name, start, before_oldest, head)?;
    if position > head {
        shared.raise_floor(position);
    }
    store(shared, &mut files).inspect_err(|_| shared.consumers.restore(name, known))?;
    // The first consumer may need nothing of what was kept for whoever comes.
    shared.keeper.prune_soon();
    Ok(position)
}

/// Forgets durably, or not at all.
pub fn unregister(shared: &Shared, name: &str) -> Result<(), ConsumerError> {
    let mut files = shared.keeper.files.lock();
    if !files.is_ours {
        return Err(ConsumerError::Closed);
    }
    let position = shared.consumers.remove(name)?;
    store(shared, &mut files).inspect_err(|_| shared.consumers.restore(name, Some(position)))?;
    shared.keeper.prune_soon();
    Ok(())
}

/// From now on another process may own the files.
pub fn let_go(shared: &Shared) {
    shared.keeper.files.lock().is_ours = false;
}

fn store(shared: &Shared, files: &mut Files) -> Result<(), StorageError> {
    let head = shared.head();
    let floor = shared.floor().max(head);
    let positions = Positions { head, floor, consumers: shared.consumers.snapshot() };
    positions::store(&shared.config.directory, &positions)?;
    files.slowest = positions.consumers.values().min().copied();
    Ok(())
}

/// Deletes the segments that every consumer has passed. Without a consumer nothing is superfluous.
fn prune(shared: &Shared, consumed: Option<Position>) {
    let Some(consumed) = consumed else { return };
    while let Some(segment) = shared.segments.take_consumed(consumed) {
        match shared.disk.remove(&segment.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let file = segment.path.display();
                tracing::warn!(%error, %file, "cannot delete a consumed segment");
                return shared.segments.put_back(segment);
            }
            _ => shared.damage.forget(segment.header.sequence),
        }
    }
}
