//! Expressions with the language's nulls, as predicates that a reader of files can use.
//!
//! SQL's `null = 1` is null where the language says false, and a null string is the empty one. What decides
//! whether a row stays ([`Planner::condition`]) may treat null and false alike, so there a comparison stays
//! plain; where its value is seen ([`Planner::value`]) it is made exact.

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Schema};
use datafusion::{
    common::DFSchema,
    error::DataFusionError,
    logical_expr::{
        Cast, Expr as DfExpr, Operator as DfOperator, binary_expr,
        execution_props::ExecutionProps,
        expr::{Case, InList, ScalarFunction},
        lit,
        physical_planning_context::PhysicalPlanningContext,
    },
    physical_expr::create_physical_expr,
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{Planner, Providers, is_text};
use crate::{
    bound::{Expr, ExprNode, Operator, Value},
    functions::as_udf,
};

/// The value of an expression without columns.
pub fn evaluate(expression: &Expr) -> Result<Value, DataFusionError> {
    if let Some(value) = expression.value() {
        return Ok(value.clone());
    }
    let providers = Providers::new();
    let mut planner = Planner { providers: &providers, names: Default::default() };
    let expr = planner.value(expression)?;
    let physical = create_physical_expr(
        &expr,
        &DFSchema::empty(),
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    let one_row = RecordBatch::try_new_with_options(
        Arc::new(Schema::empty()),
        vec![],
        &RecordBatchOptions::new().with_row_count(Some(1)),
    )?;
    let array = physical.evaluate(&one_row)?.into_array(1)?;
    Ok(Value::from_scalar(&ScalarValue::try_from_array(&array, 0)?, expression.kind))
}

impl Planner<'_> {
    /// The expression's value.
    pub(super) fn value(&mut self, expression: &Expr) -> Result<DfExpr, DataFusionError> {
        self.lower(expression, false)
    }

    /// True where the expression is true; false or null elsewhere.
    pub(super) fn condition(&mut self, expression: &Expr) -> Result<DfExpr, DataFusionError> {
        self.lower(expression, true)
    }

    /// The value as something to group, order or join by: one that is the same for equal values.
    pub(super) fn key(&mut self, expression: &Expr) -> Result<DfExpr, DataFusionError> {
        let value = self.value(expression)?;
        Ok(if is_text(expression.kind) { text(value) } else { value })
    }

    fn lower(&mut self, expression: &Expr, is_condition: bool) -> Result<DfExpr, DataFusionError> {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.lower_node(expression, is_condition))
    }

    fn lower_node(&mut self, expression: &Expr, is_condition: bool) -> Result<DfExpr, DataFusionError> {
        Ok(match &expression.node {
            ExprNode::Literal(value) => lit(value.scalar(expression.kind)),
            ExprNode::Column(id) => self.column(*id),
            ExprNode::Operator(operator, arguments) => {
                self.operator(expression.kind, *operator, arguments, is_condition)?
            }
            ExprNode::Call(function, arguments) => {
                let types: Vec<ColumnType> = arguments.iter().map(|argument| argument.kind).collect();
                let udf = as_udf(function, &types, expression.kind)
                    .ok_or_else(|| DataFusionError::Internal(format!("`{}` has no kernel", function.name)))?;
                DfExpr::ScalarFunction(ScalarFunction::new_udf(Arc::new(udf), self.values(arguments)?))
            }
            ExprNode::Cast(value) => self.converted(value, expression.kind)?,
            ExprNode::Case { branches, otherwise } => {
                let branches = branches
                    .iter()
                    .map(|(condition, value)| {
                        Ok((Box::new(self.condition(condition)?), Box::new(self.value(value)?)))
                    })
                    .collect::<Result<Vec<_>, DataFusionError>>()?;
                let otherwise = Box::new(self.value(otherwise)?);
                DfExpr::Case(Case::new(None, branches, Some(otherwise)))
            }
            ExprNode::Coalesce(arguments) => {
                let mut branches = Vec::new();
                for argument in arguments {
                    let value = self.value(argument)?;
                    let has_value = match argument.kind {
                        ColumnType::String => compare(value.clone(), DfOperator::Gt, empty_text()),
                        _ => value.clone().is_not_null(),
                    };
                    branches.push((Box::new(has_value), Box::new(value)));
                }
                let Some((_, last)) = branches.pop() else { return Ok(lit(ScalarValue::Null)) };
                if branches.is_empty() { *last } else { DfExpr::Case(Case::new(None, branches, Some(last))) }
            }
            ExprNode::In { value, list } => self.is_in(value, list, is_condition)?,
        })
    }

    pub(super) fn values(&mut self, expressions: &[Expr]) -> Result<Vec<DfExpr>, DataFusionError> {
        expressions.iter().map(|expression| self.value(expression)).collect()
    }

    fn operator(
        &mut self,
        kind: ColumnType,
        operator: Operator,
        arguments: &[Expr],
        is_condition: bool,
    ) -> Result<DfExpr, DataFusionError> {
        match (operator, arguments) {
            (Operator::And, [left, right]) => {
                Ok(self.lower(left, is_condition)?.and(self.lower(right, is_condition)?))
            }
            (Operator::Or, [left, right]) => {
                Ok(self.lower(left, is_condition)?.or(self.lower(right, is_condition)?))
            }
            (Operator::Not, [value]) => Ok(DfExpr::Not(Box::new(self.value(value)?))),
            (Operator::IsNull, [value]) if is_text(value.kind) => Ok(lit(false)),
            (Operator::IsNull, [value]) => Ok(self.value(value)?.is_null()),
            (Operator::Negate, [value]) => {
                let zero = lit(zero(kind));
                Ok(compare(zero, DfOperator::Minus, self.value(value)?))
            }
            (Operator::Equal, [left, right]) => self.equal(left, right, is_condition),
            (Operator::NotEqual, [left, right]) => self.not_equal(left, right, is_condition),
            (
                Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual,
                [left, right],
            ) if left.kind == ColumnType::Real => self.order_of_reals(operator, left, right),
            (_, [left, right]) => {
                let operator = match operator {
                    Operator::Less => DfOperator::Lt,
                    Operator::LessOrEqual => DfOperator::LtEq,
                    Operator::Greater => DfOperator::Gt,
                    Operator::GreaterOrEqual => DfOperator::GtEq,
                    Operator::Add => DfOperator::Plus,
                    Operator::Subtract => DfOperator::Minus,
                    Operator::Multiply => DfOperator::Multiply,
                    _ => DfOperator::Divide,
                };
                Ok(compare(self.value(left)?, operator, self.value(right)?))
            }
            _ => Err(DataFusionError::Internal(format!("{operator:?} of {} values", arguments.len()))),
        }
    }

    /// What is no number is neither less nor greater than anything. The engine has NaN in its order, beyond both
    /// infinities by its sign, and -0 before 0.
    fn order_of_reals(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
    ) -> Result<DfExpr, DataFusionError> {
        let (a, b) = (self.real(left)?, self.real(right)?);
        let (sign, low, high) = match operator {
            Operator::Less => (DfOperator::Lt, &a, &b),
            Operator::LessOrEqual => (DfOperator::LtEq, &a, &b),
            Operator::Greater => (DfOperator::Gt, &b, &a),
            _ => (DfOperator::GtEq, &b, &a),
        };
        let mut all = compare(a.clone(), sign, b.clone());
        if !matches!(low, DfExpr::Literal(..)) {
            all = all.and(compare(low.clone(), DfOperator::GtEq, infinity(-1.0)));
        }
        if !matches!(high, DfExpr::Literal(..)) {
            all = all.and(compare(high.clone(), DfOperator::LtEq, infinity(1.0)));
        }
        Ok(all)
    }

    /// A number to compare: one that was computed may be -0.
    fn real(&mut self, expression: &Expr) -> Result<DfExpr, DataFusionError> {
        let value = self.value(expression)?;
        Ok(match expression.node {
            ExprNode::Literal(_) | ExprNode::Column(_) => value,
            _ => compare(value, DfOperator::Plus, lit(0.0f64)),
        })
    }

    fn equal(&mut self, left: &Expr, right: &Expr, is_condition: bool) -> Result<DfExpr, DataFusionError> {
        let (a, b) = (self.value(left)?, self.value(right)?);
        if is_text(left.kind) {
            let has_text = is_plain_text(left) || is_plain_text(right);
            return Ok(match is_condition && has_text {
                true => compare(a, DfOperator::Eq, b),
                false => compare(text(a), DfOperator::Eq, text(b)),
            });
        }
        Ok(match (is_condition, has_value(left) || has_value(right)) {
            (true, _) => compare(a, DfOperator::Eq, b),
            (false, true) => compare(a, DfOperator::IsNotDistinctFrom, b),
            (false, false) => {
                null_if_both_null(&a, &b, compare(a.clone(), DfOperator::IsNotDistinctFrom, b.clone()))
            }
        })
    }

    fn not_equal(
        &mut self,
        left: &Expr,
        right: &Expr,
        is_condition: bool,
    ) -> Result<DfExpr, DataFusionError> {
        let (a, b) = (self.value(left)?, self.value(right)?);
        if is_text(left.kind) {
            return Ok(match is_plain_text(left) || is_plain_text(right) {
                true => compare(a, DfOperator::IsDistinctFrom, b),
                false => compare(text(a), DfOperator::NotEq, text(b)),
            });
        }
        let differs = compare(a.clone(), DfOperator::IsDistinctFrom, b.clone());
        Ok(match is_condition || has_value(left) || has_value(right) {
            true => differs,
            false => null_if_both_null(&a, &b, differs),
        })
    }

    fn is_in(&mut self, value: &Expr, list: &[Value], is_condition: bool) -> Result<DfExpr, DataFusionError> {
        let kind = value.kind;
        let has_empty = list.iter().any(|value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        });
        let mut tested = self.value(value)?;
        if is_text(kind) && (has_empty || !is_condition) {
            tested = text(tested);
        }
        let list: Vec<DfExpr> = list
            .iter()
            .filter(|value| is_text(kind) || **value != Value::Null)
            .map(|value| lit(value.scalar(kind)))
            .collect();
        if list.is_empty() {
            return Ok(lit(false));
        }
        let is_in = DfExpr::InList(InList::new(Box::new(tested), list, false));
        Ok(if is_condition || is_text(kind) { is_in } else { or_false(is_in) })
    }

    fn converted(&mut self, value: &Expr, kind: ColumnType) -> Result<DfExpr, DataFusionError> {
        let lowered = self.value(value)?;
        let (from, to) = (value.kind.arrow(), kind.arrow());
        Ok(if from == to { lowered } else { cast(lowered, &to) })
    }
}

