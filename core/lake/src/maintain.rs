//! Keeping the tables in shape: small files of a day become one, old rows expire, dead files go.
//!
//! One task does all of it, one table after the other, so nothing here competes with itself; flushes go on
//! meanwhile, and a commit waits for the other at the table's log.

use std::{
    collections::BTreeMap,
    fs,
    sync::Arc,
    time::{Duration, SystemTime},
};

use datafusion::{
    execution::SendableRecordBatchStream,
    prelude::{SessionConfig, SessionContext},
};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    Lake, LakeError,
    delta::LiveFile,
    parquet_file::{Effort, FileWriter},
    query::store_url,
    scan::TableScan,
    table::{LakeTable, Moment},
};

/// How often all tables are looked at.
const ROUND: Duration = Duration::from_secs(60);

/// Bytes that one compacted file is made from, at most.
const COMPACT_INTO: u64 = 128 << 20;

/// A file that no log speaks of is left alone for so long: a flush of another moment may be about to commit it.
const UNKNOWN_FILE_AGE: Duration = Duration::from_secs(24 * 3_600);

const DAY_MICROS: i64 = 86_400_000_000;

impl Lake {
    pub(crate) async fn maintain_until(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(ROUND) => {}
            }
            for table in self.open_tables() {
                if shutdown.is_cancelled() {
                    return;
                }
                let kept = self.maintain(&table, chrono::Utc::now().timestamp_micros());
                let kept = tokio::select! {
                    () = shutdown.cancelled() => return,
                    kept = kept => kept,
                };
                if let Err(error) = kept {
                    tracing::error!(%error, table = &*table.name, "a table can't be maintained");
                    *self.trouble.lock() = Some(error.to_string());
                }
            }
        }
    }

    /// One round over all tables, as the timer does it; `now` in microseconds since 1970.
    pub async fn maintain_all(&self, now: i64) -> Result<(), LakeError> {
        for table in self.open_tables() {
            self.maintain(&table, now).await?;
        }
        Ok(())
    }

    async fn maintain(&self, table: &Arc<LakeTable>, now: i64) -> Result<(), LakeError> {
        self.expire(table, now).await?;
        self.compact(table, now).await?;
        table.bury(self.config().grace);
        bury_unknown(table)
    }

    /// Drops files whose newest row is older than the table's retention. Rows that share a file with younger
    /// ones stay until those expire: files hold a day at most once they are compacted.
    async fn expire(&self, table: &LakeTable, now: i64) -> Result<(), LakeError> {
        let config = self.config();
        let days = config.retention.get(&*table.name).copied().unwrap_or(config.retention_days);
        let cutoff = now - i64::from(days) * DAY_MICROS;
        let time = time_column(table);
        let old: Vec<Arc<LiveFile>> = table
            .moment()
            .files
            .iter()
            .filter(|file| file.ranges.get(&time).is_some_and(|range| range.1 < cutoff))
            .cloned()
            .collect();
        if old.is_empty() {
            return Ok(());
        }
        tracing::info!(table = &*table.name, files = old.len(), days, "expired");
        table.replace(old, None).await
    }

    /// Makes one file of many small ones of a day: when there are enough of them, or when the day is over.
    async fn compact(&self, table: &Arc<LakeTable>, now: i64) -> Result<(), LakeError> {
        let config = self.config();
        let time = time_column(table);
        let mut days: BTreeMap<i64, Vec<Arc<LiveFile>>> = BTreeMap::new();
        for file in table.moment().files.iter().filter(|file| file.bytes < config.compact_below) {
            let day = file.ranges.get(&time).map_or(i64::MIN, |range| range.1.div_euclid(DAY_MICROS));
            days.entry(day).or_default().push(file.clone());
        }
        for (day, mut files) in days {
            let is_over = day < (now - DAY_MICROS / 24).div_euclid(DAY_MICROS);
            if files.len() < 2 || (files.len() < config.compact_files && !is_over) {
                continue;
            }
            let mut bytes = 0;
            let fitting = files.iter().take_while(|file| {
                bytes += file.bytes;
                bytes <= COMPACT_INTO
            });
            let count = fitting.count().max(2);
            files.truncate(count);
            self.merge(table, files).await?;
        }
        Ok(())
    }

    /// Rewrites files as one, sorted by time. Nothing is lost if it stops half way: the log changes last.
    async fn merge(&self, table: &Arc<LakeTable>, files: Vec<Arc<LiveFile>>) -> Result<(), LakeError> {
        let schema = table.table();
        let scan = TableScan {
            table: schema.clone(),
            tenant: table.tenant,
            folder: format!("{}/{}", table.tenant, table.name),
            store: store_url(),
            moment: Moment { files: Arc::new(files.clone()), hot: Vec::new() },
        };
        let session = SessionContext::new_with_config_rt(
            SessionConfig::new().with_target_partitions(1),
            self.runtime().clone(),
        );
        let time = schema.columns()[schema.time()].name.clone();
        let engine = |error| LakeError::Query(Box::new(error));
        let rows: SendableRecordBatchStream = async {
            let by_time = datafusion::prelude::ident(&*time).sort(true, true);
            session.read_table(Arc::new(scan))?.sort(vec![by_time])?.execute_stream().await
        }
        .await
        .map_err(engine)?;
        let expected: u64 = files.iter().map(|file| file.rows).sum();
        let mut writer =
            FileWriter::create(&table.folder, schema.clone(), table.tenant, |_| true, Effort::Compact)?;
        let mut rows = rows;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(engine)?.with_schema(schema.physical_schema().clone())?;
            writer = tokio::task::spawn_blocking(move || writer.write(&batch).map(|()| writer)).await??;
        }
        let file = tokio::task::spawn_blocking(move || writer.finish()).await??;
        if file.rows != expected {
            let path = table.folder.join(&file.path);
            return Err(LakeError::io("trust the rows of", path)(std::io::Error::other(format!(
                "compaction read {} rows where the log says {expected}",
                file.rows
            ))));
        }
        tracing::info!(table = &*table.name, files = files.len(), rows = expected, "compacted");
        table.replace(files, Some(file)).await
    }
}

fn time_column(table: &LakeTable) -> String {
    let schema = table.table();
    schema.columns()[schema.time()].physical.to_string()
}

/// Deletes files that no log speaks of: what a crash left between writing a file and its commit.
fn bury_unknown(table: &LakeTable) -> Result<(), LakeError> {
    let entries = match fs::read_dir(&table.folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LakeError::io("read", &table.folder)(error)),
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = name.ends_with(".parquet") || name.ends_with(".draft");
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| SystemTime::now().duration_since(modified).ok());
        if is_ours && age.is_some_and(|age| age > UNKNOWN_FILE_AGE) && !table.knows(&name) {
            tracing::info!(table = &*table.name, name, "a file that no log speaks of is deleted");
            fs::remove_file(entry.path()).map_err(LakeError::io("delete", entry.path()))?;
        }
    }
    Ok(())
}
