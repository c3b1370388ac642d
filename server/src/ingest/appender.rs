//! Entries on their way to the journal, while their decoder goes on.
//!
//! Decoding, encoding for the journal and waiting for the disk each take their time. An appender lets them
//! overlap: it takes a batch, and only when several are on their way does the next one wait.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use phalanx_journal::AppendError;
use phalanx_signal::SignalBatch;
use tokio::{runtime::Handle, sync::Semaphore};

use super::Intake;

/// Entries of one source that are on their way at once. One is being written, one encoded, one waits for
/// each, so that neither disk nor processor idles; more would only hold memory.
const ON_THEIR_WAY: u32 = 4;

/// Memory of an entry beyond which its batches are divided: well under what the journal takes at most.
const ENTRY_BYTES_MAX: usize = 12 << 20;

/// Hands batches to the journal, waiting patiently while it has no room. Order is not kept.
pub struct Appender {
    intake: Arc<Intake>,
    interface: &'static str,
    room: Arc<Semaphore>,
    outcome: Arc<Outcome>,
}

#[derive(Default)]
struct Outcome {
    rows: AtomicU64,
    /// The first error: from then on nothing more is taken.
    error: OnceLock<AppendError>,
}

impl Appender {
    pub fn new(intake: Arc<Intake>, interface: &'static str) -> Self {
        let room = Arc::new(Semaphore::new(ON_THEIR_WAY as usize));
        Self { intake, interface, room, outcome: Arc::default() }
    }

    /// Takes batches as soon as there is room for them on the way.
    ///
    /// # Errors
    /// What an earlier entry met with: these batches were not taken.
    pub async fn push(&self, batches: Vec<SignalBatch>) -> Result<(), AppendError> {
        for batches in divide(batches) {
            let permit = self.room.clone().acquire_owned().await.expect("it is never closed");
            self.check()?;
            let (intake, interface, outcome) = (self.intake.clone(), self.interface, self.outcome.clone());
            tokio::spawn(async move {
                let _permit = permit;
                let rows: usize = batches.iter().map(|batch| batch.rows.num_rows()).sum();
                match intake.accept_patiently(interface, batches).await {
                    Ok(_) => _ = outcome.rows.fetch_add(rows as u64, Ordering::Relaxed),
                    Err(error) => _ = outcome.error.set(error),
                }
            });
        }
        Ok(())
    }

    /// As [`Appender::push`], on a thread that may block.
    pub fn push_blocking(&self, runtime: &Handle, batches: Vec<SignalBatch>) -> Result<(), AppendError> {
        if batches.is_empty() { Ok(()) } else { runtime.block_on(self.push(batches)) }
    }

    /// Whether a push would have to wait.
    pub fn is_full(&self) -> bool {
        self.room.available_permits() == 0
    }

    /// Waits until everything that was pushed is durable.
    ///
    /// # Errors
    /// Something is not, and will not be.
    pub async fn finish(&self) -> Result<(), AppendError> {
        let _all = self.room.acquire_many(ON_THEIR_WAY).await.expect("it is never closed");
        self.check()
    }

    /// Rows that are durable.
    pub fn rows(&self) -> u64 {
        self.outcome.rows.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), AppendError> {
        self.outcome.error.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

/// Batches in groups that are no larger than an entry should be, unless a single batch is.
fn divide(batches: Vec<SignalBatch>) -> Vec<Vec<SignalBatch>> {
    let mut entries: Vec<Vec<SignalBatch>> = Vec::new();
    let mut bytes = usize::MAX;
    for batch in batches {
        let size = batch.rows.get_array_memory_size();
        match entries.last_mut() {
            Some(last) if bytes.saturating_add(size) <= ENTRY_BYTES_MAX => {
                last.push(batch);
                bytes += size;
            }
            _ => {
                entries.push(vec![batch]);
                bytes = size;
            }
        }
    }
    entries
}
