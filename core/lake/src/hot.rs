//! Rows of one table that are in no file yet.

use std::{sync::Arc, time::Instant};

use arrow_array::{Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use phalanx_journal::Position;
use phalanx_signal::Table;

/// Some hot rows: sparse, with physical names.
#[derive(Clone, Debug)]
pub(crate) struct HotBatch {
    pub rows: RecordBatch,
    /// The first and last entry that they came in.
    pub first: Position,
    pub last: Position,
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
    pub fn push(&mut self, table: &Table, position: Position, rows: RecordBatch, now: Instant) {
        let bytes = rows.get_array_memory_size();
        self.rows += rows.num_rows();
        self.bytes += bytes;
        self.since.get_or_insert(now);
        self.batches.push(HotBatch { rows, first: position, last: position, bytes });
        self.pack(table);
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
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

    /// All batches, to be written to a file. They stay visible, and as they are, until [`Hot::forget`] or
    /// [`Hot::thaw`].
    pub fn freeze(&mut self) -> Vec<HotBatch> {
        self.frozen = self.batches.len();
        self.batches.clone()
    }

    /// The frozen batches could not be written.
    pub fn thaw(&mut self) {
        self.frozen = 0;
    }

    /// Forgets the frozen batches: their rows are in a file now.
    pub fn forget(&mut self, now: Instant) {
        for batch in self.batches.drain(..std::mem::take(&mut self.frozen)) {
            self.rows -= batch.rows.num_rows();
            self.bytes -= batch.bytes;
        }
        self.since = (!self.batches.is_empty()).then_some(now);
    }

    /// Packs neighbours of about the same size, so that a trickle of single rows stays cheap to ask and to
    /// keep: every row is copied a few times at most.
    fn pack(&mut self, table: &Table) {
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
    let bytes = rows.get_array_memory_size();
    Ok(HotBatch { rows, first: batches[0].first, last: batches[batches.len() - 1].last, bytes })
}

/// The table's columns that at least one of the batches has, in the table's order.
pub(crate) fn union_schema<'a>(table: &Table, batches: impl Iterator<Item = &'a RecordBatch>) -> SchemaRef {
    let mut has = vec![false; table.columns().len()];
    let physical = table.physical_schema();
    for batch in batches {
        for field in batch.schema_ref().fields() {
            if let Ok(at) = physical.index_of(field.name()) {
                has[at] = true;
            }
        }
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
