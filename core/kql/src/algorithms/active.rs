//! `active_users_count`: ids that came back often enough.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
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

/// For each step and set of dimensions that has active ids: the step's begin, the dimensions, and the number of these
/// ids. An id is active when it is there and was so in enough periods, the present one among them, of the time before.
/// The input has an id, a time and the dimensions; times are in microseconds.
#[derive(Debug)]
pub struct ActiveUsers {
    pub id_type: ColumnType,
    pub start: i64,
    /// The last time that counts.
    pub end: i64,
    /// How far back periods count; above zero, as the period and the step are.
    pub lookback: i64,
    pub period: i64,
    /// How many different periods make an id active.
    pub periods: usize,
    pub step: i64,
}

impl Algorithm for ActiveUsers {
    fn name(&self) -> &'static str {
        "active_users_count"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let places: Vec<usize> = (2..first.num_columns()).collect();
        let mut dimensions = Dimensions::new(&first.schema(), &places)?;
        // When each id was there.
        let mut seen: HashMap<(usize, u64), BTreeSet<i64>> = HashMap::new();
        for batch in inputs[0].iter() {
            let times = times(batch, 1)?;
            let ids = Cells::new(self.id_type, batch.column(0))?;
            work.step(batch.num_rows())?;
            let mut added = 0;
            for (row, group) in dimensions.groups(batch, work)?.into_iter().enumerate() {
                if times.is_valid(row) && !ids.is_null(row) && times.value(row) <= self.end {
                    let of_id = seen.entry((group, ids.hash(row))).or_default();
                    added += usize::from(of_id.insert(times.value(row)));
                }
            }
            work.hold(added * size_of::<[i64; 4]>())?;
        }
        let mut active: BTreeMap<(i64, usize), HashSet<u64>> = BTreeMap::new();
        for ((group, id), times) in &seen {
            for time in times.range(self.start..) {
                work.step(1)?;
                if self.is_active(times, *time, work)? {
                    let number = (time - self.start) / self.step;
                    active.entry((number, *group)).or_default().insert(*id);
                }
            }
        }
        let begins = active.keys().map(|(number, _)| self.start.saturating_add(number * self.step));
        let begins = TimestampMicrosecondArray::from_iter_values(begins).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![Arc::new(begins)];
        columns.extend(dimensions.values(&active.keys().map(|(_, group)| *group).collect::<Vec<_>>())?);
        columns.push(Arc::new(Int64Array::from_iter_values(active.values().map(|ids| ids.len() as i64))));
        work.give(columns)
    }
}

impl ActiveUsers {
    fn is_active(&self, times: &BTreeSet<i64>, time: i64, work: &mut Work<'_>) -> Result<bool> {
        let mut periods = HashSet::new();
        let from = time.saturating_sub(self.lookback).saturating_add(1);
        for before in times.range(from..=time).rev() {
            work.step(1)?;
            periods.insert(before.saturating_sub(self.start).div_euclid(self.period));
            if periods.len() >= self.periods {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
