//! Rows of one table that are in no file yet.

use std::{sync::Arc, time::Instant};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, cast::AsArray, make_array, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use datafusion::arrow::array::MutableArrayData;
use phalanx_journal::Position;
use phalanx_signal::Table;

/// Some hot rows: sparse, with physical names.
#[derive(Clone, Debug)]
pub(crate) struct HotBatch {
    pub rows: RecordBatch,
    /// The first and last entry that they came in.
    pub first: Position,
    pub last: Position,
    /// Memory that they hold.
    pub bytes: usize,
}

/// The hot rows of a table, in the journal's order.
#[derive(Debug, Default)]
pub(crate) struct Hot {
    batches: Vec<HotBatch>,
    rows: usize,
    bytes: usize,
    since: Option<Instant>,
    /// So many of the first batches are being written to a file and stay as they are.
    frozen: usize,
}

/// Rows of a batch that is not worth packing any more.
const PACKED_ROWS: usize = 4_096;

/// So many neighbours of about the same size are packed into one.
const PACK: usize = 16;

impl Hot {
    pub fn push(&mut self, position: Position, rows: RecordBatch, bytes: usize, now: Instant) {
        self.rows += rows.num_rows();
        self.bytes += bytes;
        self.since.get_or_insert(now);
        self.batches.push(HotBatch { rows, first: position, last: position, bytes });
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the oldest rows came.
    pub fn since(&self) -> Option<Instant> {
        self.since
    }

    /// The first entry that has rows here.
    pub fn first(&self) -> Option<Position> {
        self.batches.first().map(|batch| batch.first)
    }

    pub fn batches(&self) -> &[HotBatch] {
        &self.batches
    }

    /// All batches, to be written to a file; those that were to be written before if that has not succeeded
    /// yet. They stay visible, and as they are, until they are forgotten.
    ///
    /// That a second try has the very same rows is what makes an unknown outcome of the first harmless: the
    /// position in the log is either before all of them or behind all of them.
    pub fn freeze(&mut self) -> Vec<HotBatch> {
        if self.frozen == 0 {
            self.frozen = self.batches.len();
        }
        self.batches[..self.frozen].to_vec()
    }

    /// Forgets what is in files: everything up to a position.
    pub fn forget(&mut self, position: Position, now: Instant) {
        let count = self.batches.partition_point(|batch| batch.last <= position);
        for batch in self.batches.drain(..count) {
            self.rows -= batch.rows.num_rows();
            self.bytes -= batch.bytes;
        }
        self.frozen = self.frozen.saturating_sub(count);
        self.since = (!self.batches.is_empty()).then_some(now);
    }

    /// Packs neighbours of about the same size, so that a trickle of single rows stays cheap to ask and to
    /// keep: every row is copied a few times at most.
    pub fn pack(&mut self, table: &Table) {
        loop {
            let start = self.batches.len().checked_sub(PACK).filter(|start| *start >= self.frozen);
            let Some(start) = start else { return };
            let tail = &self.batches[start..];
            let largest = tail.iter().map(|b| b.rows.num_rows()).max().unwrap_or(0);
            let smallest = tail.iter().map(|b| b.rows.num_rows()).min().unwrap_or(0);
            if smallest >= PACKED_ROWS || largest > smallest.max(8) * PACK {
                return;
            }
            let Ok(packed) = concat(table, tail) else { return };
            let before: usize = tail.iter().map(|batch| batch.bytes).sum();
            self.bytes = self.bytes - before + packed.bytes;
            self.batches.truncate(start);
            self.batches.push(packed);
        }
    }
}

/// One batch with the rows of all, and every column that one of them has.
fn concat(table: &Table, batches: &[HotBatch]) -> Result<HotBatch, ArrowError> {
    let schema = union_schema(table, batches.iter().map(|batch| &batch.rows));
    let aligned: Vec<RecordBatch> =
        batches.iter().map(|batch| align(&batch.rows, &schema)).collect::<Result<_, _>>()?;
    let rows = arrow_select::concat::concat_batches(&schema, &aligned)?;
    // Joined texts still lie in the buffers of the batches that they came from.
    let columns = rows.columns().iter().map(gathered).collect();
    let rows = with_columns(&rows, columns)?;
    let bytes = rows.get_array_memory_size();
    Ok(HotBatch { rows, first: batches[0].first, last: batches[batches.len() - 1].last, bytes })
}

/// The same rows in memory of their own, however much their arrays shared with others.
pub(crate) fn owned(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let copy = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        if *column.data_type() == DataType::Utf8View {
            return Ok(gathered(column));
        }
        let data = column.to_data();
        let mut copy = MutableArrayData::new(vec![&data], false, data.len());
        copy.try_extend(0, 0, data.len())?;
        Ok(make_array(copy.freeze()))
    };
    with_columns(rows, rows.columns().iter().map(copy).collect::<Result<_, _>>()?)
}

/// Texts moved into one buffer.
fn gathered(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        _ => column.clone(),
    }
}

fn with_columns(rows: &RecordBatch, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(rows.schema(), columns, &options)
}

/// The table's columns that at least one of the batches has, in the table's order.
pub(crate) fn union_schema<'a>(table: &Table, batches: impl Iterator<Item = &'a RecordBatch>) -> SchemaRef {
    let mut has = vec![false; table.columns().len()];
    let physical = table.physical_schema();
    let mut last: Option<SchemaRef> = None;
    for batch in batches {
        // Neighbours mostly have the same schema.
        if last.as_ref().is_some_and(|last| Arc::ptr_eq(last, batch.schema_ref())) {
            continue;
        }
        for field in batch.schema_ref().fields() {
            if let Ok(at) = physical.index_of(field.name()) {
                has[at] = true;
            }
        }
        last = Some(batch.schema());
    }
    let fields = physical.fields().iter().zip(has).filter(|(_, has)| *has).map(|(field, _)| field.clone());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn align(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let found = rows.column_by_name(field.name()).cloned();
            found.unwrap_or_else(|| new_null_array(field.data_type(), rows.num_rows()))
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
}
