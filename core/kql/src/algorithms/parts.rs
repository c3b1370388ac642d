//! An algorithm over each part of its rows separately, as inside of `partition` and `mv-apply`.

use std::sync::Arc;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::{concat::concat_batches, take::take_record_batch};
use datafusion::common::Result;

use super::{Algorithm, Work, dimensions::Dimensions};

/// Runs an algorithm over the rows of each part. The last columns of the only input tell the parts apart; the
/// algorithm does not see them, and they stand behind its own.
#[derive(Debug)]
pub struct EachPart<A> {
    pub algorithm: A,
    /// How many columns tell the parts apart.
    pub keys: usize,
}

impl<A: Algorithm> Algorithm for EachPart<A> {
    fn name(&self) -> &'static str {
        self.algorithm.name()
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let all = concat_batches(&first.schema(), &inputs[0])?;
        let own = all.num_columns().saturating_sub(self.keys);
        let mut dimensions = Dimensions::new(&all.schema(), &(own..all.num_columns()).collect::<Vec<_>>())?;
        let mut parts: Vec<Vec<u32>> = Vec::new();
        work.hold(all.num_rows() * size_of::<u32>())?;
        for (row, part) in (0..).zip(dimensions.groups(&all, work)?) {
            parts.resize_with(parts.len().max(part + 1), Vec::new);
            parts[part].push(row);
        }
        let seen = all.project(&(0..own).collect::<Vec<_>>())?;
        let schema = without_last(work.schema(), self.keys);
        for (part, rows) in parts.into_iter().enumerate() {
            work.step(rows.len())?;
            let rows = take_record_batch(&seen, &UInt32Array::from(rows))?;
            let add = |batch: &RecordBatch| dimensions.values(&vec![part; batch.num_rows()]);
            work.within(Arc::clone(&schema), &add, |work| self.algorithm.run(&[vec![rows]], work))?;
        }
        Ok(())
    }
}

fn without_last(schema: &SchemaRef, count: usize) -> SchemaRef {
    let fields = schema.fields().iter();
    let kept = fields.len().saturating_sub(count);
    Arc::new(Schema::new(fields.take(kept).cloned().collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, BooleanArray, Int64Array};
    use phalanx_signal::ColumnType;

    use super::*;
    use crate::algorithms::{RowsNear, testing::rows};

    #[test]
    fn rows_of_other_parts_are_not_seen() {
        let batch = RecordBatch::try_from_iter([
            ("value", Arc::new(Int64Array::from_iter_values(1..=6)) as ArrayRef),
            ("condition", Arc::new(BooleanArray::from_iter((1..=6).map(|value| Some(value == 3))))),
            ("part", Arc::new(Int64Array::from_iter_values((1..=6).map(|value| value % 2)))),
        ]);
        let near = EachPart { algorithm: RowsNear { before: 1, after: 1 }, keys: 1 };
        let found = rows(&near, &[vec![batch.unwrap()]], &[ColumnType::Long, ColumnType::Long]).unwrap();
        assert_eq!(found, ["1 1", "3 1", "5 1"]);
    }
}
