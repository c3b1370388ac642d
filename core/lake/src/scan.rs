//! Files and hot rows of one table as one DataFusion table.
//!
//! Filters reach the files (skipped whole by the times in the Delta log, then by row group, page and bloom
//! filter) and are applied again above both, so they may be inexact here. No node of our own stands between
//! a file and the engine, so its dynamic filters and its wish for an order get through: of `order by
//! TimeGenerated desc limit 100` little more than the newest row group is read.

use std::{cmp::Reverse, collections::HashSet, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{
        Column, ColumnStatistics, DFSchema, Result, ScalarValue, Statistics,
        pruning::PruningStatistics,
        stats::Precision,
        tree_node::{Transformed, TreeNode},
    },
    config::TableParquetOptions,
    datasource::{
        listing::PartitionedFile,
        memory::{DataSourceExec, MemorySourceConfig},
        physical_plan::{
            FileGroup, FileScanConfigBuilder, ParquetSource, parquet::CachedParquetFileReaderFactory,
        },
    },
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, utils::conjunction},
    physical_expr::{PhysicalExpr, expressions::Column as PhysicalColumn},
    physical_optimizer::pruning::PruningPredicateBuilder,
    physical_plan::{ExecutionPlan, projection::ProjectionExec, union::UnionExec},
};
use object_store::{ObjectStore, path::Path};
use phalanx_signal::{Table, TenantId};

use crate::{
    complete::Completer,
    delta::LiveFile,
    query::store_url,
    table::{LakeTable, Moment},
};

/// A table at one moment, to be asked.
#[derive(Debug)]
pub(crate) struct TableScan {
    table: Arc<Table>,
    tenant: TenantId,
    folder: Path,
    objects: Arc<dyn ObjectStore>,
    moment: Moment,
}

impl TableScan {
    pub fn new(table: &LakeTable, moment: Moment) -> Self {
        Self {
            table: table.table(),
            tenant: table.tenant,
            folder: table.folder.clone(),
            objects: table.store().objects().clone(),
            moment,
        }
    }
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

    /// Said only of a table without rows, which whoever plans may leave out.
    fn statistics(&self) -> Option<Statistics> {
        let is_empty = self.moment.files.is_empty() && self.moment.hot.is_empty();
        is_empty.then(|| unknown_but(0, self.table.schema()))
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
            let scan = FilesScan { files, columns: &columns, limit, partitions };
            children.push(self.scan_files(session, scan, filters)?);
        }
        if !self.moment.hot.is_empty() || children.is_empty() {
            children.push(self.scan_hot(&columns, limit, partitions)?);
        }
        match children.len() {
            1 => Ok(children.swap_remove(0)),
            _ => UnionExec::try_new(children),
        }
    }
}

struct FilesScan<'a> {
    files: Vec<Arc<LiveFile>>,
    columns: &'a [usize],
    limit: Option<usize>,
    partitions: usize,
}

impl TableScan {
    /// The filters over all physical columns.
    fn predicate(&self, session: &dyn Session, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        self.physical(session, filters, self.table.physical_schema())
    }

