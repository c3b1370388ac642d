//! `sliding_window_counts`: rows and ids within a window that moves by a step.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use datafusion::common::Result;
use phalanx_signal::ColumnType;

use super::{
    Algorithm, Work,
    dimensions::{Dimensions, times},
};
use crate::aggregates::render::Cells;

/// For each step and set of dimensions whose window has rows: the step's begin, the dimensions, and the numbers of rows
/// and of ids in the window that ends with the step. The input has an id, a time and the dimensions; times are in
/// microseconds.
#[derive(Debug)]
pub struct SlidingCounts {
    pub id_type: ColumnType,
    pub start: i64,
    /// The last time that counts.
    pub end: i64,
    /// How long the window is, and by how much it moves; both above zero.
    pub window: i64,
    pub step: i64,
}

#[derive(Default)]
struct Window {
    rows: i64,
    ids: HashSet<u64>,
}

impl Algorithm for SlidingCounts {
    fn name(&self) -> &'static str {
        "sliding_window_counts"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let places: Vec<usize> = (2..first.num_columns()).collect();
        let mut dimensions = Dimensions::new(&first.schema(), &places)?;
        let last = self.end.saturating_sub(self.start).div_euclid(self.step);
        let steps = self.window.saturating_sub(1) / self.step + 1;
        let mut windows: BTreeMap<(i64, usize), Window> = BTreeMap::new();
        for batch in inputs[0].iter() {
            let times = times(batch, 1)?;
            let ids = Cells::new(self.id_type, batch.column(0))?;
            for (row, group) in dimensions.groups(batch, work)?.into_iter().enumerate() {
                if times.is_null(row) || times.value(row) > self.end {
                    continue;
                }
                let own = times.value(row).saturating_sub(self.start).div_euclid(self.step);
                let mut added = 0;
                for number in own.max(0)..=own.saturating_add(steps - 1).min(last) {
                    work.step(1)?;
                    let window = windows.entry((number, group)).or_default();
                    window.rows += 1;
                    added += usize::from(!ids.is_null(row) && window.ids.insert(ids.hash(row)));
                }
                work.hold(added * size_of::<(u64, i64)>())?;
            }
        }
        let begins = windows.keys().map(|(number, _)| self.start.saturating_add(number * self.step));
        let begins = TimestampMicrosecondArray::from_iter_values(begins).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![Arc::new(begins)];
        columns.extend(dimensions.values(&windows.keys().map(|(_, group)| *group).collect::<Vec<_>>())?);
        columns.push(Arc::new(Int64Array::from_iter_values(windows.values().map(|window| window.rows))));
        columns.push(Arc::new(Int64Array::from_iter_values(
            windows.values().map(|window| window.ids.len() as i64),
        )));
        work.give(columns)
    }
}
