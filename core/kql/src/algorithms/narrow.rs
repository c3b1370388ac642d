//! `narrow`: a row for each cell.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, builder::StringViewBuilder, cast::AsArray};
use datafusion::common::{Result, exec_datafusion_err};

use super::{Algorithm, Work};

/// The number of the row, the column's name, and the value, for each cell of columns that are texts.
#[derive(Debug)]
pub struct Narrow {
    pub names: Vec<Arc<str>>,
}

impl Algorithm for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let mut first = 0i64;
        for batch in inputs.iter().flatten() {
            let texts = batch.columns().iter().map(|column| column.as_string_view_opt());
            let texts: Vec<_> = texts
                .collect::<Option<_>>()
                .ok_or_else(|| exec_datafusion_err!("a column that is made narrow is no text"))?;
            let cells = batch.num_rows() * texts.len();
            work.step(cells)?;
            let mut names = StringViewBuilder::with_capacity(cells);
            let mut values = StringViewBuilder::with_capacity(cells);
            for row in 0..batch.num_rows() {
                for (name, texts) in self.names.iter().zip(&texts) {
                    names.append_value(name);
                    values.append_value(texts.value(row));
                }
            }
            let width = texts.len();
            let numbers = (first..).take(batch.num_rows()).flat_map(|row| std::iter::repeat_n(row, width));
            let columns: Vec<ArrayRef> = vec![
                Arc::new(Int64Array::from_iter_values(numbers)),
                Arc::new(names.finish()),
                Arc::new(values.finish()),
            ];
            first += batch.num_rows() as i64;
            work.give(columns)?;
        }
        Ok(())
    }
}