    fn physical(
        &self,
        session: &dyn Session,
        filters: &[Expr],
        schema: &SchemaRef,
    ) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(None) };
        let filter = filter.transform(|expr| match expr {
            Expr::Column(column) => match self.table.column(&column.name) {
                Some(found) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(&*found.physical)))),
                None => Ok(Transformed::no(Expr::Column(column))),
            },
            other => Ok(Transformed::no(other)),
        })?;
        session.create_physical_expr(filter.data, &DFSchema::try_from(schema.as_ref().clone())?).map(Some)
    }

    /// The files that may have rows that pass, those with the newest rows first.
    fn pruned(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<Arc<LiveFile>>> {
        let mut files = self.moment.files.to_vec();
        if let Some(predicate) = predicate {
            let schema = self.table.physical_schema().clone();
            let pruning =
                PruningPredicateBuilder::new().with_file_schema(schema).try_build(predicate.clone())?;
            if !pruning.always_true() {
                let mut keep = pruning.prune(&Ranges(&files))?.into_iter();
                files.retain(|_| keep.next().unwrap_or(true));
            }
        }
        let time = &*self.table.columns()[self.table.time()].physical;
        files.sort_by_key(|file| Reverse(file.ranges.get(time).map_or(i64::MAX, |range| range.1)));
        Ok(files)
    }

    fn scan_files(
        &self,
        session: &dyn Session,
        scan: FilesScan<'_>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // Only what is asked for or filtered by; tables are up to 240 columns wide.
        let needed = self.needed(scan.columns, filters);
        let schema = Arc::new(self.table.physical_schema().project(&needed)?);
        let mut options = TableParquetOptions::default();
        options.global.pushdown_filters = true;
        options.global.reorder_filters = true;
        let footers = session.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(self.objects.clone(), footers);
        let mut source = ParquetSource::new(schema.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        if let Some(predicate) = self.physical(session, filters, &schema)? {
            source = source.with_predicate(predicate);
        }
        let mut groups = vec![FileGroup::default(); scan.partitions.min(scan.files.len())];
        for (at, file) in scan.files.iter().enumerate() {
            let count = groups.len();
            groups[at % count].push(self.partitioned_file(file, &schema));
        }
        let rows = scan.files.iter().map(|file| file.rows as usize).sum();
        let place = |column: &usize| needed.binary_search(column).expect("`needed` has every column");
        let config = FileScanConfigBuilder::new(store_url(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(unknown_but(rows, &schema))
            .with_projection_indices(Some(scan.columns.iter().map(place).collect()))?
            .with_limit(scan.limit)
            .build();
        self.with_shown_names(DataSourceExec::from_data_source(config), scan.columns)
    }

    /// The places of all columns that a scan touches, sorted.
    fn needed(&self, columns: &[usize], filters: &[Expr]) -> Vec<usize> {
        let filtered = filters.iter().flat_map(|filter| filter.column_refs());
        let filtered = filtered.filter_map(|column| self.table.index_of(&column.name));
        let mut needed: Vec<usize> = columns.iter().copied().chain(filtered).collect();
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// A file with what the log says of it. It keeps the file from being deleted while the plan lives.
    fn partitioned_file(&self, file: &Arc<LiveFile>, schema: &Schema) -> PartitionedFile {
        let mut statistics = unknown_but(file.rows as usize, schema);
        for (field, column) in schema.fields().iter().zip(&mut statistics.column_statistics) {
            if let Some((least, greatest)) = file.ranges.get(field.name()) {
                let time = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
                column.min_value = Precision::Exact(time(*least));
                column.max_value = Precision::Exact(time(*greatest));
            }
        }
        PartitionedFile::new(format!("{}/{}", self.folder, file.path), file.bytes)
            .with_statistics(Arc::new(statistics))
            .with_extension(file.clone())
    }

    fn with_shown_names(
        &self,
        scan: Arc<dyn ExecutionPlan>,
        columns: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
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

    fn scan_hot(
        &self,
        columns: &[usize],
        limit: Option<usize>,
        partitions: usize,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let shown = Arc::new(self.table.schema().project(columns)?);
        let physical = Arc::new(self.table.physical_schema().project(columns)?);
        let mut completer = Completer::new(&self.table, self.tenant, physical);
        let count = partitions.min(self.moment.hot.len()).max(1);
        let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); count];
        for (at, rows) in self.moment.hot.iter().enumerate() {
            parts[at % count].push(renamed(completer.complete(rows)?, shown.clone())?);
        }
        let rows = MemorySourceConfig::try_new(&parts, shown, None)?.with_limit(limit);
        Ok(DataSourceExec::from_data_source(rows))
    }
}

/// The same columns under other names: a table's physical names and those that users know differ where
/// names clash.
pub(crate) fn renamed(batch: RecordBatch, schema: SchemaRef) -> Result<RecordBatch, ArrowError> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, batch.columns().to_vec(), &rows)
}

/// Statistics of which only the number of rows is known.
fn unknown_but(rows: usize, schema: &Schema) -> Statistics {
    Statistics {
        num_rows: Precision::Exact(rows),
        total_byte_size: Precision::Absent,
        column_statistics: vec![ColumnStatistics::new_unknown(); schema.fields().len()],
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
