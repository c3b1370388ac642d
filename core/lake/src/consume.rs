//! Taking entries from the journal: their rows become visible, and the journal learns what is in files.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use phalanx_journal::{Entry, Limit, Position, ReadError, Start};
use tokio_util::sync::CancellationToken;

use crate::{Lake, LakeError};

/// The lake's name as a consumer of the journal.
pub(crate) const CONSUMER: &str = "lake";

impl Lake {
    /// Takes entries, flushes and maintains until shutdown. What is then in memory stays there:
    /// [`Lake::close`] writes it out.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let flusher = tokio::spawn(self.clone().flush_until(shutdown.clone()));
        let maintainer = tokio::spawn(self.clone().maintain_until(shutdown.clone()));
        let consumed = tokio::select! {
            consumed = self.consume() => consumed,
            () = shutdown.cancelled() => Ok(()),
        };
        if let Err(error) = consumed {
            tracing::error!(%error, "the lake takes no more entries; the journal keeps them");
            *self.trouble.lock() = Some(error.to_string());
        }
        for task in [flusher, maintainer] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the lake has died");
            }
        }
    }

    /// Writes everything in memory to files and tells the journal. Call after [`Lake::run`] has ended.
    pub async fn close(&self) -> Result<(), LakeError> {
        self.flush_all().await
    }

    async fn consume(self: &Arc<Self>) -> Result<(), LakeError> {
        let journal = |error| LakeError::Journal(Box::new(error));
        let from = self.journal().register(CONSUMER, Start::Oldest).await.map_err(journal)?;
        self.set_taken(from);
        self.set_committed(from);
        let mut reader = self.journal().reader(CONSUMER, from);
        loop {
            self.wait_for_room().await;
            match reader.next(Limit::default()).await {
                Ok(entries) => {
                    for entry in &entries {
                        self.take(entry).await?;
                    }
                }
                Err(ReadError::Closed) => return Ok(()),
                Err(error) => {
                    tracing::error!(%error, "the journal can't be read; trying again");
                    *self.trouble.lock() = Some(error.to_string());
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    /// Shows the rows of an entry to queries.
    async fn take(&self, entry: &Entry) -> Result<(), LakeError> {
        let now = Instant::now();
        for batch in &entry.batches {
            let table = match self.table(batch.tenant, &batch.table).await {
                Ok(table) => table,
                Err(LakeError::NoTable(name)) => {
                    // A custom table that was declared is never forgotten, so this is a damaged entry.
                    tracing::error!(
                        table = name,
                        position = entry.position.0,
                        "rows of an unknown table are skipped"
                    );
                    continue;
                }
                Err(error) => return Err(error),
            };
            if table.table().physical_schema().fields().len() < batch.rows.num_columns()
                || !knows(&table.table(), &batch.rows)
            {
                table.refresh(self.catalog());
            }
            if table.take(entry.position, &batch.rows, now) {
                self.hot_bytes.fetch_add(batch.rows.get_array_memory_size(), Ordering::AcqRel);
            }
        }
        self.set_taken(entry.position);
        if self.hot_bytes.load(Ordering::Acquire) > self.config().hot_bytes_max / 2 {
            self.pressure.notify_one();
        }
        Ok(())
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
        let first_hot = self.open_tables().iter().filter_map(|table| table.first_hot()).min();
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

fn knows(table: &phalanx_signal::Table, rows: &arrow_array::RecordBatch) -> bool {
    let schema = table.physical_schema();
    rows.schema_ref().fields().iter().all(|field| schema.index_of(field.name()).is_ok())
}
