//! Files and hot rows of one table as one DataFusion table.
//!
//! Filters reach the files (skipped whole by the times in the Delta log, then by row group, page and bloom
//! filter) and are applied again above both, so they may be inexact here. No node of our own stands between
//! a file and the engine, so its dynamic filters get through.

use std::{collections::HashSet, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use arrow_schema::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{
        Column, DFSchema, Result, ScalarValue,
        pruning::PruningStatistics,
        tree_node::{Transformed, TreeNode},
    },
    config::TableParquetOptions,
    datasource::{
        listing::PartitionedFile,
        memory::{DataSourceExec, MemorySourceConfig},
        object_store::ObjectStoreUrl,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        table_schema::TableSchema,
    },
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    physical_expr::{PhysicalExpr, expressions::Column as PhysicalColumn},
    physical_optimizer::pruning::PruningPredicate,
    physical_plan::{ExecutionPlan, projection::ProjectionExec, union::UnionExec},
};
use phalanx_signal::{Table, TenantId};

use crate::{delta::LiveFile, parquet_file::complete, table::Moment};

/// A table at one moment, to be asked.
#[derive(Debug)]
pub(crate) struct TableScan {
    pub table: Arc<Table>,
    pub tenant: TenantId,
    /// Where the table's files are, below the root of the store.
    pub folder: String,
    pub store: ObjectStoreUrl,
    pub moment: Moment,
}

#[async_trait]
impl TableProvider for TableScan {
    fn schema(&self) -> SchemaRef {
        self.table.schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns: Vec<usize> = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.table.columns().len()).collect(),
        };
        let partitions = session.config().target_partitions().max(1);
        let mut children = Vec::new();
        let predicate = self.predicate(session, filters)?;
        let files = self.pruned(predicate.as_ref())?;
        if !files.is_empty() {
            children.push(self.scan_files(&files, &columns, predicate, limit, partitions)?);
        }
        if !self.moment.hot.is_empty() || children.is_empty() {
            children.push(self.scan_hot(&columns, partitions)?);
        }
        match children.len() {
            1 => Ok(children.swap_remove(0)),
            _ => UnionExec::try_new(children),
        }
    }
}

impl TableScan {
    /// The filters over the columns of the files.
    fn predicate(&self, session: &dyn Session, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(None) };
        let filter = filter.transform(|expr| match expr {
            Expr::Column(column) => match self.table.column(&column.name) {
                Some(found) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(&*found.physical)))),
                None => Ok(Transformed::no(Expr::Column(column))),
            },
            other => Ok(Transformed::no(other)),
        })?;
        let schema = DFSchema::try_from(self.table.physical_schema().as_ref().clone())?;
        session.create_physical_expr(filter.data, &schema).map(Some)
    }

    /// The files that may have rows that pass.
    fn pruned(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<Arc<LiveFile>>> {
        let files = &self.moment.files;
        let Some(predicate) = predicate else { return Ok(files.to_vec()) };
        let pruning = PruningPredicate::try_new(predicate.clone(), self.table.physical_schema().clone())?;
        if pruning.always_true() {
            return Ok(files.to_vec());
        }
        let keep = pruning.prune(&Ranges(files))?;
        Ok(files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }

    fn scan_files(
        &self,
        files: &[Arc<LiveFile>],
        columns: &[usize],
        predicate: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = TableSchema::from_file_schema(self.table.physical_schema().clone());
        let mut options = TableParquetOptions::default();
        options.global.pushdown_filters = true;
        options.global.reorder_filters = true;
        let mut source = ParquetSource::new(schema).with_table_parquet_options(options);
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        // Newest first: what is looked at most is found first by limits and top-k.
        let mut groups = vec![FileGroup::default(); partitions.min(files.len())];
        for (at, file) in files.iter().rev().enumerate() {
            let path = format!("{}/{}", self.folder, file.path);
            let count = groups.len();
            groups[at % count].push(PartitionedFile::new(path, file.bytes));
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(Some(columns.to_vec()))?
            .with_limit(limit)
            .build();
        let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config);
        let names = columns.iter().map(|at| &self.table.columns()[*at]);
        if names.clone().all(|column| column.name == column.physical) {
            return Ok(scan);
        }
        let renamed: Vec<(Arc<dyn PhysicalExpr>, String)> = names
            .enumerate()
            .map(|(at, column)| {
                let expr: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(&column.physical, at));
                (expr, column.name.to_string())
            })
            .collect();
        Ok(Arc::new(ProjectionExec::try_new(renamed, scan)?))
    }

    fn scan_hot(&self, columns: &[usize], partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let pick = |schema: &SchemaRef| -> SchemaRef {
            let fields: Vec<_> = columns.iter().map(|at| schema.fields()[*at].clone()).collect();
            Arc::new(Schema::new(fields))
        };
        let (shown, physical) = (pick(self.table.schema()), pick(self.table.physical_schema()));
        let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions];
        for (at, rows) in self.moment.hot.iter().enumerate() {
            let whole = complete(&self.table, self.tenant, &physical, rows)
                .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))?;
            parts[at % partitions].push(whole.with_schema(shown.clone())?);
        }
        Ok(MemorySourceConfig::try_new_exec(&parts, shown, None)?)
    }
}

/// What the Delta log says of each file.
struct Ranges<'a>(&'a [Arc<LiveFile>]);

impl Ranges<'_> {
    fn side(&self, column: &Column, pick: fn(&(i64, i64)) -> i64) -> Option<ArrayRef> {
        if !self.0.iter().any(|file| file.ranges.contains_key(column.name())) {
            return None;
        }
        let values = self.0.iter().map(|file| file.ranges.get(column.name()).map(pick));
        Some(Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
    }
}

impl PruningStatistics for Ranges<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.side(column, |range| range.0)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.side(column, |range| range.1)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.0.iter().map(|file| Some(file.rows)).collect::<UInt64Array>()))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
