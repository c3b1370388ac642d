//! Queries in SQL: each in a session of its own, over all tables of one tenant, read-only and bounded.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider},
    common::{DataFusionError, Result as EngineResult},
    execution::{SendableRecordBatchStream, context::SQLOptions},
    prelude::{SessionConfig, SessionContext},
};
use futures::{FutureExt, Stream, StreamExt};
use phalanx_signal::TenantId;

use crate::{Lake, LakeError, QueryError};

/// How much a query may cost.
#[derive(Clone, Copy, Debug)]
pub struct QueryLimits {
    /// Most rows of the answer; further ones are left out.
    pub rows: Option<usize>,
    /// From its start to its last row.
    pub time: Duration,
}

/// The rows of an answer, as they are found. Dropping it stops the query.
pub struct QueryStream {
    schema: SchemaRef,
    rows: SendableRecordBatchStream,
    deadline: Pin<Box<tokio::time::Sleep>>,
    seconds: u64,
    is_over: bool,
}

impl QueryStream {
    /// The columns of the answer.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if self.deadline.poll_unpin(cx).is_ready() {
            self.is_over = true;
            return Poll::Ready(Some(Err(QueryError::Time(self.seconds))));
        }
        let polled = self.rows.poll_next_unpin(cx);
        polled.map(|next| next.map(|rows| rows.map_err(QueryError::from)))
    }
}

impl Lake {
    /// Answers a query over the tables of a tenant. Rows that were acknowledged before the call are seen.
    pub async fn query(
        &self,
        tenant: TenantId,
        text: &str,
        limits: QueryLimits,
    ) -> Result<QueryStream, QueryError> {
        let deadline = Box::pin(tokio::time::sleep(limits.time));
        self.wait_for(self.journal().head(), Duration::from_secs(2)).await;
        let session = self.session(tenant)?;
        let read_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let mut frame = session.sql_with_options(text, read_only).await?;
        if let Some(rows) = limits.rows {
            frame = frame.limit(0, Some(rows))?;
        }
        let rows = frame.execute_stream().await?;
        let schema = rows.schema();
        Ok(QueryStream { schema, rows, deadline, seconds: limits.time.as_secs(), is_over: false })
    }

    /// A session in which every table of the catalog can be named, for a tenant's rows alone. Names are
    /// case-sensitive without quotes.
    pub fn session(&self, tenant: TenantId) -> Result<SessionContext, QueryError> {
        let mut config = SessionConfig::new()
            .with_target_partitions(std::thread::available_parallelism().map_or(2, |n| n.get().max(2)))
            .with_information_schema(true)
            .with_default_catalog_and_schema("phalanx", "tables")
            .with_create_default_catalog_and_schema(false);
        let options = config.options_mut();
        options.sql_parser.enable_ident_normalization = false;
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.time_zone = Some("UTC".into());
        let session = SessionContext::new_with_config_rt(config, self.runtime().clone());
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema("tables", Arc::new(TenantSchema { lake: self.weak(), tenant }))?;
        session.register_catalog("phalanx", Arc::new(catalog));
        Ok(session)
    }
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
        match lake.catalog().require(name) {
            Ok(_) => {}
            Err(error) => return Err(DataFusionError::Plan(error.to_string())),
        }
        let scan = lake.scan(self.tenant, name).await;
        Ok(Some(Arc::new(scan.map_err(|error: LakeError| DataFusionError::External(Box::new(error)))?)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.lake().is_ok_and(|lake| lake.catalog().table(name).is_some())
    }
}

/// What the engine shares between queries: memory with a bound, and a folder to spill to.
pub(crate) fn runtime(
    memory_bytes: usize,
    spill: &std::path::Path,
    root: &std::path::Path,
) -> Result<Arc<datafusion::execution::runtime_env::RuntimeEnv>, LakeError> {
    use datafusion::execution::{
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{FairSpillPool, TrackConsumersPool},
        runtime_env::RuntimeEnvBuilder,
    };
    std::fs::create_dir_all(spill).map_err(LakeError::io("create", spill))?;
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Directories(vec![spill.to_owned()]));
    let consumers = std::num::NonZeroUsize::new(3).expect("three is not zero");
    let pool = TrackConsumersPool::new(FairSpillPool::new(memory_bytes), consumers);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .build()
        .map_err(Box::new)?;
    let files = object_store::local::LocalFileSystem::new_with_prefix(root)
        .map_err(|error| LakeError::io("open", root)(std::io::Error::other(error)))?;
    runtime.register_object_store(store_url().as_ref(), Arc::new(files));
    Ok(Arc::new(runtime))
}

/// The name under which the engine knows the lake's files.
pub(crate) fn store_url() -> datafusion::datasource::object_store::ObjectStoreUrl {
    datafusion::datasource::object_store::ObjectStoreUrl::parse("lake://files")
        .expect("a scheme and a host are a valid store URL")
}
