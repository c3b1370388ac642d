//! One Parquet file: sparse batches in, bytes out, with the statistics that Delta wants.

use std::{
    collections::{BTreeMap, HashSet},
    io,
    sync::Arc,
};

use arrow_array::{Array, RecordBatch, StringViewArray, cast::AsArray, types::TimestampMicrosecondType};
use arrow_schema::{DataType, Schema, SchemaRef};
use bytes::Bytes;
use datafusion::arrow::compute;
use parking_lot::Mutex;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader},
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder},
        statistics::Statistics,
    },
    schema::types::ColumnPath,
};
use phalanx_signal::{ColumnType, Table, TenantId, time::format_datetime};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{LakeError, complete::Completer, names};

/// Rows per row group: below it, bloom filters and the page index do the pruning.
const ROW_GROUP_ROWS: usize = 131_072;

/// Values of a column that are looked at to tell whether a dictionary will pay.
const SAMPLE_ROWS: usize = 8_192;

/// The key in a file's footer under which its [`Origin`] stands.
const ORIGIN: &str = "phalanx.origin";

/// A file that has been made.
#[derive(Clone, Debug)]
pub(crate) struct WrittenFile {
    /// Relative to the table's folder.
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Least and greatest value, in microseconds since 1970, of each statistics column.
    ranges: BTreeMap<String, (i64, i64)>,
    null_counts: BTreeMap<String, u64>,
}

/// Why a file is there. It stands in the file itself, so that a damaged commit can be made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// The table's rows of these entries of the journal.
    Journal { first: u64, last: u64 },
    /// The rows of these files, which it replaces.
    Files(Vec<String>),
    /// Rows that had been set aside.
    Aside,
}

/// How hard to compress: little when rows leave memory, more when a file is made to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    Flush,
    Compact,
}

/// Writes batches of one table into a file, one after the other.
pub(crate) struct FileWriter {
    completer: Completer,
    statistics: Vec<(usize, String)>,
    writer: ArrowWriter<Sink>,
    sink: Sink,
    written: WrittenFile,
}

impl FileWriter {
    /// Begins a file with the columns that `has` (by physical name); `sample` is some of its rows.
    pub fn new(
        table: &Table,
        tenant: TenantId,
        has: impl Fn(&str) -> bool,
        sample: &RecordBatch,
        effort: Effort,
        origin: &Origin,
    ) -> Result<Self, LakeError> {
        let fields = table.physical_schema().fields().iter().enumerate();
        let fields = fields.filter(|(at, field)| table.is_constant(*at) || has(field.name()));
        let schema = Arc::new(Schema::new(fields.map(|(_, field)| field.clone()).collect::<Vec<_>>()));
        let statistics = names::statistics_columns(table)
            .into_iter()
            .filter_map(|name| Some((schema.index_of(name).ok()?, name.to_owned())))
            .collect();
        let properties = properties(table, &schema, sample, effort, origin)?;
        let sink = Sink::default();
        let writer = ArrowWriter::try_new(sink.clone(), schema.clone(), Some(properties))?;
        let written = WrittenFile {
            path: format!("part-{}.parquet", uuid::Uuid::now_v7()),
            bytes: 0,
            rows: 0,
            ranges: BTreeMap::new(),
            null_counts: BTreeMap::new(),
        };
        let completer = Completer::new(table, tenant, schema);
        Ok(Self { completer, statistics, writer, sink, written })
    }

