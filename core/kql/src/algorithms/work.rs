//! What an algorithm is, and what it works with.

use std::fmt;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use datafusion::{
    common::{Result, exec_datafusion_err},
    execution::memory_pool::MemoryReservation,
};

/// Steps after which an algorithm looks whether anybody still waits for its rows.
const STEPS_AT_ONCE: usize = 4_096;

/// From all rows of its inputs to rows of its own.
///
/// It runs on a thread of its own. Whatever may take long tells [`Work::step`], whatever it builds that may become
/// large asks [`Work::hold`] first, and rows go to [`Work::give`] as they come about: so a query that nobody wants
/// any more ends, and one that takes too much memory fails alone.
pub trait Algorithm: fmt::Debug + Send + Sync {
    /// What plans and errors call it.
    fn name(&self) -> &'static str;

    /// Takes each input's rows, in their order and with the columns that the bound tree gives the input. A string is
    /// never null.
    ///
    /// # Errors
    /// The input is none that the algorithm can work on, it would take too much, or nobody waits any more.
    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()>;
}

/// The side of the engine that an algorithm sees.
pub struct Work<'a> {
    schema: SchemaRef,
    /// Takes rows; false once nobody wants them.
    take: &'a mut dyn FnMut(RecordBatch) -> bool,
    is_wanted: &'a dyn Fn() -> bool,
    memory: &'a MemoryReservation,
    steps: usize,
}

impl<'a> Work<'a> {
    pub fn new(
        schema: SchemaRef,
        take: &'a mut dyn FnMut(RecordBatch) -> bool,
        is_wanted: &'a dyn Fn() -> bool,
        memory: &'a MemoryReservation,
    ) -> Self {
        Self { schema, take, is_wanted, memory, steps: 0 }
    }

    /// The columns that the algorithm is to give.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Runs something that gives fewer columns than are to be given; `add` makes the others for its rows.
    pub(super) fn within(
        &mut self,
        schema: SchemaRef,
        add: &dyn Fn(&RecordBatch) -> Result<Vec<ArrayRef>>,
        run: impl FnOnce(&mut Work<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut failure = None;
        let (outer, whole) = (&mut *self.take, &self.schema);
        let mut take = |batch: RecordBatch| {
            let added = add(&batch).and_then(|mut added| {
                let mut columns = batch.columns().to_vec();
                columns.append(&mut added);
                Ok(RecordBatch::try_new(SchemaRef::clone(whole), columns)?)
            });
            match added {
                Ok(batch) => outer(batch),
                Err(error) => {
                    failure = Some(error);
                    false
                }
            }
        };
        let answer = run(&mut Work::new(schema, &mut take, self.is_wanted, self.memory));
        failure.map_or(answer, Err)
    }

    /// Counts steps, each of some microseconds at most.
    ///
    /// # Errors
    /// Nobody waits for the rows any more.
    pub fn step(&mut self, steps: usize) -> Result<()> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps < STEPS_AT_ONCE {
            return Ok(());
        }
        self.steps = 0;
        if (self.is_wanted)() { Ok(()) } else { Err(ended()) }
    }

    /// Counts memory, in bytes, against the query's limit. It is given back when the algorithm ends.
    ///
    /// # Errors
    /// There is not so much left.
    pub fn hold(&mut self, bytes: usize) -> Result<()> {
        self.memory.try_grow(bytes)
    }

    /// Gives memory back that was counted.
    pub fn release(&mut self, bytes: usize) {
        self.memory.shrink(bytes.min(self.memory.size()));
    }

    /// Gives rows, column by column.
    ///
    /// # Errors
    /// The columns are not those that were promised, or nobody waits for them any more.
    pub fn give(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        if batch.num_rows() == 0 || (self.take)(batch) { Ok(()) } else { Err(ended()) }
    }
}

fn ended() -> datafusion::error::DataFusionError {
    exec_datafusion_err!("the query was ended")
}
