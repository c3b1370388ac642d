//! Answers that are sent while they are found: what is exported is larger than what is shown.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use datafusion::error::DataFusionError;
use futures::StreamExt;
use phalanx_lake::{QueryError, QueryLimits, QueryStream};

use super::{
    Cut, HuntError, Hunting, Limits, Question, UNLIMITED,
    log::{End, Record},
    permits::Permit,
};

/// A chart, and its properties.
pub type Chart = (String, Vec<(String, String)>);

/// An answer on its way: tables one after the other, each row by row. Dropping it ends the query.
pub struct Flow {
    tables: Vec<FlowTable>,
    /// The chart that the author wants.
    pub render: Option<Chart>,
    /// The limit at which a table has ended so far.
    pub cut: Option<Cut>,
    limits: Limits,
    rows: usize,
    bytes: usize,
    has_failed: bool,
    record: Record,
    begun: Instant,
    _permit: Permit,
}

/// A table of an answer.
struct FlowTable {
    schema: SchemaRef,
    stream: QueryStream,
    rows: usize,
}

/// What an answer begins with.
struct Opened {
    tables: Vec<FlowTable>,
    render: Option<Chart>,
    limits: Limits,
    permit: Permit,
}

impl Hunting {
    /// Begins to answer a question. Its limit of rows cuts each table; its limit of bytes is the failure of an answer
    /// that is larger.
    ///
    /// # Errors
    /// See [`HuntError`]; what fails later is told by [`Flow::next`].
    pub async fn flow(&self, question: &Question) -> Result<Flow, HuntError> {
        let begun = Instant::now();
        let record = self.record(question, begun);
        Self::begin(record, begun, self.open(question, begun).await).await
    }

    /// As [`Self::flow`], for a question whose text is SQL.
    ///
    /// # Errors
    /// See [`HuntError`].
    pub async fn flow_of_sql(&self, question: &Question) -> Result<Flow, HuntError> {
        let begun = Instant::now();
        let record = self.record(question, begun);
        Self::begin(record, begun, self.open_sql(question).await).await
    }

    async fn begin(
        mut record: Record,
        begun: Instant,
        opened: Result<Opened, HuntError>,
    ) -> Result<Flow, HuntError> {
        match opened {
            Ok(Opened { tables, render, limits, permit }) => Ok(Flow {
                tables,
                render,
                cut: None,
                limits,
                rows: 0,
                bytes: 0,
                has_failed: false,
                record,
                begun,
                _permit: permit,
            }),
            Err(error) => {
                record.close(End::of_error(&error)).await;
                Err(error)
            }
        }
    }

    async fn open(&self, question: &Question, begun: Instant) -> Result<Opened, HuntError> {
        let permit = self.permits.take(question.tenant, &question.asker.id)?;
        let deadline = begun + question.limits.time;
        let prepared = self.prepare(question, deadline, &AtomicU64::new(0)).await?;
        let limits = question.limits.with(&prepared.options);
        let mut tables = Vec::with_capacity(prepared.results.len());
        for result in prepared.results {
            let time = deadline.saturating_duration_since(Instant::now());
            let stream = self.lake.run_plan(question.tenant, result.plan, limits.of_stream(time)).await?;
            let fields: Vec<_> =
                result.columns.into_iter().map(|column| column.kind.field(&column.name)).collect();
            tables.push(FlowTable { schema: Arc::new(Schema::new(fields)), stream, rows: 0 });
        }
        let render = prepared.render.map(|render| (render.chart, render.properties));
        Ok(Opened { tables, render, limits, permit })
    }

    async fn open_sql(&self, question: &Question) -> Result<Opened, HuntError> {
        let permit = self.permits.take(question.tenant, &question.asker.id)?;
        let limits = question.limits;
        let asked = limits.of_stream(limits.time);
        let stream = self.lake.query(question.tenant, &question.text, asked).await?;
        let table = FlowTable { schema: stream.schema(), stream, rows: 0 };
        Ok(Opened { tables: vec![table], render: None, limits, permit })
    }
}

impl Limits {
    /// What the lake has to hold to. One row more than may be in the answer tells that there are more.
    fn of_stream(self, time: Duration) -> QueryLimits {
        let rows = Some(self.rows.saturating_add(1)).filter(|rows| *rows < UNLIMITED);
        QueryLimits { rows, bytes: None, time }
    }
}

impl Flow {
    /// How many tables the answer has.
    pub fn tables(&self) -> usize {
        self.tables.len()
    }

    /// The columns of a table, with their types.
    pub fn schema(&self, at: usize) -> Option<&SchemaRef> {
        self.tables.get(at).map(|table| &table.schema)
    }

    /// Whether all rows that were acknowledged before are seen.
    pub fn is_current(&self) -> bool {
        self.tables.iter().all(|table| table.stream.is_current())
    }

    /// The next rows of a table; `None` at its end. May be dropped while it waits, and be called again.
    ///
    /// # Errors
    /// The query failed, or its answer is larger than its limit. What was given before is a part of the answer.
    pub async fn next(&mut self, at: usize) -> Result<Option<RecordBatch>, QueryError> {
        let next = self.take(at).await;
        self.has_failed |= next.is_err();
        next
    }

    async fn take(&mut self, at: usize) -> Result<Option<RecordBatch>, QueryError> {
        let Some(table) = self.tables.get_mut(at) else { return Ok(None) };
        let left = self.limits.rows.saturating_sub(table.rows);
        let Some(mut batch) = table.stream.next().await.transpose()? else { return Ok(None) };
        if batch.num_rows() > left {
            self.cut = Some(Cut::Rows(self.limits.rows));
            batch = batch.slice(0, left);
        }
        self.bytes += batch.get_array_memory_size();
        if self.bytes > self.limits.bytes {
            return Err(QueryError::Bytes(self.limits.bytes));
        }
        table.rows += batch.num_rows();
        self.rows += batch.num_rows();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let (schema, columns) = (table.schema.clone(), batch.columns().to_vec());
        let named = RecordBatch::try_new_with_options(schema, columns, &options);
        named.map(Some).map_err(|error| DataFusionError::from(error).into())
    }

    /// To be called behind the last row or the failure: the question's record is written.
    pub async fn close(&mut self) {
        let rows = self.rows;
        let end = match self.cut {
            _ if self.has_failed => End::Failed,
            Some(_) => End::Cut { rows },
            None => End::Whole { rows },
        };
        self.record.close(end).await;
    }

    /// How many rows have been given.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many rows of tables have been read for them.
    pub fn rows_read(&self) -> u64 {
        self.tables.iter().map(|table| table.stream.rows_read()).sum()
    }

    pub fn took(&self) -> Duration {
        self.begun.elapsed()
    }
}
