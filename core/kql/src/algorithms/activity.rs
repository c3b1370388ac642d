//! `activity_counts_metrics`: how many ids are active in each span of time, and how many for the first time.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::dimensions::{Dimensions, times};
use crate::aggregates::render::Cells;

/// What is asked for; times in microseconds.
pub struct Activity {
    pub id: usize,
    pub id_type: ColumnType,
    pub time: usize,
    pub start: i64,
    /// The last time that counts.
    pub end: i64,
    pub step: i64,
    pub dimensions: Vec<usize>,
}

#[derive(Default)]
struct Span {
    rows: i64,
    ids: HashSet<u64>,
}

/// A row for each span of time and set of dimensions that has rows: the span's begin, the dimensions, and the numbers
/// of rows, of ids, of ids that are there for the first time, and of ids so far.
///
/// # Errors
/// The step is not above zero, or the columns are not of the types that were said.
pub fn activity_counts_metrics(batches: &[RecordBatch], asked: &Activity) -> Result<Vec<ArrayRef>> {
    if asked.step <= 0 {
        return Err(exec_datafusion_err!("the step must be longer than nothing"));
    }
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.unwrap_or_else(|| Arc::new(arrow_schema::Schema::empty()));
    let mut dimensions = Dimensions::new(&schema, if batches.is_empty() { &[] } else { &asked.dimensions })?;
    let mut groups: Vec<BTreeMap<i64, Span>> = Vec::new();
    for batch in batches {
        let times = times(batch, asked.time)?;
        let ids = Cells::new(asked.id_type, batch.column(asked.id))?;
        for (row, group) in dimensions.groups(batch)?.into_iter().enumerate() {
            if times.is_null(row) || !(asked.start..=asked.end).contains(&times.value(row)) {
                continue;
            }
            groups.resize_with(groups.len().max(group + 1), BTreeMap::new);
            let number = times.value(row).saturating_sub(asked.start) / asked.step;
            let span = groups[group].entry(asked.start + number * asked.step).or_default();
            span.rows += 1;
            if !ids.is_null(row) {
                span.ids.insert(ids.hash(row));
            }
        }
    }
    let mut found: Vec<(i64, usize, [i64; 4])> = Vec::new();
    for (group, spans) in groups.into_iter().enumerate() {
        let mut seen: HashSet<u64> = HashSet::new();
        for (begin, span) in spans {
            let before = seen.len();
            let distinct = span.ids.len();
            seen.extend(span.ids);
            let long = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            found.push((
                begin,
                group,
                [span.rows, long(distinct), long(seen.len() - before), long(seen.len())],
            ));
        }
    }
    found.sort_by_key(|(begin, group, _)| (*begin, *group));
    let begins = TimestampMicrosecondArray::from_iter_values(found.iter().map(|(begin, ..)| *begin));
    let mut columns: Vec<ArrayRef> = vec![Arc::new(begins.with_timezone("UTC"))];
    columns.extend(dimensions.values(&found.iter().map(|(_, group, _)| *group).collect::<Vec<_>>())?);
    for number in 0..4 {
        columns
            .push(Arc::new(Int64Array::from_iter_values(found.iter().map(|(.., numbers)| numbers[number]))));
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use arrow_array::StringViewArray;
    use arrow_cast::display::array_value_to_string;

    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn shown(columns: &[ArrayRef]) -> Vec<String> {
        let cell = |column: &ArrayRef, row| array_value_to_string(column, row).unwrap();
        let row = |row| columns.iter().map(|column| cell(column, row)).collect::<Vec<_>>().join(" ");
        (0..columns[0].len()).map(row).collect()
    }

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
        let mut asked = Activity {
            id: 0,
            id_type: ColumnType::String,
            time: 1,
            start: 0,
            end: 3 * DAY,
            step: DAY,
            dimensions: Vec::new(),
        };
        let batches = [batch.slice(0, 6), batch.slice(6, 9)];
        assert_eq!(
            shown(&activity_counts_metrics(&batches, &asked).unwrap()),
            [
                "1970-01-01T00:00:00Z 4 4 4 4",
                "1970-01-02T00:00:00Z 3 3 2 6",
                "1970-01-03T00:00:00Z 6 5 2 8",
                "1970-01-04T00:00:00Z 1 1 0 8",
            ]
        );
        asked.dimensions = vec![2];
        asked.end = DAY;
        assert_eq!(
            shown(&activity_counts_metrics(&batches, &asked).unwrap()),
            [
                "1970-01-01T00:00:00Z low 3 3 3 3",
                "1970-01-01T00:00:00Z high 1 1 1 1",
                "1970-01-02T00:00:00Z low 1 1 1 4",
                "1970-01-02T00:00:00Z high 2 2 1 2",
            ]
        );
        assert_eq!(activity_counts_metrics(&[], &asked).unwrap()[0].len(), 0);
        asked.step = 0;
        assert!(activity_counts_metrics(&batches, &asked).is_err());
    }
}