    /// The file's name.
    pub fn path(&self) -> &str {
        &self.written.path
    }

    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        let whole = self.completer.complete(rows)?;
        for (at, name) in &self.statistics {
            let times = whole.column(*at).as_primitive::<TimestampMicrosecondType>();
            *self.written.null_counts.entry(name.clone()).or_default() += times.null_count() as u64;
            if let (Some(least), Some(greatest)) = (compute::min(times), compute::max(times)) {
                widen(&mut self.written.ranges, name, least, greatest);
            }
        }
        self.written.rows += whole.num_rows() as u64;
        self.writer.write(&whole)?;
        Ok(())
    }

    /// The bytes that are ready, for a file too large to hold in memory.
    pub fn take_bytes(&mut self) -> Bytes {
        let bytes = self.sink.take();
        self.written.bytes += bytes.len() as u64;
        bytes
    }

    /// Ends the file; its last bytes, or all of them.
    pub fn finish(mut self) -> Result<(WrittenFile, Bytes), LakeError> {
        self.writer.finish()?;
        let bytes = self.take_bytes();
        Ok((self.written, bytes))
    }
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

    /// What a file of ours says of itself; `None` for another's and for a damaged one.
    pub fn read(path: &str, bytes: &Bytes) -> Option<(Self, Origin)> {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(bytes).ok()?;
        let pairs = metadata.file_metadata().key_value_metadata()?;
        let origin = pairs.iter().find(|pair| pair.key == ORIGIN)?.value.as_deref()?;
        let origin = serde_json::from_str(origin).ok()?;
        let mut file = Self {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            rows: u64::try_from(metadata.file_metadata().num_rows()).ok()?,
            ranges: BTreeMap::new(),
            null_counts: BTreeMap::new(),
        };
        file.read_statistics(&metadata);
        Some((file, origin))
    }

    fn read_statistics(&mut self, metadata: &ParquetMetaData) {
        for group in metadata.row_groups() {
            for column in group.columns() {
                let name = column.column_path().string();
                let is_time = column
                    .column_descr()
                    .logical_type_ref()
                    .is_some_and(|kind| matches!(kind, parquet::basic::LogicalType::Timestamp { .. }));
                if let (true, Some(Statistics::Int64(values))) = (is_time, column.statistics()) {
                    *self.null_counts.entry(name.clone()).or_default() +=
                        values.null_count_opt().unwrap_or(0);
                    if let (Some(least), Some(greatest)) = (values.min_opt(), values.max_opt()) {
                        widen(&mut self.ranges, &name, *least, *greatest);
                    }
                }
            }
        }
    }
}

fn widen(ranges: &mut BTreeMap<String, (i64, i64)>, name: &str, least: i64, greatest: i64) {
    match ranges.get_mut(name) {
        Some(range) => *range = (range.0.min(least), range.1.max(greatest)),
        None => drop(ranges.insert(name.to_owned(), (least, greatest))),
    }
}

fn properties(
    table: &Table,
    schema: &SchemaRef,
    sample: &RecordBatch,
    effort: Effort,
    origin: &Origin,
) -> Result<WriterProperties, LakeError> {
    let level = if effort == Effort::Flush { 1 } else { 3 };
    let origin = serde_json::to_string(origin).expect("an enum of numbers and strings is JSON");
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(level)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_key_value_metadata(Some(vec![KeyValue::new(ORIGIN.to_owned(), origin)]));
    for column in table.columns() {
        if schema.column_with_name(&column.physical).is_some() {
            properties = encoding(properties, &column.physical, column.kind, sample);
        }
    }
    for name in names::bloom_columns(table) {
        if schema.column_with_name(name).is_some() {
            properties = properties.set_column_bloom_filter_enabled(path_of(name), true);
        }
    }
    Ok(properties.build())
}

/// Points in time are steps from one another. A dictionary pays while values come again; tried in vain it
/// costs a hash per value. Least and greatest JSON texts tell nobody anything.
fn encoding(
    properties: WriterPropertiesBuilder,
    name: &str,
    kind: ColumnType,
    sample: &RecordBatch,
) -> WriterPropertiesBuilder {
    let path = || path_of(name);
    let properties = match kind {
        ColumnType::DateTime => properties
            .set_column_dictionary_enabled(path(), false)
            .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED),
        ColumnType::String | ColumnType::Guid | ColumnType::Dynamic if is_mostly_distinct(name, sample) => {
            properties.set_column_dictionary_enabled(path(), false)
        }
        _ => properties,
    };
    match kind {
        ColumnType::Dynamic => properties.set_column_statistics_enabled(path(), EnabledStatistics::None),
        _ => properties,
    }
}

fn is_mostly_distinct(name: &str, sample: &RecordBatch) -> bool {
    let Some(column) = sample.column_by_name(name).filter(|c| *c.data_type() == DataType::Utf8View) else {
        return false;
    };
    let texts: &StringViewArray = column.as_string_view();
    let values: Vec<&str> = texts.iter().flatten().take(SAMPLE_ROWS).collect();
    let distinct: HashSet<&str> = values.iter().copied().collect();
    // In few rows even a column worth a dictionary shows hardly a value twice.
    let percent = if values.len() < SAMPLE_ROWS / 2 { 99 } else { 90 };
    values.len() >= SAMPLE_ROWS / 16 && distinct.len() * 100 > values.len() * percent
}

fn path_of(name: &str) -> ColumnPath {
    ColumnPath::new(vec![name.to_owned()])
}

/// Where the writer puts its bytes, and we take them from.
#[derive(Clone, Debug, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock()).into()
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
