//! When rows leave memory: by age, by size, and under pressure the largest first.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::{Lake, LakeError, table::LakeTable};

/// Files that are written at once.
const FLUSHES_MAX: usize = 2;

/// How often ages are looked at.
const TICK: Duration = Duration::from_millis(500);

impl Lake {
    pub(crate) async fn flush_until(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.pressure.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            let due = self.due();
            if let Err(error) = self.flush(due).await {
                tracing::error!(%error, "rows can't be written to files; they stay in memory and in the journal");
                *self.trouble.lock() = Some(error.to_string());
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(2)) => {}
                }
            }
        }
    }

    /// Writes all rows in memory to files and tells the journal.
    pub async fn flush_all(&self) -> Result<(), LakeError> {
        let hot: Vec<_> = self.open_tables().into_iter().filter(|t| t.figures().hot_rows > 0).collect();
        self.flush(hot).await
    }

    /// The tables whose rows should go to files now.
    fn due(&self) -> Vec<Arc<LakeTable>> {
        let config = self.config();
        let mut tables: Vec<_> = self
            .open_tables()
            .into_iter()
            .map(|table| (table.figures(), table))
            .filter(|(figures, _)| figures.hot_rows > 0)
            .collect();
        tables.sort_by_key(|(figures, _)| std::cmp::Reverse(figures.hot_bytes));
        let mut excess = self.hot_bytes.load(Ordering::Acquire).saturating_sub(config.hot_bytes_max / 2);
        tables
            .into_iter()
            .filter(|(figures, table)| {
                let age = figures.hot_since.map_or(Duration::ZERO, |since| since.elapsed());
                let patience = if figures.hot_rows < config.rare_rows {
                    config.rare_flush_after
                } else {
                    config.flush_after
                };
                let is_pressed = excess > 0;
                excess = excess.saturating_sub(figures.hot_bytes);
                let is_due = is_pressed || figures.hot_bytes >= config.flush_bytes || age >= patience;
                is_due && !table.is_flushing()
            })
            .map(|(_, table)| table)
            .collect()
    }

    async fn flush(&self, tables: Vec<Arc<LakeTable>>) -> Result<(), LakeError> {
        if tables.is_empty() {
            return Ok(());
        }
        let results: Vec<Result<(), LakeError>> = stream::iter(tables)
            .map(|table| async move {
                table.refresh(self.catalog());
                let before = table.figures().hot_bytes;
                let flushed = table.flush().await;
                let after = table.figures().hot_bytes;
                tracing::debug!(table = &*table.name, before, after, "flushed");
                self.recount();
                flushed
            })
            .buffer_unordered(FLUSHES_MAX)
            .collect()
            .await;
        self.commit_position();
        results.into_iter().collect::<Result<Vec<()>, _>>()?;
        *self.trouble.lock() = None;
        Ok(())
    }

    /// Counts the hot memory anew; packing and flushing have changed it.
    fn recount(&self) {
        let bytes = self.open_tables().iter().map(|table| table.figures().hot_bytes).sum();
        self.hot_bytes.store(bytes, Ordering::Release);
        self.room.notify_waiters();
    }
}
