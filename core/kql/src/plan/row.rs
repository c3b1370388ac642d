//! Expressions over rows that an algorithm has at hand.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, cast::AsArray};
use arrow_schema::Schema;
use datafusion::{
    common::{DFSchema, Result, ToDFSchema, exec_datafusion_err},
    logical_expr::{
        Expr as DfExpr, execution_props::ExecutionProps, physical_planning_context::PhysicalPlanningContext,
        simplify::SimplifyContext,
    },
    optimizer::simplify_expressions::ExprSimplifier,
    physical_expr::{PhysicalExpr, create_physical_expr},
};

use super::{Planner, Providers};
use crate::bound::{Column, Expr};

/// An expression over the columns of batches, known by their places.
#[derive(Debug)]
pub struct RowExpr(Arc<dyn PhysicalExpr>);

impl RowExpr {
    /// The value of an expression over batches of these columns.
    pub fn value(expression: &Expr, columns: &[Column]) -> Result<Self> {
        Self::compile(columns, |planner| planner.value(expression))
    }

    /// As [`Self::value`], for what is asked by [`Self::holds`] only.
    pub fn condition(expression: &Expr, columns: &[Column]) -> Result<Self> {
        Self::compile(columns, |planner| planner.condition(expression))
    }

    fn compile(columns: &[Column], lower: impl FnOnce(&mut Planner<'_>) -> Result<DfExpr>) -> Result<Self> {
        let providers = Providers::new();
        let mut planner = Planner { providers: &providers, names: Default::default() };
        planner.register(columns);
        let fields: Vec<_> =
            columns.iter().map(|column| column.kind.field(planner.name(column.id))).collect();
        let schema: Arc<DFSchema> = Schema::new(fields).to_dfschema_ref()?;
        let expression = lower(&mut planner)?;
        // Some functions only exist until they are simplified.
        let context = SimplifyContext::builder().with_schema(Arc::clone(&schema)).build();
        let expression = ExprSimplifier::new(context).simplify(expression)?;
        let physical = create_physical_expr(
            &expression,
            &schema,
            &ExecutionProps::new(),
            &PhysicalPlanningContext::default(),
        )?;
        Ok(Self(physical))
    }

    /// The values for the rows of a batch.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        self.0.evaluate(batch)?.into_array(batch.num_rows())
    }

    /// For which rows the condition is true.
    pub fn holds(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let values = self.evaluate(batch)?;
        let flags = values.as_boolean_opt().ok_or_else(|| exec_datafusion_err!("a condition is no bool"))?;
        Ok(match flags.null_count() {
            0 => flags.clone(),
            _ => flags.iter().map(|flag| Some(flag == Some(true))).collect(),
        })
    }
}
