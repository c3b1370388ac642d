//! `rolling_percentile`: a percentile over the last so many spans of time.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMicrosecondArray};
use datafusion::common::Result;
use phalanx_signal::ColumnType;

use super::{
    Algorithm, Work,
    dimensions::{Dimensions, times},
};
use crate::aggregates::{Digest, percentile::column, render::Cells};

/// 0001-01-01 in microseconds before 1970: where spans are counted from.
const ORIGIN: i64 = -62_135_596_800_000_000;
/// What merging two digests counts as.
const STEPS_OF_MERGE: usize = 100;
/// What a digest takes when it is full.
const DIGEST_BYTES: usize = 8 << 10;

/// A row for each span of time and set of dimensions that has rows: the span's begin, the dimensions, the percentile.
/// Times are in microseconds.
#[derive(Debug)]
pub struct RollingPercentile {
    pub value: usize,
    pub value_type: ColumnType,
    pub percent: f64,
    pub time: usize,
    /// The length of a span, above zero.
    pub span: i64,
    /// How many spans, the row's own among them; one at least.
    pub spans: u32,
    pub dimensions: Vec<usize>,
}

impl Algorithm for RollingPercentile {
    fn name(&self) -> &'static str {
        "rolling_percentile"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let mut dimensions = Dimensions::new(&first.schema(), &self.dimensions)?;
        let groups = self.digests(&inputs[0], &mut dimensions, work)?;
        let mut found: Vec<(i64, usize, Option<f64>)> = Vec::new();
        for (group, spans) in groups.iter().enumerate() {
            for number in spans.keys() {
                let mut digest = Digest::default();
                let first = number.saturating_sub(i64::from(self.spans) - 1);
                for (_, span) in spans.range(first..=*number) {
                    work.step(STEPS_OF_MERGE)?;
                    digest.merge(span);
                }
                found.push((*number, group, digest.percentile(self.percent)));
            }
        }
        found.sort_by_key(|(number, group, _)| (*number, *group));
        let begins = found.iter().map(|(number, ..)| ORIGIN.saturating_add(number.saturating_mul(self.span)));
        let begins = TimestampMicrosecondArray::from_iter_values(begins).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![Arc::new(begins)];
        columns.extend(dimensions.values(&found.iter().map(|(_, group, _)| *group).collect::<Vec<_>>())?);
        columns.push(column(self.value_type, found.iter().map(|(.., value)| *value).collect()));
        work.give(columns)
    }
}

impl RollingPercentile {
    /// What each group's spans hold, by the span's number.
    fn digests(
        &self,
        batches: &[RecordBatch],
        dimensions: &mut Dimensions,
        work: &mut Work<'_>,
    ) -> Result<Vec<BTreeMap<i64, Digest>>> {
        let mut groups: Vec<BTreeMap<i64, Digest>> = Vec::new();
        for batch in batches {
            let times = times(batch, self.time)?;
            let values = Cells::new(self.value_type, batch.column(self.value))?;
            let of_rows = dimensions.groups(batch, work)?;
            work.step(batch.num_rows())?;
            let mut added = 0;
            for (row, group) in of_rows.into_iter().enumerate().filter(|(row, _)| times.is_valid(*row)) {
                groups.resize_with(groups.len().max(group + 1), BTreeMap::new);
                let number = times.value(row).saturating_sub(ORIGIN).div_euclid(self.span);
                let digest = groups[group].entry(number).or_insert_with(|| {
                    added += 1;
                    Digest::default()
                });
                if let Some(value) = values.real(row) {
                    digest.add(value, 1.0);
                }
            }
            work.hold(added * DIGEST_BYTES)?;
        }
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Int64Array};

    use super::*;
    use crate::algorithms::testing::rows;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn the_last_spans_count() {
        let times = TimestampMicrosecondArray::from_iter_values((0..240).map(|hour| hour * HOUR));
        let batch = RecordBatch::try_from_iter([
            ("value", Arc::new(Int64Array::from_iter_values(1..=240)) as ArrayRef),
            ("time", Arc::new(times.with_timezone("UTC"))),
            ("is_even", Arc::new(BooleanArray::from_iter((1..=240).map(|value| Some(value % 2 == 0))))),
        ])
        .unwrap();
        let mut asked = RollingPercentile {
            value: 0,
            value_type: ColumnType::Long,
            percent: 50.0,
            time: 1,
            span: 24 * HOUR,
            spans: 3,
            dimensions: Vec::new(),
        };
        let batches = vec![batch.slice(0, 100), batch.slice(100, 140)];
        let values = |asked: &RollingPercentile| -> Vec<String> {
            let mut types = vec![ColumnType::DateTime];
            types.extend(asked.dimensions.iter().map(|_| ColumnType::Bool));
            types.push(ColumnType::Long);
            let rows = rows(asked, std::slice::from_ref(&batches), &types).unwrap();
            rows.iter().filter_map(|row| row.rsplit(' ').next().map(str::to_owned)).collect()
        };
        assert_eq!(values(&asked), ["12", "24", "36", "60", "84", "108", "132", "156", "180", "204"]);
        asked.dimensions = vec![2];
        assert_eq!(values(&asked)[..4], ["11", "12", "23", "24"]);
    }
}
