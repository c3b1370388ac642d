//! Keeping the tables in shape: small files of a day become one, old rows expire, dead files go.
//!
//! One task does all of it, one table after the other, so nothing here competes with itself; flushes go on
//! meanwhile, and a commit waits for the other at the table's log.
//!
//! A file's day, and its rows' age, is when the platform *received* them ([`received`]). An import of logs
//! that are years old stays as long as everything else, an event from the future does not stay for ever, and
//! since rows come to the lake in the order in which they were received, a file is never old in part: expiry
//! is removing files, without rewriting any.

mod compact;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_signal::schema::TIME_RECEIVED;
use tokio_util::sync::CancellationToken;

use crate::{Lake, LakeError, delta::LiveFile, table::LakeTable};

pub(crate) use compact::TARGET_BYTES;

/// How often all tables are looked at.
const ROUND: Duration = Duration::from_secs(60);

/// How often folders are searched for files that no log speaks of.
const SEARCH: Duration = Duration::from_secs(3_600);

/// A file that no log speaks of is left alone for so long: a flush, or another program, may be about to
/// commit it.
const UNKNOWN_FILE_AGE: Duration = Duration::from_secs(24 * 3_600);

const DAY_MICROS: i64 = 86_400_000_000;

impl Lake {
    pub(crate) async fn maintain_until(self: Arc<Self>, shutdown: CancellationToken) {
        let mut searched: Option<Instant> = None;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(ROUND) => {}
            }
            let is_search_due = searched.is_none_or(|at| at.elapsed() >= SEARCH);
            for table in self.tables() {
                let round = self.maintain(&table, chrono::Utc::now().timestamp_micros(), is_search_due);
                // Whatever stops half way is finished by the next round: the log changes last.
                let kept = tokio::select! {
                    () = shutdown.cancelled() => return,
                    kept = round => kept,
                };
                if let Err(error) = kept {
                    tracing::error!(
                        error = error.chain(),
                        table = &*table.name,
                        "a table can't be maintained"
                    );
                }
            }
            if is_search_due {
                searched = Some(Instant::now());
            }
        }
    }

    /// One round over all tables, as the timer does it; `now` in microseconds since 1970.
    pub async fn maintain_all(&self, now: i64) -> Result<(), LakeError> {
        for table in self.tables() {
            self.maintain(&table, now, true).await?;
        }
        Ok(())
    }

    async fn maintain(&self, table: &Arc<LakeTable>, now: i64, search: bool) -> Result<(), LakeError> {
        let _one_at_a_time = table.maintaining.lock().await;
        table.know_log().await?;
        self.expire(table, now).await?;
        self.compact(table, now).await?;
        table.bury(self.config().grace).await?;
        if search {
            table.bury_unknown(UNKNOWN_FILE_AGE, now).await?;
        }
        Ok(())
    }

    /// Drops files whose newest row was received longer ago than the table's retention.
    async fn expire(&self, table: &LakeTable, now: i64) -> Result<(), LakeError> {
        let days = self.retention_days_of(&table.name);
        let cutoff = now - i64::from(days) * DAY_MICROS;
        let files = table.moment().files;
        let old: Vec<_> = files.iter().filter(|file| received(file) < cutoff).cloned().collect();
        if old.is_empty() {
            return Ok(());
        }
        table.replace(&old, &[]).await?;
        tracing::info!(table = &*table.name, files = old.len(), days, "expired");
        Ok(())
    }
}

/// When the newest row of a file was received, in microseconds since 1970; for a file that does not say so,
/// when it was added.
fn received(file: &LiveFile) -> i64 {
    file.ranges.get(TIME_RECEIVED).map_or_else(|| file.added, |range| range.1)
}
