//! The bound tree as a DataFusion logical plan.
//!
//! Inside the plan a column is called after its identity (`name.id`), so that nothing has to be renamed on the
//! way; a last projection gives the names that the query's author knows.
//!
//! An order is kept back ([`Planned::order`]) until somebody needs it: the end of the query, a limit, a window, an
//! aggregate that depends on it. So `sort | extend | take 10` is one top-10, and the sort before a `summarize`
//! costs nothing.

mod aggregate;
mod collected;
mod constant;
mod expand;
mod expr;
mod range;
mod row;
mod window;

use std::{collections::HashMap, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use datafusion::{
    catalog::{MemTable, TableProvider, default_table_source::provider_as_source},
    common::{Column as Name, DFSchema, JoinType, NullEquality, TableReference, stats::Precision},
    error::DataFusionError,
    logical_expr::{
        EmptyRelation, Expr as DfExpr, Filter, LogicalPlan, LogicalPlanBuilder, Projection, SortExpr, Union,
        lit,
    },
};
use phalanx_signal::ColumnType;

use crate::bound::{Column, ColumnId, Expr, ExprNode, JoinKind, Node, Relation, SortKey, UnionInput, Value};

pub use expr::evaluate;
pub use row::RowExpr;

/// Tables times columns of one union.
const UNION_CELLS_MAX: usize = 200_000;

/// The tables that a plan reads, by name.
pub type Providers = HashMap<Arc<str>, Arc<dyn TableProvider>>;

/// A plan for all rows of a relation; its columns have the relation's names and order.
pub fn plan(relation: &Relation, providers: &Providers) -> Result<LogicalPlan, DataFusionError> {
    let mut pruned = relation.clone();
    pruned.prune();
    let relation = &pruned;
    let mut planner = Planner { providers, names: HashMap::new() };
    let planned = planner.relation(relation)?;
    let sorted = planned.sorted(None)?;
    let output = relation.columns.iter().map(|column| planner.column(column.id).alias(column.name.as_ref()));
    project(sorted, output.collect())
}

/// The names of the tables that a relation reads.
pub fn tables(relation: &Relation) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    let mut rest = vec![relation];
    while let Some(relation) = rest.pop() {
        if let Node::Table { name, .. } = &relation.node
            && !names.contains(name)
        {
            names.push(Arc::clone(name));
        }
        rest.extend(relation.inputs());
    }
    names
}

struct Planner<'a> {
    providers: &'a Providers,
    /// What a column is called inside the plan.
    names: HashMap<ColumnId, Arc<str>>,
}

/// A plan, and the order that its rows are to have.
struct Planned {
    plan: LogicalPlan,
    /// Over columns of the plan, which may be none of the relation.
    order: Vec<SortExpr>,
}

impl Planned {
    fn unordered(plan: LogicalPlan) -> Self {
        Self { plan, order: Vec::new() }
    }

    /// The plan with the order carried out, if there is one.
    fn sorted(self, limit: Option<usize>) -> Result<LogicalPlan, DataFusionError> {
        if self.order.is_empty() {
            return Ok(self.plan);
        }
        LogicalPlanBuilder::from(self.plan).sort_with_limit(self.order, limit)?.build()
    }
}

