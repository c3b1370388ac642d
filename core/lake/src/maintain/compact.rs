//! Compaction: many small files of a day become one of a decent size, sorted by time.
//!
//! It streams: what is in memory is the sort's share, which spills beyond its bound, and a row group. The new
//! file replaces the old ones in one commit that is no change of data, and that fails cleanly if any of them
//! has gone meanwhile.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    datasource::file_format::{FileFormat, parquet::ParquetFormat},
    error::DataFusionError,
    execution::SendableRecordBatchStream,
    prelude::{SessionContext, ident},
};
use futures::StreamExt;
use object_store::ObjectMeta;

use super::{DAY_MICROS, received};
use crate::{
    Lake, LakeError,
    delta::LiveFile,
    parquet_file::{Effort, FileWriter, Origin, WrittenFile},
    query,
    scan::TableScan,
    table::{LakeTable, Moment},
};

/// Bytes that one compacted file is made from, at most: large enough that opening it is nothing, small
/// enough to be skipped, expired and rewritten as a whole.
pub(crate) const TARGET_BYTES: i64 = 128 << 20;

/// Files that are read for one: the engine has all of them open while it merges.
const FILES_MAX: usize = 256;

/// A day is over this long after its last moment, so that late flushes are compacted with it.
const LATE_MICROS: i64 = DAY_MICROS / 24;

impl Lake {
    /// Compacts until nothing is worth it.
    pub(super) async fn compact(&self, table: &Arc<LakeTable>, now: i64) -> Result<(), LakeError> {
        while let Some(files) = self.worth_compacting(&table.moment().files, now) {
            self.merge(table, files).await?;
        }
        Ok(())
    }

    /// Small files of one day: when there are enough of them, or when the day is over.
    fn worth_compacting(&self, files: &[Arc<LiveFile>], now: i64) -> Option<Vec<Arc<LiveFile>>> {
        let config = self.config();
        let today = (now - LATE_MICROS).div_euclid(DAY_MICROS);
        let mut days: BTreeMap<i64, Vec<Arc<LiveFile>>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.bytes < config.compact_below) {
            days.entry(received(file).div_euclid(DAY_MICROS)).or_default().push(file.clone());
        }
        let enough = |day: i64| if day < today { 2 } else { config.compact_files.max(2) };
        let (_, mut files) = days.into_iter().find(|(day, files)| files.len() >= enough(*day))?;
        let mut bytes = 0;
        let fitting = files.iter().take_while(|file| {
            bytes += file.bytes;
            bytes <= TARGET_BYTES.unsigned_abs()
        });
        let count = fitting.count().clamp(2, FILES_MAX);
        files.truncate(count);
        Some(files)
    }

    /// Rewrites files as one. Nothing is lost if it stops half way: the log changes last.
    async fn merge(&self, table: &Arc<LakeTable>, files: Vec<Arc<LiveFile>>) -> Result<(), LakeError> {
        let file = match self.write_merged(table, &files, true).await {
            // Rows too wide to be sorted in the memory there is stay in the order in which they came.
            Err(LakeError::Query(error))
                if matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) =>
            {
                self.write_merged(table, &files, false).await?
            }
            written => written?,
        };
        table.replace(&files, std::slice::from_ref(&file)).await?;
        tracing::info!(table = &*table.name, files = files.len(), rows = file.rows, "compacted");
        Ok(())
    }

    async fn write_merged(
        &self,
        table: &Arc<LakeTable>,
        files: &[Arc<LiveFile>],
        is_sorted: bool,
    ) -> Result<WrittenFile, LakeError> {
        let schema = table.table();
        let origin = Origin::Files(files.iter().map(|file| file.path.clone()).collect());
        let mut rows = self.read_merged(table, files, is_sorted).await.map_err(Box::new)?;
        let mut open: Option<(FileWriter, crate::store::Upload)> = None;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(Box::new)?;
            // The scan gives the users' names, the file has the physical ones.
            let fields = batch.schema_ref().fields().iter();
            let at = fields.filter_map(|field| schema.index_of(field.name()));
            let physical = schema.physical_schema().project(&at.collect::<Vec<_>>())?;
            let batch = crate::scan::renamed(batch, Arc::new(physical))?;
            let (mut writer, mut upload) = match open.take() {
                Some(open) => open,
                None => {
                    let has = |name: &str| batch.schema_ref().column_with_name(name).is_some();
                    let writer =
                        FileWriter::new(&schema, table.tenant, has, &batch, Effort::Compact, &origin)?;
                    let upload = table.upload(writer.path()).await?;
                    (writer, upload)
                }
            };
            writer = tokio::task::spawn_blocking(move || writer.write(&batch).map(|()| writer)).await??;
            let bytes = writer.take_bytes();
            upload.write(bytes).await?;
            open = Some((writer, upload));
        }
        let expected: u64 = files.iter().map(|file| file.rows).sum();
        let wrong = |found| LakeError::Rows { table: table.folder.to_string(), found, expected };
        let Some((writer, mut upload)) = open else { return Err(wrong(0)) };
        let (file, rest) = tokio::task::spawn_blocking(move || writer.finish()).await??;
        if file.rows != expected {
            return Err(wrong(file.rows));
        }
        upload.write(rest).await?;
        upload.finish().await?;
        Ok(file)
    }

    /// The rows of the files with the columns that one of them has, newest first.
    async fn read_merged(
        &self,
        table: &LakeTable,
        files: &[Arc<LiveFile>],
        is_sorted: bool,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let schema = table.table();
        let session = SessionContext::new_with_config_rt(
            query::config().with_target_partitions(1),
            self.engine().for_maintenance(self.config().compact_memory_bytes)?,
        );
        let objects: Vec<ObjectMeta> = files
            .iter()
            .map(|file| ObjectMeta {
                location: table.folder.clone().join(file.path.as_str()),
                last_modified: Default::default(),
                size: file.bytes,
                e_tag: None,
                version: None,
            })
            .collect();
        let stored =
            ParquetFormat::default().infer_schema(&session.state(), self.store().objects(), &objects).await?;
        let moment = Moment { files: Arc::new(files.to_vec()), hot: Vec::new() };
        let has = |physical: &str| stored.column_with_name(physical).is_some();
        let columns = schema.columns().iter().filter(|column| has(&column.physical));
        let columns: Vec<_> = columns.map(|column| ident(&*column.name)).collect();
        let mut rows = session.read_table(Arc::new(TableScan::new(table, moment)))?.select(columns)?;
        if is_sorted {
            let time = &schema.columns()[schema.time()].name;
            rows = rows.sort(vec![ident(&**time).sort(false, false)])?;
        }
        rows.execute_stream().await
    }
}
