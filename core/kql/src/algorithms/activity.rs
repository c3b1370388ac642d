//! `activity_counts_metrics`: how many ids are active in each span of time, and how many for the first time.

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

/// A row for each span of time and set of dimensions that has rows: the span's begin, the dimensions, and the numbers
/// of rows, of ids, of ids that are there for the first time, and of ids so far. Times are in microseconds.
#[derive(Debug)]
pub struct ActivityCounts {
    pub id: usize,
    pub id_type: ColumnType,
    pub time: usize,
    pub start: i64,
    /// The last time that counts.
    pub end: i64,
    /// The length of a span, above zero.
    pub step: i64,
    pub dimensions: Vec<usize>,
}

#[derive(Default)]
struct Span {
    rows: i64,
    ids: HashSet<u64>,
}

/// What a row of the answer tells besides the dimensions.
struct Found {
    begin: i64,
    group: usize,
    numbers: [i64; 4],
}

impl Algorithm for ActivityCounts {
    fn name(&self) -> &'static str {
        "activity_counts_metrics"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let mut dimensions = Dimensions::new(&first.schema(), &self.dimensions)?;
        let groups = self.spans(&inputs[0], &mut dimensions, work)?;
        let found = counts(groups, work)?;
        let begins = TimestampMicrosecondArray::from_iter_values(found.iter().map(|found| found.begin));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(begins.with_timezone("UTC"))];
        columns.extend(dimensions.values(&found.iter().map(|found| found.group).collect::<Vec<_>>())?);
        for number in 0..4 {
            let numbers = found.iter().map(|found| found.numbers[number]);
            columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        }
        work.give(columns)
    }
}

impl ActivityCounts {
    /// The spans of each group, by their begin.
    fn spans(
        &self,
        batches: &[RecordBatch],
        dimensions: &mut Dimensions,
        work: &mut Work<'_>,
    ) -> Result<Vec<BTreeMap<i64, Span>>> {
        let mut groups: Vec<BTreeMap<i64, Span>> = Vec::new();
        for batch in batches {
            let times = times(batch, self.time)?;
            let ids = Cells::new(self.id_type, batch.column(self.id))?;
            let of_rows = dimensions.groups(batch, work)?;
            work.step(batch.num_rows())?;
            let mut added = 0;
            for (row, group) in of_rows.into_iter().enumerate() {
                if times.is_null(row) || !(self.start..=self.end).contains(&times.value(row)) {
                    continue;
                }
                groups.resize_with(groups.len().max(group + 1), BTreeMap::new);
                let number = times.value(row).saturating_sub(self.start) / self.step;
                let span = groups[group].entry(self.start + number * self.step).or_default();
                span.rows += 1;
                if !ids.is_null(row) && span.ids.insert(ids.hash(row)) {
                    added += 1;
                }
            }
            work.hold(added * size_of::<(u64, i64)>())?;
        }
        Ok(groups)
    }
}

fn counts(groups: Vec<BTreeMap<i64, Span>>, work: &mut Work<'_>) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for (group, spans) in groups.into_iter().enumerate() {
        let mut seen: HashSet<u64> = HashSet::new();
        for (begin, span) in spans {
            work.step(span.ids.len())?;
            let before = seen.len();
            let distinct = span.ids.len();
            seen.extend(span.ids);
            let long = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            let numbers = [span.rows, long(distinct), long(seen.len() - before), long(seen.len())];
            found.push(Found { begin, group, numbers });
        }
    }
    found.sort_by_key(|found| (found.begin, found.group));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use arrow_array::StringViewArray;

    use super::*;
    use crate::algorithms::testing::rows;

    const DAY: i64 = 86_400_000_000;
    const COUNTS: [ColumnType; 4] = [ColumnType::Long; 4];

    #[test]
    fn ids_are_counted_once_and_as_new_once() {
        let ids = ["A", "D", "J", "B", "C", "T", "J", "H", "T", "T", "J", "B", "S", "S", "X"];
        let days = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 4];
        let times =
            TimestampMicrosecondArray::from_iter_values(days.map(|day| day * DAY)).with_timezone("UTC");
        let kinds = StringViewArray::from_iter_values(ids.map(|id| if id < "H" { "low" } else { "high" }));
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(StringViewArray::from_iter_values(ids)) as ArrayRef),
            ("time", Arc::new(times)),
            ("kind", Arc::new(kinds)),
        ])
        .unwrap();
        let mut asked = ActivityCounts {
            id: 0,
            id_type: ColumnType::String,
            time: 1,
            start: 0,
            end: 3 * DAY,
            step: DAY,
            dimensions: Vec::new(),
        };
        let batches = vec![batch.slice(0, 6), batch.slice(6, 9)];
        let plain = [&[ColumnType::DateTime][..], &COUNTS].concat();
        assert_eq!(
            rows(&asked, std::slice::from_ref(&batches), &plain).unwrap(),
            [
                "1970-01-01T00:00:00Z 4 4 4 4",
                "1970-01-02T00:00:00Z 3 3 2 6",
                "1970-01-03T00:00:00Z 6 5 2 8",
                "1970-01-04T00:00:00Z 1 1 0 8",
            ]
        );
        asked.dimensions = vec![2];
        asked.end = DAY;
        let sliced = [&[ColumnType::DateTime, ColumnType::String][..], &COUNTS].concat();
        assert_eq!(
            rows(&asked, &[batches], &sliced).unwrap(),
            [
                "1970-01-01T00:00:00Z low 3 3 3 3",
                "1970-01-01T00:00:00Z high 1 1 1 1",
                "1970-01-02T00:00:00Z low 1 1 1 4",
                "1970-01-02T00:00:00Z high 2 2 1 2",
            ]
        );
        assert!(rows(&asked, &[Vec::new()], &sliced).unwrap().is_empty());
    }
}
