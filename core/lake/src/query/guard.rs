//! Ending a query that is not wanted any more, or has had its time, in the midst of its work.
//!
//! The engine's tasks end when their stream is dropped, but only once they wait for something; a join that
//! multiplies rows may not wait for hours. So its sources and its joins are watched over: whoever takes rows
//! from them is told when the query is over, and now and then has to let other queries work.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::{
    common::{
        DataFusionError, Result,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext},
    physical_expr::PhysicalExpr,
    physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties},
};
use futures::{Stream, StreamExt};

/// Work without a pause after which others get a turn.
const TURN: Duration = Duration::from_millis(20);

/// Until when a query may work.
#[derive(Debug)]
pub(super) struct Guard {
    deadline: Instant,
    is_unwanted: AtomicBool,
    /// Rows that the plan's sources have given.
    rows_read: AtomicU64,
}

impl Guard {
    pub fn new(time: Duration) -> Self {
        // A time that the clock can't hold is no limit to speak of.
        let now = Instant::now();
        let deadline = now.checked_add(time).unwrap_or(now + Duration::from_secs(86_400 * 365));
        Self { deadline, is_unwanted: AtomicBool::new(false), rows_read: AtomicU64::new(0) }
    }

    /// Nobody waits for the answer.
    pub fn stop(&self) {
        self.is_unwanted.store(true, Ordering::Release);
    }

    /// Whether the query is to end: its time is over, or nobody waits for it.
    pub fn is_over(&self) -> bool {
        self.is_unwanted.load(Ordering::Acquire) || Instant::now() >= self.deadline
    }

    /// How many rows the tables have given so far.
    pub fn rows_read(&self) -> u64 {
        self.rows_read.load(Ordering::Relaxed)
    }

    /// Watches over a plan.
    pub fn watch(self: &Arc<Self>, plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let watched = plan.transform_up(|node| {
            let name = node.name();
            let is_source = node.children().is_empty();
            if is_source || ["Join", "Unnest", "Recursive"].iter().any(|part| name.contains(part)) {
                return Ok(Transformed::yes(
                    Arc::new(Watched { input: node, guard: self.clone(), is_source }) as _,
                ));
            }
            Ok(Transformed::no(node))
        })?;
        Ok(watched.data)
    }
}

/// An operator that is watched over.
#[derive(Clone, Debug)]
struct Watched {
    input: Arc<dyn ExecutionPlan>,
    guard: Arc<Guard>,
    is_source: bool,
}

impl DisplayAs for Watched {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}

impl ExecutionPlan for Watched {
    fn name(&self) -> &str {
        "Watched"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (guard, is_source) = (self.guard.clone(), self.is_source);
        Ok(Arc::new(Self { input: children.swap_remove(0), guard, is_source }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let (guard, is_source) = (self.guard.clone(), self.is_source);
        Ok(Box::pin(WatchedStream { input, guard, is_source, since: None }))
    }
}

struct WatchedStream {
    input: SendableRecordBatchStream,
    guard: Arc<Guard>,
    is_source: bool,
    /// Since when rows have been given without a pause.
    since: Option<Instant>,
}

impl Stream for WatchedStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.guard.is_over() {
            return Poll::Ready(Some(Err(DataFusionError::Execution("the query was ended".into()))));
        }
        if self.since.is_some_and(|since| since.elapsed() >= TURN) {
            self.since = None;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.input.poll_next_unpin(context);
        if let (true, Poll::Ready(Some(Ok(batch)))) = (self.is_source, &next) {
            self.guard.rows_read.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
        }
        match next {
            Poll::Pending => self.since = None,
            Poll::Ready(_) => drop(self.since.get_or_insert_with(Instant::now)),
        }
        next
    }
}

impl RecordBatchStream for WatchedStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
