//! Rows of many senders, gathered into entries of the journal.
//!
//! A listener has as many [`Bench`]es as there are decoding threads. A connection always uses the same bench,
//! whose output its decoder has come to know, and only while it decodes; who wants to read waits for its turn there *before* it reads. So what is in
//! memory is bounded by the benches, not by the connections, and while the journal has no room everybody
//! waits and nobody reads.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use phalanx_journal::AppendError;
use phalanx_signal::decode::Output;
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio_util::sync::CancellationToken;

use super::Means;
use crate::ingest::{Appender, now_micros};

/// Bytes that are read at once. What a fast sender sends in a few milliseconds.
const BUFFER_BYTES: usize = 256 << 10;

/// Rows that go into the journal together, at most.
pub(super) const ENTRY_ROWS: usize = 16 << 10;

/// Bytes of rows that go into the journal together, at most.
pub(super) const ENTRY_BYTES: usize = 4 << 20;

/// Rows wait no longer than this for others. Long enough that a busy listener writes dozens of entries a
/// second and not thousands, short beside the second within which rows are to be seen.
pub(super) const GATHER: Duration = Duration::from_millis(25);

/// Bytes of unfinished messages, over all connections of a listener, beyond which those that hold much are
/// closed.
const UNFINISHED_BYTES_MAX: usize = 64 << 20;

/// So much of an unfinished message nobody is closed for.
pub(super) const UNFINISHED_BYTES_FREE: usize = 16 << 10;

/// What a listener's connections share.
pub(super) struct Gatherer {
    pub means: Means,
    benches: Vec<Mutex<Bench>>,
    next: AtomicUsize,
    appender: Appender,
    /// Rows lie on a bench whose connection has gone on to wait.
    left: Notify,
    unfinished: AtomicUsize,
}

/// A place to decode at.
pub(super) struct Bench {
    pub out: Output,
    pub buffer: Vec<u8>,
    /// Since when rows lie here.
    since: Option<Instant>,
}

impl Gatherer {
    /// Makes a gatherer that works until shutdown.
    pub fn start(means: Means) -> Arc<Self> {
        let session = means.intake.session(means.tenant, means.interface, None);
        let bench = || Bench {
            out: Output::new(session.clone(), "syslog"),
            buffer: vec![0; BUFFER_BYTES],
            since: None,
        };
        let gatherer = Arc::new(Self {
            benches: (0..means.pool.threads()).map(|_| Mutex::new(bench())).collect(),
            next: AtomicUsize::new(0),
            appender: Appender::new(means.intake.clone(), means.interface),
            left: Notify::new(),
            unfinished: AtomicUsize::new(0),
            means,
        });
        gatherer.means.shared.tracker.spawn(gatherer.clone().collect());
        gatherer
    }

    pub fn shutdown(&self) -> &CancellationToken {
        &self.means.shared.shutdown
    }

    /// The number of the bench for a new connection.
    pub fn place(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.benches.len()
    }

    /// Waits for a bench.
    pub async fn bench(&self, place: usize) -> MutexGuard<'_, Bench> {
        self.benches[place].lock().await
    }

    /// Ends a turn at a bench. Rows that are enough, or have waited, go to the journal, and this waits until
    /// there is room for them.
    ///
    /// # Errors
    /// The journal takes nothing any more.
    pub async fn leave(&self, bench: &mut Bench) -> Result<(), AppendError> {
        if bench.out.pending_rows() == 0 {
            bench.since = None;
            return Ok(());
        }
        let since = *bench.since.get_or_insert_with(Instant::now);
        let is_full = bench.out.pending_rows() >= ENTRY_ROWS || bench.out.pending_bytes() >= ENTRY_BYTES;
        if is_full || since.elapsed() >= GATHER {
            return self.flush(bench).await;
        }
        self.left.notify_one();
        Ok(())
    }

    /// Sends all rows of a bench to the journal.
    ///
    /// # Errors
    /// The journal takes nothing any more.
    pub async fn flush(&self, bench: &mut Bench) -> Result<(), AppendError> {
        bench.since = None;
        let batches = bench.out.flush();
        let counts = bench.out.take_counts();
        self.means.intake.count_dead_letters("syslog", &counts);
        self.appender.push(batches).await
    }

    /// Waits until all that was flushed is durable.
    ///
    /// # Errors
    /// Some of it will never be.
    pub async fn finish(&self) -> Result<(), AppendError> {
        self.appender.finish().await
    }

    /// Takes note that a connection holds `now` bytes of an unfinished message where it held `before`.
    /// False: it holds too much while all together hold too much.
    pub fn hold(&self, before: usize, now: usize) -> bool {
        let sum = if now >= before {
            self.unfinished.fetch_add(now - before, Ordering::Relaxed) + (now - before)
        } else {
            self.unfinished.fetch_sub(before - now, Ordering::Relaxed) - (before - now)
        };
        now <= UNFINISHED_BYTES_FREE || sum <= UNFINISHED_BYTES_MAX
    }

    /// Sends rows on that wait for others which do not come.
    async fn collect(self: Arc<Self>) {
        while !self.shutdown().is_cancelled() {
            tokio::select! {
                () = self.left.notified() => {}
                () = self.shutdown().cancelled() => {}
            }
            tokio::select! {
                () = tokio::time::sleep(GATHER) => {}
                () = self.shutdown().cancelled() => {}
            }
            for bench in &self.benches {
                let mut bench = bench.lock().await;
                if bench.out.pending_rows() > 0 && self.flush(&mut bench).await.is_err() {
                    return;
                }
            }
        }
        if let Err(error) = self.finish().await {
            tracing::warn!(interface = self.means.interface, %error, "the last messages could not be kept");
        }
    }
}

impl Bench {
    /// Prepares for the rows of a connection.
    pub fn begin(&mut self) {
        self.out.set_received(now_micros());
    }
}
