//! Equally spaced numbers as a table, made as they are read.

use std::{fmt, sync::Arc};

use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableType},
    physical_expr::LexOrdering,
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchStreamAdapter,
        streaming::{PartitionStream, StreamingTableExec},
    },
};

/// Rows in one batch.
const BATCH_ROWS: u64 = 8192;

/// `from`, `from + step` … as far as `rows` numbers, in one column `value`.
#[derive(Clone, Debug)]
pub struct Range {
    from: i64,
    step: i64,
    rows: u64,
    schema: SchemaRef,
}

impl Range {
    pub fn new(from: i64, step: i64, rows: u64) -> Self {
        let schema = Arc::new(Schema::new(vec![Field::new("value", DataType::Int64, false)]));
        Self { from, step, rows, schema }
    }

    fn batch(&self, first: u64) -> Result<RecordBatch> {
        let rows = first..self.rows.min(first + BATCH_ROWS);
        let values = rows.map(|row| self.from.wrapping_add(self.step.wrapping_mul(row as i64)));
        Ok(RecordBatch::try_new(
            Arc::clone(&self.schema),
            vec![Arc::new(Int64Array::from_iter_values(values))],
        )?)
    }
}

#[async_trait]
impl TableProvider for Range {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let part: Arc<dyn PartitionStream> = Arc::new(self.clone());
        let sort = Vec::<LexOrdering>::new();
        Ok(Arc::new(StreamingTableExec::try_new(
            Arc::clone(&self.schema),
            vec![part],
            projection,
            sort,
            false,
            limit,
        )?))
    }
}

impl PartitionStream for Range {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let range = self.clone();
        let batches = (0..self.rows.div_ceil(BATCH_ROWS)).map(move |number| range.batch(number * BATCH_ROWS));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), futures::stream::iter(batches)))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} numbers from {}", self.rows, self.from)
    }
}
