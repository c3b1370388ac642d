//! The one door to the journal.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use phalanx_journal::{Acknowledged, AppendError, Journal};
use phalanx_signal::{
    Catalog, SignalBatch, Table, TenantId,
    decode::{Counts, Limits, Session},
};
use tokio_util::sync::CancellationToken;

use crate::{config, metrics::Metrics};

/// Longest wait before the journal is asked again.
const WAIT_MOST: Duration = Duration::from_secs(1);

/// Longest wait while the journal has only too much on its way to the disk: that is gone in no time, and we are
/// not a sender far away for whom asking is dear.
const WAIT_OVERLOADED: Duration = Duration::from_millis(10);

/// Waits that take longer are logged.
const WAIT_TOLD: Duration = Duration::from_secs(5);

/// Takes batches in, counts them, and counts what was refused.
pub struct Intake {
    journal: Arc<dyn Journal>,
    catalog: Arc<Catalog>,
    metrics: Arc<Metrics>,
    limits: Limits,
    /// This host's name.
    collector: Option<Arc<str>>,
    books: Mutex<Books>,
    shutdown: CancellationToken,
}

/// What was taken in and what was not, since the start.
#[derive(Default)]
struct Books {
    usage: BTreeMap<Arc<str>, Usage>,
    refusals: BTreeMap<(&'static str, String), u64>,
    dead_letters: BTreeMap<(String, String), u64>,
}

/// Rows and bytes of one table, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub rows: u64,
    /// Bytes of the rows in memory.
    pub bytes: u64,
    /// Entries of the journal in which they came.
    pub batches: u64,
}

/// Input that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `https`, `syslog udp` and so on.
    pub interface: &'static str,
    pub reason: String,
    pub count: u64,
}

impl Intake {
    pub fn new(
        journal: Arc<dyn Journal>,
        catalog: Arc<Catalog>,
        metrics: Arc<Metrics>,
        config: &config::Ingest,
        shutdown: CancellationToken,
    ) -> Self {
        let limits = Limits { record_bytes: config.record_bytes_max, ..Limits::default() };
        let collector = rustix::system::uname().nodename().to_str().ok().map(Arc::from);
        Self { journal, catalog, metrics, limits, collector, books: Mutex::default(), shutdown }
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What decoding of one source shares.
    pub fn session(&self, tenant: TenantId, source: &str, table: Option<Arc<Table>>) -> Arc<Session> {
        Arc::new(self.open_session(tenant, source, table))
    }

    /// As [`Intake::session`], for a caller that adds what it knows of the sender.
    pub fn open_session(&self, tenant: TenantId, source: &str, table: Option<Arc<Table>>) -> Session {
        let mut session = Session::new(self.catalog.clone(), tenant, source);
        session.table = table;
        session.limits = self.limits;
        session.collector = self.collector.clone();
        session
    }

    /// Makes the batches durable, all or none. A refusal is counted under `interface`.
    pub async fn accept(
        &self,
        interface: &'static str,
        batches: Vec<SignalBatch>,
    ) -> Result<Acknowledged, AppendError> {
        let accepted = self.append(batches).await;
        accepted.inspect_err(|error| self.refuse(interface, &error.to_string()))
    }

    async fn append(&self, batches: Vec<SignalBatch>) -> Result<Acknowledged, AppendError> {
        let counted: Vec<(Arc<str>, u64, u64)> = batches
            .iter()
            .map(|b| (b.table.clone(), b.rows.num_rows() as u64, b.rows.get_array_memory_size() as u64))
            .collect();
        let begun = Instant::now();
        let acknowledged = self.journal.append(now_micros(), batches).await?;
        self.metrics.acknowledge_seconds.observe(begun.elapsed().as_secs_f64());
        let mut books = self.books.lock();
        for (table, rows, bytes) in counted {
            self.metrics.rows.with_label_values(&[&table]).inc_by(rows);
            let usage = books.usage.entry(table).or_default();
            usage.rows += rows;
            usage.bytes += bytes;
            usage.batches += 1;
        }
        Ok(acknowledged)
    }

    /// As [`Intake::accept`], but waits and tries again while the journal has no room: for senders that
    /// can be made to wait (files, TCP). Gives up at shutdown and on errors that waiting does not mend; only
    /// then it is a refusal.
    pub async fn accept_patiently(
        &self,
        interface: &'static str,
        batches: Vec<SignalBatch>,
    ) -> Result<Acknowledged, AppendError> {
        let begun = Instant::now();
        let mut is_told = false;
        loop {
            let error = match self.append(batches.clone()).await {
                Ok(acknowledged) => return Ok(acknowledged),
                Err(error) => error,
            };
            if !is_told && begun.elapsed() > WAIT_TOLD {
                is_told = true;
                tracing::warn!(interface, %error, "senders wait until their input can be kept");
            }
            let longest = match error {
                AppendError::Overloaded { .. } => WAIT_OVERLOADED,
                _ => WAIT_MOST,
            };
            let wait = error.retry_after().filter(|_| !self.shutdown.is_cancelled());
            let Some(wait) = wait else {
                self.refuse(interface, &error.to_string());
                return Err(error);
            };
            tokio::select! {
                () = tokio::time::sleep(wait.min(longest)) => {}
                () = self.shutdown.cancelled() => {}
            }
        }
    }

    /// Counts bytes that a sender sent.
    pub fn count_bytes(&self, interface: &'static str, bytes: usize) {
        self.metrics.bytes.with_label_values(&[interface]).inc_by(bytes as u64);
    }

    /// Counts input that was not taken.
    pub fn refuse(&self, interface: &'static str, reason: &str) {
        self.refuse_many(interface, reason, 1);
    }

    /// Counts `count` pieces of input that were not taken.
    pub fn refuse_many(&self, interface: &'static str, reason: &str, count: u64) {
        // Reasons come from our own error texts; numbers in them would make endless series.
        let reason: String = reason.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        self.metrics.refusals.with_label_values(&[interface, &reason]).inc_by(count);
        *self.books.lock().refusals.entry((interface, reason)).or_default() += count;
    }

    /// Counts the dead letters among what a decoder made.
    pub fn count_dead_letters(&self, format: &str, counts: &Counts) {
        let total = counts.dead_letter_count();
        if total == 0 {
            return;
        }
        self.metrics.dead_letters.with_label_values(&[format]).inc_by(total);
        let mut books = self.books.lock();
        for (reason, (count, _)) in &counts.dead_letters {
            let known = books.dead_letters.len() < 1_000;
            let reason = if known { reason.as_str() } else { "other reasons" };
            *books.dead_letters.entry((format.to_owned(), reason.to_owned())).or_default() += count;
        }
    }

    /// Rows and bytes per table, since the start.
    pub fn usage(&self) -> Vec<(Arc<str>, Usage)> {
        self.books.lock().usage.iter().map(|(table, usage)| (table.clone(), *usage)).collect()
    }

    /// What was refused, since the start.
    pub fn refusals(&self) -> Vec<Refusal> {
        let books = self.books.lock();
        books
            .refusals
            .iter()
            .map(|((interface, reason), count)| Refusal { interface, reason: reason.clone(), count: *count })
            .collect()
    }

    /// Dead letters per format and reason, since the start.
    pub fn dead_letters(&self) -> Vec<(String, String, u64)> {
        let books = self.books.lock();
        books.dead_letters.iter().map(|((f, r), count)| (f.clone(), r.clone(), *count)).collect()
    }
}

/// Now, in microseconds since 1970.
pub fn now_micros() -> i64 {
    chrono::Utc::now().timestamp_micros()
}
