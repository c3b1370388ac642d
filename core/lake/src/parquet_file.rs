//! One Parquet file: written durably from sparse batches, with the statistics that Delta wants.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray, cast::AsArray, new_null_array,
    types::TimestampMicrosecondType,
};
use arrow_schema::{Schema, SchemaRef};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};
use phalanx_signal::{
    Table, TenantId,
    schema::{TENANT_ID, TYPE},
    time::format_datetime,
};
use serde_json::json;

use crate::{LakeError, names};

/// A file that has been written and synced.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    /// Relative to the table's folder.
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Least and greatest value, in microseconds since 1970, of each statistics column.
    pub ranges: BTreeMap<String, (i64, i64)>,
    null_counts: BTreeMap<String, u64>,
}

impl WrittenFile {
    /// The statistics as Delta's JSON.
    pub fn statistics(&self) -> String {
        let side = |pick: fn(&(i64, i64)) -> i64| -> BTreeMap<&str, String> {
            self.ranges.iter().map(|(name, range)| (name.as_str(), format_datetime(pick(range)))).collect()
        };
        json!({
            "numRecords": self.rows,
            "minValues": side(|range| range.0),
            "maxValues": side(|range| range.1),
            "nullCount": self.null_counts,
        })
        .to_string()
    }
}

/// How hard to compress: little when rows leave memory, more when a file is made to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    Flush,
    Compact,
}

/// Writes batches of one table into a file, one after the other.
pub(crate) struct FileWriter {
    table: Arc<Table>,
    tenant: TenantId,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    final_path: PathBuf,
    draft_path: PathBuf,
    written: WrittenFile,
}

/// Rows per row group: below it, bloom filters and the page index do the pruning.
const ROW_GROUP_ROWS: usize = 131_072;

impl FileWriter {
    /// Begins a file in the folder of the table, for batches with columns of `columns` (physical names).
    pub fn create(
        folder: &Path,
        table: Arc<Table>,
        tenant: TenantId,
        columns: impl Fn(&str) -> bool,
        effort: Effort,
    ) -> Result<Self, LakeError> {
        let fields: Vec<_> = table
            .physical_schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(at, field)| table.is_constant(*at) || columns(field.name()))
            .map(|(_, field)| field.clone())
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let level = if effort == Effort::Flush { 1 } else { 3 };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(level)?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
        for name in names::bloom_columns(&table) {
            if schema.column_with_name(name).is_some() {
                let path = ColumnPath::new(vec![name.to_owned()]);
                properties = properties.set_column_bloom_filter_enabled(path, true);
            }
        }
        let name = format!("part-{}.parquet", uuid::Uuid::now_v7());
        let (final_path, draft_path) = (folder.join(&name), folder.join(format!(".{name}.draft")));
        let file = File::create(&draft_path).map_err(LakeError::io("create", &draft_path))?;
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties.build()))?;
        let written = WrittenFile {
            path: name,
            bytes: 0,
            rows: 0,
            ranges: BTreeMap::new(),
            null_counts: BTreeMap::new(),
        };
        Ok(Self { table, tenant, schema, writer, final_path, draft_path, written })
    }

    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        let whole = complete(&self.table, self.tenant, &self.schema, rows)?;
        for name in names::statistics_columns(&self.table) {
            let Some(column) = whole.column_by_name(name) else { continue };
            let times = column.as_primitive::<TimestampMicrosecondType>();
            *self.written.null_counts.entry(name.to_owned()).or_default() += times.null_count() as u64;
            let mut values = times.iter().flatten();
            let Some(first) = values.next() else { continue };
            let (mut least, mut greatest) = *self.written.ranges.get(name).unwrap_or(&(first, first));
            for value in std::iter::once(first).chain(values) {
                least = least.min(value);
                greatest = greatest.max(value);
            }
            self.written.ranges.insert(name.to_owned(), (least, greatest));
        }
        self.written.rows += whole.num_rows() as u64;
        self.writer.write(&whole)?;
        Ok(())
    }

    /// Ends the file, makes it durable and gives it its name.
    pub fn finish(mut self) -> Result<WrittenFile, LakeError> {
        let file = self.writer.into_inner()?;
        let io = |doing| LakeError::io(doing, &self.draft_path);
        file.sync_all().map_err(io("sync"))?;
        self.written.bytes = file.metadata().map_err(io("ask for the size of"))?.len();
        std::fs::rename(&self.draft_path, &self.final_path).map_err(io("rename"))?;
        Ok(self.written)
    }
}

/// Brings sparse rows into `schema`, some of the table's physical columns: missing columns are null,
/// constant ones are filled in.
pub(crate) fn complete(
    table: &Table,
    tenant: TenantId,
    schema: &SchemaRef,
    rows: &RecordBatch,
) -> Result<RecordBatch, LakeError> {
    let count = rows.num_rows();
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| match (rows.column_by_name(field.name()), field.name().as_str()) {
            (Some(column), _) => column.clone(),
            (None, TENANT_ID) => constant(&tenant.to_string(), count),
            (None, TYPE) => constant(table.name(), count),
            (None, _) => new_null_array(field.data_type(), count),
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

fn constant(text: &str, count: usize) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n(text, count)))
}
