//! Queries in SQL: each in a session of its own, over all tables of one tenant, read-only and bounded.
//!
//! A tenant's session has no other tenant's tables to name: the schema that it resolves names in makes a
//! table's scan from the tenant's id and the name, and nothing else is registered.

mod compact;
mod engine;
mod guard;
mod memory;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider},
    common::{DataFusionError, Result as EngineResult},
    datasource::object_store::ObjectStoreUrl,
    execution::{SendableRecordBatchStream, context::SQLOptions},
    logical_expr::LogicalPlan,
    physical_plan::execute_stream,
    prelude::{SessionConfig, SessionContext},
};
use futures::{FutureExt, Stream, StreamExt};
use phalanx_signal::TenantId;
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

pub(crate) use self::engine::Engine;
use self::guard::Guard;
use crate::{Lake, LakeError, QueryError};

/// How long a query waits for rows that are acknowledged and not visible yet, while none of them become so.
const CATCH_UP: Duration = Duration::from_secs(2);

/// How much a query may cost.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// Most rows of the answer; further ones are left out.
    pub rows: Option<usize>,
    /// Most bytes of the answer in memory; a larger one is an error.
    pub bytes: Option<usize>,
    /// From its start to its last row, planning included.
    pub time: Duration,
}

/// Batches that are found and not fetched yet: a slow reader slows the query down.
const BATCHES_AHEAD: usize = 2;

type Rows = Result<RecordBatch, QueryError>;

/// The rows of an answer, as they are found. Dropping it stops the query.
pub struct QueryStream {
    schema: SchemaRef,
    planning: Duration,
    rows: mpsc::Receiver<Rows>,
    deadline: Pin<Box<tokio::time::Sleep>>,
    limits: QueryLimits,
    bytes: usize,
    is_current: bool,
    is_over: bool,
    work: Work,
}

impl QueryStream {
    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// How long it took to make the plan that runs.
    pub fn planning(&self) -> Duration {
        self.planning
    }

    /// Whether everything that was acknowledged before the query is seen by it. The lake may lag for a while
    /// after a start, or while its disk is full.
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// How many rows of tables have been read so far.
    pub fn rows_read(&self) -> u64 {
        self.work.guard.rows_read()
    }

    fn next_rows(&mut self, cx: &mut Context<'_>) -> Poll<Option<Rows>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if self.deadline.poll_unpin(cx).is_ready() {
            return Poll::Ready(Some(Err(QueryError::Time(self.limits.time.as_secs()))));
        }
        let Poll::Ready(next) = self.rows.poll_recv(cx) else { return Poll::Pending };
        let Some(batch) = next else { return Poll::Ready(None) };
        let batch = match batch {
            // Whoever of the two clocks strikes first: the query was ended because its time was over.
            Err(_) if self.work.guard.is_over() => {
                return Poll::Ready(Some(Err(QueryError::Time(self.limits.time.as_secs()))));
            }
            other => other?,
        };
        self.bytes += batch.get_array_memory_size();
        match self.limits.bytes.filter(|most| self.bytes > *most) {
            Some(most) => Poll::Ready(Some(Err(QueryError::Bytes(most)))),
            None => Poll::Ready(Some(Ok(batch))),
        }
    }
}

impl Stream for QueryStream {
    type Item = Rows;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.next_rows(cx);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.is_over = true;
            self.work.stop();
        }
        next
    }
}

/// A query at work on the engine's threads. Dropping it ends the work.
struct Work {
    guard: Arc<Guard>,
    task: AbortHandle,
}

