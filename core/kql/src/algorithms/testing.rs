//! Running algorithms in tests, without a query.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_cast::display::array_value_to_string;
use arrow_schema::Schema;
use datafusion::{
    common::Result,
    execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool},
};
use phalanx_signal::ColumnType;

use super::{Algorithm, Work};

/// The rows that an algorithm gives, a text each with spaces between the cells. It may hold 1 MiB.
pub fn rows(
    algorithm: &dyn Algorithm,
    inputs: &[Vec<RecordBatch>],
    types: &[ColumnType],
) -> Result<Vec<String>> {
    let fields: Vec<_> = types.iter().enumerate().map(|(at, kind)| kind.field(&at.to_string())).collect();
    let schema = Arc::new(Schema::new(fields));
    let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(1 << 20));
    let memory = MemoryConsumer::new(algorithm.name()).register(&pool);
    let mut batches = Vec::new();
    let mut take = |batch| {
        batches.push(batch);
        true
    };
    algorithm.run(inputs, &mut Work::new(schema, &mut take, &|| true, &memory))?;
    let mut shown = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row));
            shown.push(cells.collect::<std::result::Result<Vec<_>, _>>()?.join(" "));
        }
    }
    Ok(shown)
}
