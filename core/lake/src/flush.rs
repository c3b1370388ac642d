//! When rows leave memory: by age, by size, and under pressure the largest first.
//!
//! Each flush is a task of its own. A table whose flush fails or hangs is tried again, later and later, and
//! takes no other table's turn; if it fails for long, its rows are set aside.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Lake, LakeError, table::LakeTable};

/// Files that are written at once. Two fill the cores of a small machine; the others are for tables that
/// hang.
const FLUSHES_MAX: usize = 4;

/// How often ages are looked at.
const TICK: Duration = Duration::from_millis(500);

impl Lake {
    pub(crate) async fn flush_until(self: Arc<Self>, shutdown: CancellationToken) {
        let mut flushes: JoinSet<()> = JoinSet::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.pressure.notified() => {}
                () = tokio::time::sleep(TICK) => {}
                Some(ended) = flushes.join_next() => self.look_after(ended),
            }
            while let Some(ended) = flushes.try_join_next() {
                self.look_after(ended);
            }
            for table in self.due().into_iter().take(FLUSHES_MAX - flushes.len()) {
                let lake = self.clone();
                flushes.spawn(async move { drop(lake.flush_table(&table).await) });
            }
            // Entries without rows move the position too.
            self.commit_position();
        }
        while let Some(ended) = flushes.join_next().await {
            self.look_after(ended);
        }
    }

    /// Writes all rows in memory to files and tells the journal.
    ///
    /// # Errors
    /// The first of those that occurred; the tables without one are in files.
    pub async fn flush_all(&self) -> Result<(), LakeError> {
        let flushed: Vec<Result<(), LakeError>> = stream::iter(self.tables())
            .map(|table| async move {
                let target = self.taken();
                // Rows that had been tried before go first, so one flush may not be all.
                while table.first_hot().is_some_and(|first| first <= target) {
                    self.flush_table(&table).await?;
                }
                Ok(())
            })
            .buffer_unordered(2)
            .collect()
            .await;
        self.commit_position();
        flushed.into_iter().collect()
    }

    async fn flush_table(&self, table: &Arc<LakeTable>) -> Result<(), LakeError> {
        table.refresh(self.catalog());
        let flushed = table.flush().await;
        let now = Instant::now();
        let failing_for = {
            let mut trouble = table.trouble.lock();
            trouble.note(&flushed, now);
            trouble.age(now)
        };
        if let Err(error) = &flushed {
            let error = error.chain();
            tracing::error!(error, table = &*table.name, "a flush has failed; its rows stay in memory");
        }
        if failing_for.is_some_and(|age| age >= self.patience()) {
            self.set_table_aside(table).await;
        }
        self.recount();
        self.commit_position();
        flushed
    }

    /// How long a table may fail; shorter once its rows may be what keeps all others out of memory.
    fn patience(&self) -> Duration {
        let is_full = self.hot_bytes.load(Ordering::Acquire) > self.config().hot_bytes_max;
        if is_full { self.config().aside_after / 20 } else { self.config().aside_after }
    }

    async fn set_table_aside(&self, table: &LakeTable) {
        match table.set_aside().await {
            Ok(true) => {
                self.asides.fetch_add(1, Ordering::AcqRel);
                tracing::error!(table = &*table.name, "rows are set aside until the lake is opened next");
            }
            Ok(false) => {}
            Err(error) => {
                let error = error.chain();
                tracing::error!(error, table = &*table.name, "rows can't be set aside; they stay in memory");
            }
        }
    }

    /// The tables whose rows should go to files now, the largest first.
    fn due(&self) -> Vec<Arc<LakeTable>> {
        let (config, now) = (self.config(), Instant::now());
        let hot = self.tables().into_iter().map(|table| (table.figures(), table));
        let hot = hot.filter(|(figures, _)| figures.hot_rows > 0);
        let (leaving, mut tables): (Vec<_>, Vec<_>) = hot.partition(|(_, table)| table.is_flushing());
        let leaving: usize = leaving.iter().map(|(figures, _)| figures.hot_bytes).sum();
        tables.sort_by_key(|(figures, _)| std::cmp::Reverse(figures.hot_bytes));
        let staying = self.hot_bytes.load(Ordering::Acquire).saturating_sub(leaving);
        let mut excess = staying.saturating_sub(config.hot_bytes_max / 2);
        tables
            .into_iter()
            .filter(|(figures, table)| {
                if table.trouble.lock().is_waiting(now) {
                    return false;
                }
                let age = figures.hot_since.map_or(Duration::ZERO, |since| now - since);
                let is_rare = figures.hot_rows < config.rare_rows;
                let patience = if is_rare { config.rare_flush_after } else { config.flush_after };
                let is_pressed = excess > 0;
                excess = excess.saturating_sub(figures.hot_bytes);
                is_pressed || figures.hot_bytes >= config.flush_bytes || age >= patience
            })
            .map(|(_, table)| table)
            .collect()
    }

    /// Counts the hot memory anew; packing and flushing have changed it.
    fn recount(&self) {
        let bytes = self.tables().iter().map(|table| table.figures().hot_bytes).sum();
        self.hot_bytes.store(bytes, Ordering::Release);
        self.room.notify_waiters();
    }

    fn look_after(&self, ended: Result<(), tokio::task::JoinError>) {
        if let Err(error) = ended {
            tracing::error!(%error, "a flush has died; its rows stay in memory");
            *self.trouble.lock() = Some(error.to_string());
        }
    }
}
