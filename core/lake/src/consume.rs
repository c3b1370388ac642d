//! Taking entries from the journal: their rows become visible, and the journal learns what is in files.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use phalanx_journal::{Entry, Limit, Position, ReadError};
use phalanx_signal::{SignalBatch, TenantId};
use tokio_util::sync::CancellationToken;

use crate::{Lake, LakeError, aside::Aside, hot, lake::CONSUMER, table::misfit};

/// The wait before something that the disk or the journal refused is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Lake {
    /// Takes entries, flushes and maintains until shutdown. What is then in memory stays there:
    /// [`Lake::close`] writes it out.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let flusher = tokio::spawn(self.clone().flush_until(shutdown.clone()));
        // Compaction computes for seconds, so it works where queries do.
        let maintainer = self.engine().threads().spawn(self.clone().maintain_until(shutdown.clone()));
        tokio::select! {
            () = self.consume() => {}
            () = shutdown.cancelled() => {}
        }
        for task in [flusher, maintainer] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the lake has died");
                *self.trouble.lock() = Some(error.to_string());
            }
        }
    }

    /// Writes everything in memory to files and tells the journal. Call after [`Lake::run`] has ended.
    pub async fn close(&self) -> Result<(), LakeError> {
        self.flush_all().await
    }

    /// Ends with the journal.
    async fn consume(&self) {
        let mut reader = self.journal().reader(CONSUMER, self.taken());
        let most = Limit::default();
        // What one read gives comes on top of the memory that rows may have.
        let bytes = (self.config().hot_bytes_max / 8).clamp(64 << 10, most.bytes);
        loop {
            self.wait_for_room().await;
            match reader.next(Limit { bytes, ..most }).await {
                Ok(entries) => {
                    for entry in &entries {
                        self.take(entry).await;
                    }
                }
                Err(ReadError::Closed) => return,
                Err(error) => self.pause("the journal can't be read", &error).await,
            }
        }
    }

    /// Shows the rows of an entry to queries.
    async fn take(&self, entry: &Entry) {
        let now = Instant::now();
        let mut tables: BTreeMap<(TenantId, &Arc<str>), Vec<Share>> = BTreeMap::new();
        for (at, batch) in entry.batches.iter().enumerate() {
            match self.fitting(batch) {
                Ok(()) => {
                    let rows = own_share(entry, batch);
                    tables.entry((batch.tenant, &batch.table)).or_default().push(rows);
                }
                Err(reason) => self.set_entry_aside(entry.position, at, batch, &reason).await,
            }
        }
        for ((tenant, name), batches) in tables {
            let Some(table) = self.table(tenant, name) else { continue };
            let bytes: usize = batches.iter().map(|(_, bytes)| bytes).sum();
            if table.take(entry.position, batches, now) {
                self.hot_bytes.fetch_add(bytes, Ordering::AcqRel);
            }
        }
        self.set_taken(entry.position);
        if self.hot_bytes.load(Ordering::Acquire) > self.config().hot_bytes_max / 2 {
            self.pressure.notify_one();
        }
    }

    /// Whether the table that a batch belongs to has all of its columns; else what is wrong.
    fn fitting(&self, batch: &SignalBatch) -> Result<(), String> {
        let table = self.table(batch.tenant, &batch.table).ok_or("the catalog has no such table")?;
        if misfit(&table.table(), &batch.rows).is_none() {
            return Ok(());
        }
        // A custom table may have gained columns since.
        table.refresh(self.catalog());
        match misfit(&table.table(), &batch.rows) {
            Some(column) => Err(format!("column `{column}` does not fit the table")),
            None => Ok(()),
        }
    }

    async fn set_entry_aside(&self, position: Position, at: usize, batch: &SignalBatch, reason: &str) {
        tracing::error!(table = &*batch.table, rows = batch.rows.num_rows(), reason, "rows are set aside");
        let aside = Aside::entry(batch.tenant, &batch.table, position, at);
        while let Err(error) = aside.write(self.store(), std::slice::from_ref(&batch.rows)).await {
            self.pause("rows can't be set aside", &error).await;
        }
        self.asides.fetch_add(1, Ordering::AcqRel);
    }

    async fn pause(&self, what: &'static str, error: &(dyn std::error::Error + Sync)) {
        tracing::error!(error = %error, "{what}; trying again");
        *self.trouble.lock() = Some(format!("{what}: {error}"));
        tokio::time::sleep(RETRY).await;
        *self.trouble.lock() = None;
    }

    /// Waits while memory is full of rows that are being written to files.
    async fn wait_for_room(&self) {
        loop {
            let room = self.room.notified();
            if self.hot_bytes.load(Ordering::Acquire) <= self.config().hot_bytes_max {
                return;
            }
            self.pressure.notify_one();
            // The timer makes up for a notice between the look and the wait.
            let _ = tokio::time::timeout(Duration::from_millis(100), room).await;
        }
    }

    /// Tells the journal up to where every row is in files.
    pub(crate) fn commit_position(&self) {
        // Read before the tables: entries taken meanwhile only make the answer smaller than it could be.
        let taken = self.taken();
        let first_hot = self.tables().iter().filter_map(|table| table.first_hot()).min();
        let committed = first_hot.map_or(taken, |first| Position(first.0.saturating_sub(1)).min(taken));
        if committed <= self.committed() {
            return;
        }
        match self.journal().commit(CONSUMER, committed) {
            Ok(()) => self.set_committed(committed),
            Err(error) => tracing::warn!(%error, "the journal does not take the lake's position"),
        }
    }
}

/// Rows of an entry, and the memory that they hold.
type Share = (RecordBatch, usize);

/// The rows of a batch and the memory that they hold.
///
/// The arrays of an entry that was read from the disk are all slices of one buffer. A rare table's few rows
/// would keep all of it for as long as they are hot, so a batch that is a small part gets memory of its own.
fn own_share(entry: &Entry, batch: &SignalBatch) -> Share {
    let values = |batch: &SignalBatch| batch.rows.num_rows() * batch.rows.num_columns().max(1);
    let all: usize = entry.batches.iter().map(values).sum();
    if values(batch) * 2 < all
        && let Ok(rows) = hot::owned(&batch.rows)
    {
        let bytes = rows.get_array_memory_size();
        return (rows, bytes);
    }
    let share = values(batch) as f64 / all.max(1) as f64;
    (batch.rows.clone(), (entry.memory() as f64 * share) as usize)
}
