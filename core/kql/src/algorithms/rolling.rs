//! `rolling_percentile`: a percentile over the last so many spans of time.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMicrosecondArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::dimensions::{Dimensions, times};
use crate::aggregates::{Digest, percentile::column, render::Cells};

/// 0001-01-01 in microseconds before 1970: where spans are counted from.
const ORIGIN: i64 = -62_135_596_800_000_000;

/// What is asked for; times in microseconds.
pub struct Rolling {
    pub value: usize,
    pub value_type: ColumnType,
    pub percent: f64,
    pub time: usize,
    pub span: i64,
    /// How many spans, the row's own among them.
    pub spans: u32,
    pub dimensions: Vec<usize>,
}

/// A row for each span of time and set of dimensions that has rows: the span's begin, the dimensions, the percentile.
///
/// # Errors
/// The span is not above zero, or the columns are not of the types that were said.
pub fn rolling_percentile(batches: &[RecordBatch], asked: &Rolling) -> Result<Vec<ArrayRef>> {
    if asked.span <= 0 || asked.spans == 0 {
        return Err(exec_datafusion_err!("the spans must be longer than nothing, and one at least"));
    }
    let schema = batches.first().map(RecordBatch::schema);
    let schema = schema.unwrap_or_else(|| Arc::new(arrow_schema::Schema::empty()));
    let mut dimensions = Dimensions::new(&schema, if batches.is_empty() { &[] } else { &asked.dimensions })?;
    let mut groups: Vec<BTreeMap<i64, Digest>> = Vec::new();
    for batch in batches {
        let times = times(batch, asked.time)?;
        let values = Cells::new(asked.value_type, batch.column(asked.value))?;
        for (row, group) in
            dimensions.groups(batch)?.into_iter().enumerate().filter(|(row, _)| times.is_valid(*row))
        {
            groups.resize_with(groups.len().max(group + 1), BTreeMap::new);
            let number = times.value(row).saturating_sub(ORIGIN).div_euclid(asked.span);
            let digest = groups[group].entry(number).or_default();
            if let Some(value) = values.real(row) {
                digest.add(value, 1.0);
            }
        }
    }
    let mut found: Vec<(i64, usize, Option<f64>)> = Vec::new();
    for (group, spans) in groups.iter().enumerate() {
        for number in spans.keys() {
            let mut digest = Digest::default();
            let first = number.saturating_sub(i64::from(asked.spans) - 1);
            spans.range(first..=*number).for_each(|(_, span)| digest.merge(span));
            found.push((*number, group, digest.percentile(asked.percent)));
        }
    }
    found.sort_by_key(|(number, group, _)| (*number, *group));
    let begins = found.iter().map(|(number, ..)| ORIGIN.saturating_add(number.saturating_mul(asked.span)));
    let begins = TimestampMicrosecondArray::from_iter_values(begins).with_timezone("UTC");
    let mut columns: Vec<ArrayRef> = vec![Arc::new(begins)];
    columns.extend(dimensions.values(&found.iter().map(|(_, group, _)| *group).collect::<Vec<_>>())?);
    columns.push(column(asked.value_type, found.iter().map(|(.., value)| *value).collect()));
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Int64Array};
    use arrow_cast::display::array_value_to_string;

    use super::*;

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
        let mut asked = Rolling {
            value: 0,
            value_type: ColumnType::Long,
            percent: 50.0,
            time: 1,
            span: 24 * HOUR,
            spans: 3,
            dimensions: Vec::new(),
        };
        let values = |asked: &Rolling| -> Vec<String> {
            let columns = rolling_percentile(&[batch.slice(0, 100), batch.slice(100, 140)], asked).unwrap();
            let last = columns.last().unwrap();
            (0..last.len()).map(|row| array_value_to_string(last, row).unwrap()).collect()
        };
        assert_eq!(values(&asked), ["12", "24", "36", "60", "84", "108", "132", "156", "180", "204"]);
        asked.dimensions = vec![2];
        assert_eq!(values(&asked)[..4], ["11", "12", "23", "24"]);
        asked.spans = 0;
        assert!(rolling_percentile(std::slice::from_ref(&batch), &asked).is_err());
    }
}
