//! Groups of rows.

use std::sync::Arc;

use datafusion::{
    common::Column as Name,
    error::DataFusionError,
    functions::core::expr_fn::get_field,
    functions_aggregate::expr_fn::first_value,
    logical_expr::{Aggregate as DfAggregate, Expr as DfExpr, LogicalPlan},
};
use phalanx_signal::ColumnType;

use super::{Planned, Planner, project};
use crate::{
    aggregates,
    bound::{AggregateCall, Expr, Relation},
};

/// Aggregates whose value depends on the order of rows. For the others, a sort before them is not carried out.
const ORDERED: [&str; 6] =
    ["make_list", "make_list_if", "make_list_with_nulls", "makelist", "make_bag", "make_bag_if"];

impl Planner<'_> {
    pub(super) fn aggregate(
        &mut self,
        relation: &Relation,
        input: &Relation,
        keys: &[Expr],
        aggregates: &[AggregateCall],
    ) -> Result<Planned, DataFusionError> {
        let planned = self.relation(input)?;
        let is_ordered = aggregates.iter().any(|call| ORDERED.contains(&call.aggregate.name));
        let input = if is_ordered { planned.sorted(None)? } else { planned.plan };
        let (key_columns, mut rest) = relation.columns.split_at(keys.len());
        let mut groups = Vec::with_capacity(keys.len());
        let mut output = Vec::with_capacity(relation.columns.len());
        for (column, key) in key_columns.iter().zip(keys) {
            groups.push(self.key(key)?.alias(self.name(column.id)));
            output.push(self.column(column.id));
        }
        let mut values = Vec::with_capacity(aggregates.len());
        for call in aggregates {
            let (columns, behind) = rest.split_at(call.kinds.len());
            rest = behind;
            let value = self.call(call)?;
            if !call.aggregate.is_several() {
                values.push(value.alias(self.name(columns[0].id)));
                output.extend(columns.iter().map(|column| self.column(column.id)));
                continue;
            }
            let name = format!("{}.several", self.name(columns[0].id));
            for (at, column) in columns.iter().enumerate() {
                let several = DfExpr::Column(Name::new_unqualified(&name));
                let field = get_field(several, at.to_string());
                output.push(field.alias(self.name(column.id)));
            }
            values.push(value.alias(name));
        }
        let plan = DfAggregate::try_new(Arc::new(input), groups, values)?;
        Ok(Planned::unordered(project(LogicalPlan::Aggregate(plan), output)?))
    }

    /// One row for each set of keys. A column that nobody asks for is no aggregate.
    pub(super) fn first(
        &mut self,
        relation: &Relation,
        input: &Relation,
        keys: &[Expr],
    ) -> Result<Planned, DataFusionError> {
        let planned = self.relation(input)?;
        let order = planned.order;
        let mut groups = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            groups.push(self.key(key)?.alias(format!("{at}.key")));
        }
        let mut values = Vec::with_capacity(relation.columns.len());
        let mut output = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let value = first_value(self.column(column.id), order.clone());
            values.push(value.alias(self.name(column.id)));
            output.push(self.column(column.id));
        }
        let plan = DfAggregate::try_new(Arc::new(planned.plan), groups, values)?;
        Ok(Planned::unordered(project(LogicalPlan::Aggregate(plan), output)?))
    }

    fn call(&mut self, call: &AggregateCall) -> Result<DfExpr, DataFusionError> {
        let types: Vec<ColumnType> = call.arguments.iter().map(|argument| argument.kind).collect();
        let mut arguments = Vec::with_capacity(types.len());
        for (at, argument) in call.arguments.iter().enumerate() {
            arguments.push(match call.aggregate.condition == Some(at) {
                true => self.condition(argument)?,
                false => self.value(argument)?,
            });
        }
        let returns = call.kinds.first().copied().unwrap_or(ColumnType::Long);
        aggregates::call(call.aggregate, arguments, &types, returns)
            .ok_or_else(|| DataFusionError::Internal(format!("{:?} for other types", call.aggregate)))
    }
}
