//! Values that look at other rows.

use std::sync::Arc;

use super::{Planned, Planner};
use crate::{
    bound::{Expr, Relation, SortKey, WindowCall, WindowFunction},
    windows::as_udwf,
};
use datafusion::{
    error::DataFusionError,
    functions_window::lead_lag::{lag_udwf, lead_udwf},
    logical_expr::{
        Expr as DfExpr, LogicalPlanBuilder, SortExpr, WindowFrame, WindowFunctionDefinition, WindowUDF,
        expr::{WindowFunction as DfWindowFunction, WindowFunctionParams},
    },
};
use phalanx_signal::ColumnType;

impl Planner<'_> {
    pub(super) fn window(
        &mut self,
        relation: &Relation,
        input: &Relation,
        partition: &[Expr],
        order: &[SortKey],
        calls: &[WindowCall],
    ) -> Result<Planned, DataFusionError> {
        let mut planned = self.relation(input)?;
        let mut order_by = planned.order.clone();
        if !order.is_empty() {
            let kept = planned.order.clone();
            // Keys that are no columns would have to be carried: the binder makes them columns before.
            order_by = order
                .iter()
                .map(|key| Ok(SortExpr::new(self.key(&key.expr)?, !key.is_descending, key.is_nulls_first)))
                .collect::<Result<_, DataFusionError>>()?;
            planned.order = kept;
        }
        let partition_by =
            partition.iter().map(|key| self.key(key)).collect::<Result<Vec<_>, DataFusionError>>()?;
        let mut values = Vec::with_capacity(calls.len());
        for (column, call) in relation.columns[input.columns.len()..].iter().zip(calls) {
            let (udwf, arguments) = self.window_function(call)?;
            let function = DfWindowFunction {
                fun: WindowFunctionDefinition::WindowUDF(udwf),
                params: WindowFunctionParams {
                    args: arguments,
                    partition_by: partition_by.clone(),
                    order_by: order_by.clone(),
                    window_frame: WindowFrame::new(None),
                    filter: None,
                    null_treatment: None,
                    distinct: false,
                },
            };
            values.push(DfExpr::WindowFunction(Box::new(function)).alias(self.name(column.id)));
        }
        planned.plan = LogicalPlanBuilder::from(planned.plan).window(values)?.build()?;
        Ok(planned)
    }

    fn window_function(
        &mut self,
        call: &WindowCall,
    ) -> Result<(Arc<WindowUDF>, Vec<DfExpr>), DataFusionError> {
        match (call.function, call.arguments.as_slice()) {
            (WindowFunction::Previous, _) => Ok((lag_udwf(), self.values(&call.arguments)?)),
            (WindowFunction::Next, _) => Ok((lead_udwf(), self.values(&call.arguments)?)),
            (function, arguments) => {
                let types: Vec<ColumnType> = arguments.iter().map(|argument| argument.kind).collect();
                let udwf = as_udwf(function.window(), &types, call.kind);
                Ok((udwf, self.values(arguments)?))
            }
        }
    }
}