impl Work {
    fn stop(&self) {
        self.guard.stop();
        self.task.abort();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Lake {
    /// Answers a query over the tables of a tenant. Rows that were acknowledged before the call are seen,
    /// unless the lake lags and does not get on ([`QueryStream::is_current`]).
    pub async fn query(
        &self,
        tenant: TenantId,
        text: &str,
        limits: QueryLimits,
    ) -> Result<QueryStream, QueryError> {
        self.ask(tenant, Asked::Text(text.to_owned()), limits).await
    }

    /// As [`Lake::query`], for a plan that somebody has made over the tables of [`Lake::provider`].
    pub async fn run_plan(
        &self,
        tenant: TenantId,
        plan: LogicalPlan,
        limits: QueryLimits,
    ) -> Result<QueryStream, QueryError> {
        self.ask(tenant, Asked::Plan(Box::new(plan)), limits).await
    }

    /// A table of a tenant, files and hot rows of this moment, for plans that others make; `None` if the catalog
    /// has no table of that name.
    pub async fn provider(
        &self,
        tenant: TenantId,
        table: &str,
    ) -> Result<Option<Arc<dyn TableProvider>>, LakeError> {
        Ok(self.scan(tenant, table).await?.map(|scan| Arc::new(scan) as Arc<dyn TableProvider>))
    }

    async fn ask(
        &self,
        tenant: TenantId,
        asked: Asked,
        limits: QueryLimits,
    ) -> Result<QueryStream, QueryError> {
        let mut deadline = Box::pin(tokio::time::sleep(limits.time));
        let guard = Arc::new(Guard::new(limits.time));
        let (begun, begins) = oneshot::channel();
        let (found, rows) = mpsc::channel(BATCHES_AHEAD);
        let is_current = tokio::select! {
            is_current = self.catch_up(limits.time / 2) => is_current,
            () = &mut deadline => return Err(QueryError::Time(limits.time.as_secs())),
        };
        if !is_current {
            tracing::warn!("a query does not see everything that was acknowledged: the lake lags");
        }
        let query = Query { session: self.session(tenant)?, asked, limits, guard: guard.clone() };
        let task = self.engine().threads().spawn(query.work(begun, found)).abort_handle();
        let work = Work { guard, task };
        let (schema, planning) = tokio::select! {
            begins = begins => begins.map_err(|_| died())??,
            () = &mut deadline => return Err(QueryError::Time(limits.time.as_secs())),
        };
        Ok(QueryStream {
            schema,
            planning,
            rows,
            deadline,
            limits,
            bytes: 0,
            is_current,
            is_over: false,
            work,
        })
    }

    /// Waits until everything that is acknowledged by now is visible: for as long as the lake gets on, as
    /// behind a restart, but no longer than `most`.
    async fn catch_up(&self, most: Duration) -> bool {
        let (head, begun) = (self.journal().head(), Instant::now());
        loop {
            let before = self.taken();
            if self.wait_for(head, CATCH_UP).await {
                return true;
            }
            if self.taken() == before || begun.elapsed() > most {
                return false;
            }
        }
    }

    /// A session in which every table of the catalog can be named, for a tenant's rows alone. Names are
    /// case-sensitive without quotes.
    pub fn session(&self, tenant: TenantId) -> Result<SessionContext, QueryError> {
        let config = config()
            .with_target_partitions(engine::cores())
            .with_information_schema(true)
            .with_default_catalog_and_schema("phalanx", "tables")
            .with_create_default_catalog_and_schema(false);
        let session = SessionContext::new_with_config_rt(config, self.engine().for_query()?);
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("tables", Arc::new(TenantSchema { lake: self.weak(), tenant }))?;
        session.register_catalog("phalanx", Arc::new(catalog));
        Ok(session)
    }
}

/// What is asked.
enum Asked {
    /// SQL.
    Text(String),
    Plan(Box<LogicalPlan>),
}

/// A query on its way through the engine.
struct Query {
    session: SessionContext,
    asked: Asked,
    limits: QueryLimits,
    guard: Arc<Guard>,
}

/// What is told before the first rows: the answer's columns, and how long the planning took.
type Begins = Result<(SchemaRef, Duration), QueryError>;

impl Query {
    /// Tells how the query begins, then gives its rows. Whoever is told may have gone.
    async fn work(self, begun: oneshot::Sender<Begins>, found: mpsc::Sender<Rows>) {
        let since = Instant::now();
        let mut rows = match self.plan().await {
            Ok(rows) => rows,
            Err(error) => return drop(begun.send(Err(error))),
        };
        if begun.send(Ok((rows.schema(), since.elapsed()))).is_err() {
            return;
        }
        while let Some(batch) = rows.next().await {
            let batch = batch.and_then(|batch| Ok(compact::compacted(batch)?));
            if found.send(batch.map_err(QueryError::from)).await.is_err() {
                return;
            }
        }
    }

    async fn plan(&self) -> Result<SendableRecordBatchStream, QueryError> {
        let read_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let mut frame = match &self.asked {
            Asked::Text(text) => self.session.sql_with_options(text, read_only).await?,
            Asked::Plan(plan) => {
                read_only.verify_plan(plan)?;
                self.session.execute_logical_plan((**plan).clone()).await?
            }
        };
        if let Some(rows) = self.limits.rows {
            frame = frame.limit(0, Some(rows))?;
        }
        let context = Arc::new(frame.task_ctx());
        let plan = self.guard.watch(frame.create_physical_plan().await?)?;
        Ok(execute_stream(plan, context)?)
    }
}

fn died() -> QueryError {
    QueryError::Engine(Box::new(DataFusionError::Execution("the query has died".into())))
}

/// The tables of a tenant, opened when they are named.
#[derive(Debug)]
struct TenantSchema {
    lake: std::sync::Weak<Lake>,
    tenant: TenantId,
}

impl TenantSchema {
    fn lake(&self) -> EngineResult<Arc<Lake>> {
        self.lake.upgrade().ok_or_else(|| DataFusionError::Execution("the lake is closed".into()))
    }
}

#[async_trait]
impl SchemaProvider for TenantSchema {
    fn table_names(&self) -> Vec<String> {
        let Ok(lake) = self.lake() else { return Vec::new() };
        lake.catalog().names().iter().map(ToString::to_string).collect()
    }

    async fn table(&self, name: &str) -> EngineResult<Option<Arc<dyn TableProvider>>> {
        let lake = self.lake()?;
        if let Err(error) = lake.catalog().require(name) {
            return Err(DataFusionError::Plan(error.to_string()));
        }
        let scan = lake.scan(self.tenant, name).await;
        let scan = scan.map_err(|error: LakeError| DataFusionError::External(Box::new(error)))?;
        Ok(scan.map(|scan| Arc::new(scan) as Arc<dyn TableProvider>))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.lake().is_ok_and(|lake| lake.catalog().table(name).is_some())
    }
}

/// What all sessions have in common.
pub(crate) fn config() -> SessionConfig {
    let mut config = SessionConfig::new();
    let options = config.options_mut();
    options.sql_parser.enable_ident_normalization = false;
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    // The language's types are metadata of columns; the engine forgets it where it leaves out empty inputs.
    options.execution.skip_physical_aggregate_schema_check = true;
    options.execution.time_zone = Some("UTC".into());
    config
}

/// The name under which the engine knows the lake's files.
pub(crate) fn store_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse("lake://files").expect("a scheme and a host are a valid store URL")
}