impl Planner<'_> {
    fn relation(&mut self, relation: &Relation) -> Result<Planned, DataFusionError> {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.node(relation))
    }

    fn node(&mut self, relation: &Relation) -> Result<Planned, DataFusionError> {
        self.register(&relation.columns);
        match &relation.node {
            Node::Table { name, physical } => self.table(relation, name, physical),
            Node::Rows(batches) => self.rows(relation, batches),
            Node::Range { from, step, rows } => self.scan(
                relation,
                "range",
                Arc::new(range::Range::new(*from, *step, *rows)),
                &["value".into()],
            ),
            Node::Filter { input, condition } => {
                let mut planned = self.relation(input)?;
                let condition = self.condition(condition)?;
                planned.plan = LogicalPlan::Filter(Filter::try_new(condition, Arc::new(planned.plan))?);
                Ok(planned)
            }
            Node::Project { input, expressions } => self.project(relation, input, expressions),
            Node::Aggregate { input, keys, aggregates } => self.aggregate(relation, input, keys, aggregates),
            Node::First { input, keys } => self.first(relation, input, keys),
            Node::Join { kind, left, right, on } => self.join(*kind, left, right, on),
            Node::Union(inputs) => self.union(relation, inputs),
            Node::Sort { input, keys, limit } => {
                let planned = self.relation(input)?;
                let (plan, order) = self.ordered(planned, keys, input)?;
                let mut planned = Planned { plan, order };
                if let Some(rows) = limit {
                    let order = planned.order.clone();
                    planned = Planned { plan: planned.sorted(Some(*rows))?, order };
                }
                Ok(planned)
            }
            Node::Limit { input, rows } => {
                let planned = self.relation(input)?;
                let order = planned.order.clone();
                let sorted = planned.sorted(Some(*rows))?;
                let plan = LogicalPlanBuilder::from(sorted).limit(0, Some(*rows))?.build()?;
                Ok(Planned { plan, order })
            }
            Node::Expand { input, expand } => self.expand(relation, input, expand),
            Node::Collected { inputs, algorithm } => self.collected(relation, inputs, algorithm),
            Node::Graph { .. } => Err(DataFusionError::Plan(
                "a graph is no table; `graph-match` or `graph-to-table` make one of it".into(),
            )),
            Node::Window { input, partition, order, calls } => {
                self.window(relation, input, partition, order, calls)
            }
        }
    }

    /// Whether a relation has no rows for sure, because its table has none.
    fn is_empty(&self, relation: &Relation) -> bool {
        let mut relation = relation;
        loop {
            relation = match &relation.node {
                Node::Table { name, .. } => {
                    let statistics = self.providers.get(name).and_then(|table| table.statistics());
                    return statistics.is_some_and(|statistics| statistics.num_rows == Precision::Exact(0));
                }
                Node::Filter { input, .. }
                | Node::Project { input, .. }
                | Node::First { input, .. }
                | Node::Sort { input, .. }
                | Node::Limit { input, .. }
                | Node::Expand { input, .. }
                | Node::Window { input, .. } => input,
                _ => return false,
            }
        }
    }

    fn register(&mut self, columns: &[Column]) {
        for column in columns {
            self.names
                .entry(column.id)
                .or_insert_with(|| Arc::from(format!("{}.{}", column.name, column.id.0)));
        }
    }

    fn name(&self, id: ColumnId) -> &str {
        self.names.get(&id).map_or("?", |name| name)
    }

    fn column(&self, id: ColumnId) -> DfExpr {
        DfExpr::Column(Name::new_unqualified(self.name(id)))
    }

    fn table(
        &mut self,
        relation: &Relation,
        name: &Arc<str>,
        physical: &[Arc<str>],
    ) -> Result<Planned, DataFusionError> {
        let provider = self
            .providers
            .get(name)
            .ok_or_else(|| DataFusionError::Plan(format!("table `{name}` was not opened")))?;
        self.scan(relation, name, Arc::clone(provider), physical)
    }

    fn scan(
        &mut self,
        relation: &Relation,
        name: &str,
        provider: Arc<dyn TableProvider>,
        physical: &[Arc<str>],
    ) -> Result<Planned, DataFusionError> {
        let schema = provider.schema();
        let table = TableReference::bare(name);
        let scan = LogicalPlanBuilder::scan(table.clone(), provider_as_source(provider), None)?.build()?;
        let columns = relation.columns.iter().zip(physical).map(|(column, physical)| {
            let value = DfExpr::Column(Name::new(Some(table.clone()), physical.as_ref()));
            let given = schema.field_with_name(physical)?.data_type();
            let wanted = column.kind.arrow();
            let value = if *given == wanted { value } else { expr::cast(value, &wanted) };
            Ok(value.alias(self.name(column.id)))
        });
        let columns = columns.collect::<Result<Vec<_>, DataFusionError>>()?;
        Ok(Planned::unordered(project(scan, columns)?))
    }

    fn rows(&mut self, relation: &Relation, batches: &[RecordBatch]) -> Result<Planned, DataFusionError> {
        if relation.columns.is_empty() {
            let plan = LogicalPlan::EmptyRelation(EmptyRelation {
                produce_one_row: batches.iter().any(|batch| batch.num_rows() > 0),
                schema: Arc::new(DFSchema::empty()),
            });
            return Ok(Planned::unordered(plan));
        }
        let schema = rows_schema(&relation.columns);
        let batches = batches
            .iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
            .collect::<Result<Vec<_>, _>>()?;
        let physical: Vec<Arc<str>> =
            schema.fields().iter().map(|field| field.name().as_str().into()).collect();
        self.scan(relation, "rows", Arc::new(MemTable::try_new(schema, vec![batches])?), &physical)
    }

    fn project(
        &mut self,
        relation: &Relation,
        input: &Relation,
        expressions: &[Expr],
    ) -> Result<Planned, DataFusionError> {
        let planned = self.relation(input)?;
        let mut output = Vec::with_capacity(expressions.len());
        for (column, expression) in relation.columns.iter().zip(expressions) {
            output.push(match expression.node {
                ExprNode::Column(id) if id == column.id => self.column(id),
                _ => match constant::long_constant(expression) {
                    Some(column) => column,
                    None => self.value(expression)?,
                }
                .alias(self.name(column.id)),
            });
        }
        for key in &planned.order {
            if !output.contains(&key.expr) {
                output.push(key.expr.clone());
            }
        }
        Ok(Planned { plan: project(planned.plan, output)?, order: planned.order })
    }

    /// A plan that has the keys as columns, and the order by them.
    fn ordered(
        &mut self,
        planned: Planned,
        keys: &[SortKey],
        input: &Relation,
    ) -> Result<(LogicalPlan, Vec<SortExpr>), DataFusionError> {
        let mut values = Vec::new();
        for key in keys {
            let value = self.key(&key.expr)?;
            values.push((value, key));
        }
        let mut plan = planned.plan;
        let is_hidden = |value: &DfExpr| !matches!(value, DfExpr::Column(_));
        if values.iter().any(|(value, _)| is_hidden(value)) {
            let at = self.names.len();
            let mut output: Vec<_> = input.columns.iter().map(|column| self.column(column.id)).collect();
            for (number, (value, _)) in
                values.iter_mut().enumerate().filter(|(_, (value, _))| is_hidden(value))
            {
                let name = format!("{at}.{number}.order");
                let column = DfExpr::Column(Name::new_unqualified(&name));
                output.push(std::mem::replace(value, column).alias(name));
            }
            plan = project(plan, output)?;
            // Keeps the names of hidden keys apart from those of the next sort.
            self.names.insert(ColumnId(u32::MAX - at as u32), "".into());
        }
        let order = values
            .into_iter()
            .map(|(value, key)| SortExpr::new(value, !key.is_descending, key.is_nulls_first))
            .collect();
        Ok((plan, order))
    }

    fn join(
        &mut self,
        kind: JoinKind,
        left: &Relation,
        right: &Relation,
        on: &[(Expr, Expr)],
    ) -> Result<Planned, DataFusionError> {
        let (left, right) = (self.relation(left)?.plan, self.relation(right)?.plan);
        let kind = match kind {
            JoinKind::Inner => JoinType::Inner,
            JoinKind::LeftOuter => JoinType::Left,
            JoinKind::RightOuter => JoinType::Right,
            JoinKind::FullOuter => JoinType::Full,
            JoinKind::LeftSemi => JoinType::LeftSemi,
            JoinKind::LeftAnti => JoinType::LeftAnti,
        };
        let builder = LogicalPlanBuilder::from(left);
        if on.is_empty() {
            return Ok(Planned::unordered(
                builder
                    .join_detailed(
                        right,
                        kind,
                        (Vec::<Name>::new(), Vec::<Name>::new()),
                        None,
                        NullEquality::NullEqualsNothing,
                    )?
                    .build()?,
            ));
        }
        let mut keys = (Vec::new(), Vec::new());
        for (left, right) in on {
            keys.0.push(self.key(left)?);
            keys.1.push(self.key(right)?);
        }
        Ok(Planned::unordered(builder.join_with_expr_keys(right, kind, keys, None)?.build()?))
    }

    fn union(&mut self, relation: &Relation, inputs: &[UnionInput]) -> Result<Planned, DataFusionError> {
        // Of hundreds of tables few have rows, and the engine would optimise the plan of each.
        let mut filled: Vec<&UnionInput> =
            inputs.iter().filter(|input| !self.is_empty(&input.relation)).collect();
        if filled.is_empty() {
            filled.extend(inputs.first());
        }
        let inputs = filled;
        if inputs.len().saturating_mul(relation.columns.len()) > UNION_CELLS_MAX {
            return Err(DataFusionError::Plan(format!(
                "{} tables with {} columns together are too many at once; name fewer tables, or project the columns \
                 that are needed",
                inputs.len(),
                relation.columns.len()
            )));
        }
        let mut plans = Vec::with_capacity(inputs.len());
        for input in &inputs {
            let plan = self.relation(&input.relation)?.plan;
            let given: HashMap<ColumnId, ColumnId> = input.columns.iter().copied().collect();
            let output = relation.columns.iter().map(|column| {
                let value = match given.get(&column.id) {
                    Some(id) => self.column(*id),
                    None => lit(Value::Null.scalar(column.kind)),
                };
                value.alias(self.name(column.id))
            });
            let output = output.collect();
            plans.push(Arc::new(project(plan, output)?));
        }
        let plan = match plans.len() {
            1 => Arc::unwrap_or_clone(plans.remove(0)),
            _ => LogicalPlan::Union(Union::try_new(plans)?),
        };
        Ok(Planned::unordered(plan))
    }
}

/// The schema that rows known already have in the plan.
pub fn rows_schema(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().enumerate().map(|(at, column)| column.kind.field(&format!("{at}")));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn project(input: LogicalPlan, output: Vec<DfExpr>) -> Result<LogicalPlan, DataFusionError> {
    Ok(LogicalPlan::Projection(Projection::try_new(output, Arc::new(input))?))
}

/// Whether a null of this type and the empty text are the same.
fn is_text(kind: ColumnType) -> bool {
    kind == ColumnType::String
}
