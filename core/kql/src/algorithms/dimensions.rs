//! The groups that rows fall into by the values of some columns.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef, RecordBatch};
use datafusion::{
    arrow::row::{RowConverter, SortField},
    common::{Result, exec_datafusion_err},
};

use super::Work;

/// Groups, numbered in the order of their coming. Without columns, all rows are one group.
pub struct Dimensions {
    columns: Vec<usize>,
    converter: RowConverter,
    numbers: HashMap<Box<[u8]>, usize>,
    /// The values of each group, packed.
    values: Vec<Box<[u8]>>,
}

impl Dimensions {
    /// Groups by these columns of batches of that schema.
    pub fn new(schema: &arrow_schema::Schema, columns: &[usize]) -> Result<Self> {
        let field = |at: &usize| SortField::new(schema.field(*at).data_type().clone());
        let converter = RowConverter::new(columns.iter().map(field).collect())?;
        Ok(Self { columns: columns.to_vec(), converter, numbers: HashMap::new(), values: Vec::new() })
    }

    /// The group of each row.
    pub fn groups(&mut self, batch: &RecordBatch, work: &mut Work<'_>) -> Result<Vec<usize>> {
        if self.columns.is_empty() {
            return Ok(vec![0; batch.num_rows()]);
        }
        let columns: Vec<ArrayRef> = self.columns.iter().map(|at| batch.column(*at).clone()).collect();
        let rows = self.converter.convert_columns(&columns)?;
        let mut added = 0;
        let group = |row: datafusion::arrow::row::Row<'_>| {
            let bytes = row.as_ref();
            if let Some(number) = self.numbers.get(bytes) {
                return *number;
            }
            let number = self.values.len();
            self.numbers.insert(bytes.into(), number);
            self.values.push(bytes.into());
            added += 2 * (bytes.len() + size_of::<Box<[u8]>>());
            number
        };
        let groups = rows.iter().map(group).collect();
        work.hold(added)?;
        Ok(groups)
    }

    /// The columns' values for groups, a row each.
    pub fn values(&self, groups: &[usize]) -> Result<Vec<ArrayRef>> {
        if self.columns.is_empty() {
            return Ok(Vec::new());
        }
        let parser = self.converter.parser();
        let rows = groups.iter().map(|group| parser.parse(&self.values[*group]));
        Ok(self.converter.convert_rows(rows)?)
    }
}

/// A column of times in microseconds.
pub fn times(batch: &RecordBatch, at: usize) -> Result<&arrow_array::TimestampMicrosecondArray> {
    use arrow_array::cast::AsArray as _;
    let column = batch.column(at);
    column
        .as_primitive_opt()
        .ok_or_else(|| exec_datafusion_err!("a column of times is {}", column.data_type()))
}
