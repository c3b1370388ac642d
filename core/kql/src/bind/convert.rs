//! Types that become others.

use std::ops::Range;

use phalanx_signal::ColumnType;

use super::{BindError, Code};
use crate::{
    bound::{Expr, Value},
    functions::{self, dynamic_value},
};

/// Units of a decimal in one.
const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

pub(crate) fn is_number(kind: ColumnType) -> bool {
    rank(kind).is_some()
}

/// How wide a number is.
fn rank(kind: ColumnType) -> Option<u8> {
    match kind {
        ColumnType::Int => Some(0),
        ColumnType::Long => Some(1),
        ColumnType::Real => Some(2),
        ColumnType::Decimal => Some(3),
        _ => None,
    }
}

/// The type that values of both types have in common.
pub(crate) fn common(left: ColumnType, right: ColumnType) -> Option<ColumnType> {
    if left == right {
        return Some(left);
    }
    if left == ColumnType::Dynamic || right == ColumnType::Dynamic {
        return Some(ColumnType::Dynamic);
    }
    let (a, b) = (rank(left)?, rank(right)?);
    Some(if a > b { left } else { right })
}

/// The common type of some expressions; nulls without a type of their own take any. `None` if there is none.
pub(crate) fn common_of<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> Option<ColumnType> {
    let mut kind = None;
    let mut null = None;
    for expression in expressions {
        if matches!(expression.value(), Some(Value::Null)) {
            null = Some(expression.kind);
            continue;
        }
        kind = Some(match kind {
            None => expression.kind,
            Some(kind) => common(kind, expression.kind)?,
        });
    }
    kind.or(null)
}

/// What the language converts by itself: numbers to wider ones, `dynamic` to anything, anything to `dynamic`.
/// `None` where it does not.
pub(crate) fn implicitly(expression: Expr, kind: ColumnType) -> Option<Expr> {
    if expression.kind == kind {
        return Some(expression);
    }
    if matches!(expression.value(), Some(Value::Null)) {
        return Some(Expr::null(kind));
    }
    if kind == ColumnType::Dynamic {
        return Some(to_dynamic(expression));
    }
    if expression.kind == ColumnType::Dynamic {
        return explicitly(expression, kind);
    }
    (rank(expression.kind)? < rank(kind)?).then(|| number(expression, kind))
}

/// By the function that converts to the type. `None` if the language has none.
pub(crate) fn explicitly(expression: Expr, kind: ColumnType) -> Option<Expr> {
    if expression.kind == kind {
        return Some(expression);
    }
    let name = match kind {
        ColumnType::Bool => "tobool",
        ColumnType::Int => "toint",
        ColumnType::Long => "tolong",
        ColumnType::Real => "toreal",
        ColumnType::Decimal => "todecimal",
        ColumnType::DateTime => "todatetime",
        ColumnType::TimeSpan => "totimespan",
        ColumnType::Guid => "toguid",
        ColumnType::String => "tostring",
        ColumnType::Dynamic => return Some(to_dynamic(expression)),
    };
    Some(Expr::call(kind, functions::function(name)?, vec![expression]))
}

/// The value as a dynamic one; a string stays a string.
pub(crate) fn to_dynamic(expression: Expr) -> Expr {
    match expression.kind {
        ColumnType::Dynamic => expression,
        _ => Expr::call(ColumnType::Dynamic, &dynamic_value::DYNAMIC_VALUE, vec![expression]),
    }
}

/// As a wider number.
pub(crate) fn number(expression: Expr, kind: ColumnType) -> Expr {
    let Some(value) = expression.value() else { return expression.cast(kind) };
    let whole = match value {
        Value::Int(value) => i64::from(*value),
        Value::Long(value) => *value,
        _ => return expression.cast(kind),
    };
    let value = match kind {
        ColumnType::Long => Value::Long(whole),
        ColumnType::Real => Value::Real(whole as f64),
        ColumnType::Decimal => Value::Decimal(i128::from(whole) * DECIMAL_ONE),
        _ => return expression.cast(kind),
    };
    Expr::literal(kind, value)
}

/// Two numbers as their common type. A literal takes a narrower column's type where it fits, so that the
/// comparison stays one of the column itself.
pub(crate) fn numbers(left: Expr, right: Expr) -> (Expr, Expr) {
    if let (Some(right), false) = (narrowed(&right, left.kind), left.value().is_some()) {
        return (left, right);
    }
    if let (Some(left), false) = (narrowed(&left, right.kind), right.value().is_some()) {
        return (left, right);
    }
    let kind = common(left.kind, right.kind).unwrap_or(ColumnType::Real);
    (number(left, kind), number(right, kind))
}

fn narrowed(literal: &Expr, kind: ColumnType) -> Option<Expr> {
    match (literal.value()?, kind) {
        (Value::Long(value), ColumnType::Int) => {
            Some(Expr::literal(kind, Value::Int(i32::try_from(*value).ok()?)))
        }
        _ => None,
    }
}

/// An argument's value, which must be the same for all rows.
pub(crate) fn constant(expression: &Expr, span: &Range<usize>, what: &str) -> Result<Value, BindError> {
    let mut has_column = false;
    expression.for_each_column(&mut |_| has_column = true);
    if has_column {
        let message = format!("{what} must be a constant, not a value of each row");
        return Err(BindError::new(Code::Argument, span.clone(), message));
    }
    crate::plan::evaluate(expression)
        .map_err(|error| BindError::new(Code::Argument, span.clone(), error.strip_backtrace()))
}
