//! `rows_near`: the rows around those of interest.

use arrow_array::{Array, BooleanArray, RecordBatch, cast::AsArray};
use arrow_select::filter::filter_record_batch;
use datafusion::common::{Result, exec_datafusion_err};

use super::{Algorithm, Work};

/// The rows that are at most `before` rows before or `after` rows behind one where the condition is true. The
/// condition is the input's last column, and none of the output.
#[derive(Debug)]
pub struct RowsNear {
    pub before: usize,
    pub after: usize,
}

impl Algorithm for RowsNear {
    fn name(&self) -> &'static str {
        "rows_near"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let batches = inputs.first().map_or(&[][..], Vec::as_slice);
        let mut conditions = Vec::new();
        for batch in batches {
            let condition = batch.columns().last().and_then(|column| column.as_boolean_opt());
            conditions.extend(condition.ok_or_else(|| exec_datafusion_err!("the condition is no bool"))?);
            work.hold(batch.num_rows())?;
        }
        let near = rows_near(&conditions.into_iter().collect(), self.before, self.after);
        let mut from = 0;
        for batch in batches {
            work.step(batch.num_rows())?;
            let kept = filter_record_batch(batch, &near.slice(from, batch.num_rows()))?;
            from += batch.num_rows();
            work.give(kept.columns()[..kept.num_columns() - 1].to_vec())?;
        }
        Ok(())
    }
}

/// Which rows, in their order, are at most `before` rows before or `after` rows behind one where the condition is
/// true.
fn rows_near(condition: &BooleanArray, before: usize, after: usize) -> BooleanArray {
    let rows = condition.len();
    let mut is_near = vec![false; rows];
    // Up to where rows are marked already, so that each is marked once.
    let mut marked = 0;
    for row in (0..rows).filter(|row| condition.is_valid(*row) && condition.value(*row)) {
        let end = row.saturating_add(after).saturating_add(1).min(rows);
        let start = row.saturating_sub(before).max(marked).min(end);
        is_near[start..end].fill(true);
        marked = marked.max(end);
    }
    BooleanArray::from(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_around_are_near() {
        for (condition, before, after, expected) in [
            ("000010000", 2, 2, "001111100"),
            ("100000001", 1, 1, "110000011"),
            ("001010000", 0, 3, "001111110"),
            ("000000000", 5, 5, "000000000"),
            ("0100", usize::MAX, usize::MAX, "1111"),
            ("", 1, 1, ""),
        ] {
            let condition: BooleanArray = condition.chars().map(|flag| Some(flag == '1')).collect();
            let near = rows_near(&condition, before, after);
            let shown: String = near.iter().map(|flag| if flag == Some(true) { '1' } else { '0' }).collect();
            assert_eq!(shown, expected);
        }
    }
}