pub(super) fn cast(value: DfExpr, kind: &DataType) -> DfExpr {
    DfExpr::Cast(Cast::new(Box::new(value), kind.clone()))
}

/// A string with null as the empty text.
pub(super) fn text(value: DfExpr) -> DfExpr {
    match value {
        DfExpr::Literal(..) => value,
        value => datafusion::functions::core::expr_fn::coalesce(vec![value, empty_text()]),
    }
}

fn empty_text() -> DfExpr {
    lit(ScalarValue::Utf8View(Some(String::new())))
}

fn or_false(value: DfExpr) -> DfExpr {
    datafusion::functions::core::expr_fn::coalesce(vec![value, lit(false)])
}

fn compare(left: DfExpr, operator: DfOperator, right: DfExpr) -> DfExpr {
    binary_expr(left, operator, right)
}

fn infinity(sign: f64) -> DfExpr {
    lit(f64::INFINITY * sign)
}

fn null_if_both_null(a: &DfExpr, b: &DfExpr, otherwise: DfExpr) -> DfExpr {
    let both = a.clone().is_null().and(b.clone().is_null());
    let null = lit(ScalarValue::Boolean(None));
    DfExpr::Case(Case::new(None, vec![(Box::new(both), Box::new(null))], Some(Box::new(otherwise))))
}

fn has_value(expression: &Expr) -> bool {
    expression.value().is_some_and(|value| *value != Value::Null)
}

/// Whether it is a literal other than the empty text.
fn is_plain_text(expression: &Expr) -> bool {
    matches!(expression.value(), Some(Value::String(text)) if !text.is_empty())
}

fn zero(kind: ColumnType) -> ScalarValue {
    match kind {
        ColumnType::Int => Value::Int(0),
        ColumnType::Real => Value::Real(-0.0),
        ColumnType::Decimal => Value::Decimal(0),
        _ => Value::Long(0),
    }
    .scalar(kind)
}
