//! `range`: equally spaced values.

use phalanx_signal::ColumnType;

use super::help::{Help, Place, Takes};
use crate::{
    bind::{Binder, Code, Result, Row, convert},
    bound::{Expr, Node, Operator, Relation, Value},
    syntax::{Span, tree},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "range",
    "range Name from start to end step size",
    "Gives a row for each value from a start to an end, both included, a step apart.",
    &[("range x from 1 to 7 step 3", "1; 4; 7")],
)
.place(Place::Source)
.takes(Takes::NewName)
.words(&["from", "to", "step"])];

/// Ticks of a timespan in a microsecond.
const TICKS: i64 = 10;

impl<'t> Binder<'t> {
    pub(super) fn range(&mut self, node: &'t tree::Range, span: Span) -> Result<Relation> {
        let mut bounds = Vec::with_capacity(3);
        for tree in [&node.from, &node.to, &node.step] {
            let value = self.scalar(tree, &Row::NONE)?;
            let constant = convert::constant(&value, &tree.span.range(), "a bound of `range`")?;
            bounds.push(Expr::literal(value.kind, constant));
        }
        let kind = bounds[0].kind;
        if bounds.iter().any(|bound| bound.kind == ColumnType::Real) {
            return self.real_range(node, &bounds, span);
        }
        let numbers: Vec<Option<i64>> = bounds.iter().map(|bound| whole(bound, kind)).collect();
        let column = self.fresh("value", ColumnType::Long);
        let [Some(from), Some(to), Some(step)] = numbers[..] else {
            let misfit = bounds
                .iter()
                .any(|bound| bound.value() != Some(&Value::Null) && whole(bound, kind).is_none());
            if misfit {
                return Err(self.error(
                    Code::Types,
                    span,
                    "the bounds and the step of `range` have types that do not go together",
                ));
            }
            let column = self.fresh(&node.name.text, kind);
            return Ok(self.rows(vec![column], Vec::new()));
        };
        let rows = count(i128::from(from), i128::from(to), i128::from(step));
        if rows.is_none() {
            return Err(self.error(Code::Argument, span, "the step of `range` must not be 0"));
        }
        let numbers =
            Relation::new(vec![column.clone()], Node::Range { from, step, rows: rows.unwrap_or(0) }, true);
        let kind = match kind {
            ColumnType::Int => ColumnType::Long,
            kind => kind,
        };
        let value = column.value().cast(kind);
        Ok(self.project(numbers, vec![(node.name.text.as_str().into(), value)]))
    }

    fn real_range(&mut self, node: &'t tree::Range, bounds: &[Expr], span: Span) -> Result<Relation> {
        let numbers: Vec<Option<f64>> = bounds.iter().map(real).collect();
        let [Some(from), Some(to), Some(step)] = numbers[..] else {
            return Err(self.error(Code::Types, span, "the bounds and the step of `range` must be numbers"));
        };
        if step == 0.0 || step.is_nan() {
            return Err(self.error(Code::Argument, span, "the step of `range` must not be 0"));
        }
        let rows = ((to - from) / step + 1e-9).floor();
        let rows = if rows < 0.0 || rows.is_nan() { 0 } else { rows as u64 + 1 };
        let column = self.fresh("value", ColumnType::Long);
        let numbers = Relation::new(vec![column.clone()], Node::Range { from: 0, step: 1, rows }, true);
        let literal = |value| Expr::literal(ColumnType::Real, Value::Real(value));
        let real = |operator, left, right| Expr::operator(ColumnType::Real, operator, vec![left, right]);
        let moved = real(Operator::Multiply, column.value().cast(ColumnType::Real), literal(step));
        let value = real(Operator::Add, literal(from), moved);
        Ok(self.project(numbers, vec![(node.name.text.as_str().into(), value)]))
    }
}

/// A bound as a whole number in the unit of the first bound's type.
fn whole(bound: &Expr, kind: ColumnType) -> Option<i64> {
    match (kind, bound.value()?) {
        (ColumnType::Int | ColumnType::Long, Value::Long(value)) => Some(*value),
        (ColumnType::Int | ColumnType::Long, Value::Int(value)) => Some(i64::from(*value)),
        (ColumnType::DateTime, Value::DateTime(micros)) => Some(*micros),
        (ColumnType::DateTime, Value::TimeSpan(ticks)) => Some(ticks / TICKS),
        (ColumnType::TimeSpan, Value::TimeSpan(ticks)) => Some(*ticks),
        _ => None,
    }
}

fn real(bound: &Expr) -> Option<f64> {
    match bound.value()? {
        Value::Int(value) => Some(f64::from(*value)),
        Value::Long(value) => Some(*value as f64),
        Value::Real(value) => Some(*value),
        _ => None,
    }
}

/// How many values there are; `None` for a step of 0.
fn count(from: i128, to: i128, step: i128) -> Option<u64> {
    let steps = (to - from).checked_div(step)?;
    let is_forward = (step > 0 && to >= from) || (step < 0 && to <= from);
    Some(if is_forward { u64::try_from(steps + 1).unwrap_or(u64::MAX) } else { 0 })
}
