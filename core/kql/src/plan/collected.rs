//! An algorithm over all rows of its inputs, as a table that a plan can read.
//!
//! The table holds the inputs' logical plans. Whoever scans it gets them planned by the session at hand, under one
//! node that collects their rows, within the query's limit of memory, and gives what the algorithm makes of them. So
//! no session has to know about it beforehand.

use std::{fmt, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{
        Result, exec_datafusion_err, runtime::SpawnedTask, tree_node::TreeNodeRecursion,
        utils::memory::get_record_batch_memory_size,
    },
    error::DataFusionError,
    execution::{
        SendableRecordBatchStream, TaskContext,
        memory_pool::{MemoryConsumer, MemoryReservation},
    },
    logical_expr::{Expr, LogicalPlan, TableType},
    physical_expr::{Distribution, EquivalenceProperties, OrderingRequirements, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements,
        Partitioning, PlanProperties,
        execution_plan::{Boundedness, EmissionType},
        projection::ProjectionExec,
        stream::RecordBatchReceiverStream,
    },
};
use futures::StreamExt;

use super::{Planned, Planner, expr::text, is_text, rows_schema};
use crate::{
    algorithms::{Algorithm, Work},
    bound::Relation,
};

/// Batches that an algorithm may be ahead of whoever reads them.
const BATCHES_AHEAD: usize = 2;

impl Planner<'_> {
    pub(super) fn collected(
        &mut self,
        relation: &Relation,
        inputs: &[Relation],
        algorithm: &Arc<dyn Algorithm>,
    ) -> Result<Planned> {
        let mut plans = Vec::with_capacity(inputs.len());
        for input in inputs {
            let sorted = self.relation(input)?.sorted(None)?;
            let schema = rows_schema(&input.columns);
            let names = input.columns.iter().zip(schema.fields());
            let output = names.map(|(column, field)| {
                let value = self.column(column.id);
                if is_text(column.kind) { text(value) } else { value }.alias(field.name())
            });
            let output = output.collect();
            plans.push(super::project(sorted, output)?);
        }
        let schema = rows_schema(&relation.columns);
        let physical: Vec<Arc<str>> =
            schema.fields().iter().map(|field| field.name().as_str().into()).collect();
        let table = Collected { schema, inputs: plans, algorithm: Arc::clone(algorithm) };
        self.scan(relation, algorithm.name(), Arc::new(table), &physical)
    }
}

#[derive(Debug)]
struct Collected {
    schema: SchemaRef,
    inputs: Vec<LogicalPlan>,
    algorithm: Arc<dyn Algorithm>,
}

#[async_trait]
impl TableProvider for Collected {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            inputs.push(session.create_physical_plan(input).await?);
        }
        let plan = CollectedExec::new(Arc::clone(&self.schema), inputs, Arc::clone(&self.algorithm));
        let Some(projection) = projection else { return Ok(Arc::new(plan)) };
        let columns = projection.iter().map(|at| {
            let name = self.schema.field(*at).name();
            let column: Arc<dyn PhysicalExpr> =
                Arc::new(datafusion::physical_expr::expressions::Column::new(name, *at));
            (column, name.clone())
        });
        Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), Arc::new(plan))?))
    }
}

#[derive(Debug)]
struct CollectedExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    algorithm: Arc<dyn Algorithm>,
    properties: Arc<PlanProperties>,
}

impl CollectedExec {
    fn new(schema: SchemaRef, inputs: Vec<Arc<dyn ExecutionPlan>>, algorithm: Arc<dyn Algorithm>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Self { inputs, algorithm, properties: Arc::new(properties) }
    }
}

impl DisplayAs for CollectedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Collected: {}", self.algorithm.name())
    }
}

impl ExecutionPlan for CollectedExec {
    fn name(&self) -> &str {
        "Collected"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
    }

    /// The order that an input has is one that the query asked for.
    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let order = |input: &Arc<dyn ExecutionPlan>| Some(input.output_ordering()?.clone().into());
        self.inputs.iter().map(order).collect()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(self.schema(), children, Arc::clone(&self.algorithm))))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let streams = self
            .inputs
            .iter()
            .map(|input| input.execute(0, Arc::clone(&context)))
            .collect::<Result<Vec<_>>>()?;
        let memory = MemoryConsumer::new(self.algorithm.name()).register(context.memory_pool());
        let mut builder = RecordBatchReceiverStream::builder(self.schema(), BATCHES_AHEAD);
        let (rows, schema, algorithm) = (builder.tx(), self.schema(), Arc::clone(&self.algorithm));
        builder.spawn(async move {
            let mut inputs = Vec::with_capacity(streams.len());
            for stream in streams {
                inputs.push(collected(stream, &memory).await?);
            }
            let run = move || {
                let wanted = rows.clone();
                let mut take = |batch| rows.blocking_send(Ok(batch)).is_ok();
                let is_wanted = || !wanted.is_closed();
                algorithm.run(&inputs, &mut Work::new(schema, &mut take, &is_wanted, &memory))
            };
            SpawnedTask::spawn_blocking(run)
                .join_unwind()
                .await
                .map_err(|error| exec_datafusion_err!("{error}"))?
        });
        Ok(builder.build())
    }
}

async fn collected(
    mut stream: SendableRecordBatchStream,
    memory: &MemoryReservation,
) -> Result<Vec<RecordBatch>, DataFusionError> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        memory.try_grow(get_record_batch_memory_size(&batch))?;
        batches.push(batch);
    }
    Ok(batches)
}
