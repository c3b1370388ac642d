//! Builds the rows of one table, row by row, into columns.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;

use super::{
    Row, SignalBatch,
    column::{ColumnBuilder, Values},
    overflow::Overflow,
};
use crate::{ColumnType, Table, TenantId};

/// Rows of one table under construction. Only columns that get a value cost anything.
pub struct RowsBuilder {
    pub(super) table: Arc<Table>,
    pub(super) places: Places,
    /// The columns' types, side by side because every value asks for one.
    pub(super) kinds: Box<[ColumnType]>,
    pub(super) columns: Vec<Option<ColumnBuilder>>,
    /// Columns that exist, in the order of their first value.
    used: Vec<usize>,
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) overflow: Overflow,
}

/// The columns that every row of a table has to do with.
#[derive(Clone, Copy)]
pub(super) struct Places {
    pub time: usize,
    pub other_time: Option<usize>,
    pub time_received: usize,
    pub overflow: usize,
}

impl RowsBuilder {
    pub fn new(table: Arc<Table>) -> Self {
        let columns = table.columns().iter().map(|_| None).collect();
        let places = Places {
            time: table.time(),
            other_time: table.other_time(),
            time_received: table.time_received(),
            overflow: table.overflow(),
        };
        let kinds = table.columns().iter().map(|column| column.kind).collect();
        Self {
            table,
            places,
            kinds,
            columns,
            used: Vec::new(),
            rows: 0,
            bytes: 0,
            overflow: Overflow::default(),
        }
    }

    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Complete rows so far.
    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes of the values so far, roughly what they take in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Begins a row. `received` is when the platform took it, in microseconds since 1970; it also
    /// becomes the row's time unless the row sets one. The row is added when it is dropped.
    pub fn row(&mut self, received: i64) -> Row<'_> {
        Row::new(self, received)
    }

    /// Takes the rows, leaving the builder empty. `None` when there are none.
    pub fn finish(&mut self, tenant: TenantId) -> Option<SignalBatch> {
        if self.rows == 0 {
            return None;
        }
        self.used.sort_unstable();
        let mut fields = Vec::with_capacity(self.used.len());
        let mut arrays = Vec::with_capacity(self.used.len());
        for at in self.used.drain(..) {
            let Some(mut column) = self.columns[at].take() else { continue };
            column.pad(self.rows);
            arrays.push(column.finish());
            fields.push(self.table.physical_schema().fields()[at].clone());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .expect("every column was made from its field's type and padded to the row count");
        self.rows = 0;
        self.bytes = 0;
        Some(SignalBatch { tenant, table: self.table.name().clone(), rows })
    }

    /// A column that is as long as the rows before the current one, and counts as one longer now: the
    /// caller appends a value. `None` if the current row has a value there already.
    #[inline]
    pub(super) fn column(&mut self, at: usize) -> Option<&mut Values> {
        if self.columns[at].is_none() {
            self.new_column(at);
        }
        let (rows, column) = (self.rows, self.columns[at].as_mut()?);
        if column.len > rows {
            return None;
        }
        column.pad(rows);
        column.len = rows + 1;
        Some(&mut column.values)
    }

    #[cold]
    fn new_column(&mut self, at: usize) {
        self.used.push(at);
        self.columns[at] = Some(ColumnBuilder::new(self.kinds[at]));
    }

    /// The current row's value in a `datetime` column.
    pub(super) fn last_time(&self, at: usize) -> Option<i64> {
        match &self.columns[at] {
            Some(ColumnBuilder { len, values: Values::DateTime(b) }) if *len > self.rows => {
                b.values_slice().last().copied()
            }
            _ => None,
        }
    }

    pub(super) fn is_set(&self, at: usize) -> bool {
        self.columns[at].as_ref().is_some_and(|column| column.len > self.rows)
    }
}
