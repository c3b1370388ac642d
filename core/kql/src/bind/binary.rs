//! Arithmetic and comparisons: which types go together, and what comes out.

use std::ops::Range;

use phalanx_signal::ColumnType;

use super::{BindError, Code, convert};
use crate::{
    bound::{Expr, Operator, Value},
    functions::arithmetic,
};

/// Ticks of a timespan in a microsecond.
const TICKS: i64 = 10;

/// An operator of two numbers or times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Arithmetic {
    fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

pub(super) fn arithmetic(
    operator: Arithmetic,
    left: Expr,
    right: Expr,
    span: &Range<usize>,
) -> Result<Expr, BindError> {
    use ColumnType::{DateTime, Dynamic, TimeSpan};
    let (left, right) = (undynamic(left, right.kind), right);
    let right = undynamic(right, left.kind);
    let (a, b) = (left.kind, right.kind);
    let is_number = convert::is_number;
    let answer = match (operator, a, b) {
        _ if is_number(a) && is_number(b) => Some(of_numbers(operator, left, right)),
        (Arithmetic::Add | Arithmetic::Subtract, TimeSpan, TimeSpan) => {
            Some(Expr::operator(TimeSpan, plain(operator), vec![left, right]))
        }
        (Arithmetic::Subtract, DateTime, DateTime) => {
            let micros =
                Expr::operator(ColumnType::Long, Operator::Subtract, vec![micros(left), micros(right)]);
            Some(
                Expr::operator(ColumnType::Long, Operator::Multiply, vec![micros, Expr::long(TICKS)])
                    .cast(TimeSpan),
            )
        }
        (Arithmetic::Add | Arithmetic::Subtract, DateTime, TimeSpan) => Some(moved(operator, left, right)),
        (Arithmetic::Add, TimeSpan, DateTime) => Some(moved(operator, right, left)),
        (Arithmetic::Multiply, TimeSpan, _) if is_number(b) => Some(scaled(operator, left, right)),
        (Arithmetic::Multiply, _, TimeSpan) if is_number(a) => Some(scaled(operator, right, left)),
        (Arithmetic::Divide, TimeSpan, _) if is_number(b) => Some(scaled(operator, left, right)),
        (Arithmetic::Divide, TimeSpan, TimeSpan) => {
            let real = |ticks: Expr| ticks.cast(ColumnType::Long).cast(ColumnType::Real);
            Some(Expr::operator(ColumnType::Real, Operator::Divide, vec![real(left), real(right)]))
        }
        (Arithmetic::Remainder, TimeSpan, TimeSpan) => {
            Some(Expr::call(TimeSpan, &arithmetic::REMAINDER_WHOLE, vec![left, right]))
        }
        (_, Dynamic, Dynamic) => {
            let real = |value| convert::explicitly(value, ColumnType::Real);
            match (real(left), real(right)) {
                (Some(left), Some(right)) => Some(of_numbers(operator, left, right)),
                _ => None,
            }
        }
        _ => None,
    };
    answer.ok_or_else(|| {
        let hint = match (a, b) {
            (ColumnType::String, _) | (_, ColumnType::String) if operator == Arithmetic::Add => {
                "; texts are joined by `strcat()`"
            }
            (ColumnType::String, _) | (_, ColumnType::String) => {
                "; convert the text first, by `tolong()` or `todatetime()` for example"
            }
            _ => "",
        };
        let sign = operator.sign();
        BindError::new(Code::Types, span.clone(), format!("`{sign}` is not defined for {a} and {b}{hint}"))
    })
}

/// A dynamic value beside one of another type: as that type where a number or time goes together with itself.
fn undynamic(value: Expr, other: ColumnType) -> Expr {
    if value.kind != ColumnType::Dynamic || matches!(other, ColumnType::Dynamic | ColumnType::String) {
        return value;
    }
    let kind = match other {
        ColumnType::Int | ColumnType::Long => ColumnType::Real,
        other => other,
    };
    convert::explicitly(value.clone(), kind).unwrap_or(value)
}

fn plain(operator: Arithmetic) -> Operator {
    match operator {
        Arithmetic::Add => Operator::Add,
        Arithmetic::Subtract => Operator::Subtract,
        Arithmetic::Multiply => Operator::Multiply,
        Arithmetic::Divide | Arithmetic::Remainder => Operator::Divide,
    }
}

fn of_numbers(operator: Arithmetic, left: Expr, right: Expr) -> Expr {
    let kind = match convert::common(left.kind, right.kind) {
        Some(ColumnType::Int) | None => ColumnType::Long,
        Some(kind) => kind,
    };
    let arguments = vec![convert::number(left, kind), convert::number(right, kind)];
    let function = match (operator, kind) {
        (Arithmetic::Add, ColumnType::Decimal) => &arithmetic::ADD_DECIMAL,
        (Arithmetic::Subtract, ColumnType::Decimal) => &arithmetic::SUBTRACT_DECIMAL,
        (Arithmetic::Multiply, ColumnType::Decimal) => &arithmetic::MULTIPLY_DECIMAL,
        (Arithmetic::Divide, ColumnType::Decimal) => &arithmetic::DIVIDE_DECIMAL,
        (Arithmetic::Remainder, ColumnType::Decimal) => &arithmetic::REMAINDER_DECIMAL,
        (Arithmetic::Remainder, ColumnType::Real) => &arithmetic::REMAINDER_REAL,
        (Arithmetic::Remainder, _) => &arithmetic::REMAINDER_WHOLE,
        (Arithmetic::Divide, ColumnType::Long) => &arithmetic::DIVIDE_WHOLE,
        _ => return Expr::operator(kind, plain(operator), arguments),
    };
    Expr::call(kind, function, arguments)
}

fn micros(time: Expr) -> Expr {
    time.cast(ColumnType::Long)
}

/// A datetime, so much later or earlier.
fn moved(operator: Arithmetic, time: Expr, by: Expr) -> Expr {
    let ticks = by.cast(ColumnType::Long);
    let by = Expr::operator(ColumnType::Long, Operator::Divide, vec![ticks, Expr::long(TICKS)]);
    Expr::operator(ColumnType::Long, plain(operator), vec![micros(time), by]).cast(ColumnType::DateTime)
}

/// A timespan, so many times or a so-many-th of it.
fn scaled(operator: Arithmetic, span: Expr, by: Expr) -> Expr {
    let ticks = span.cast(ColumnType::Long);
    if matches!(by.kind, ColumnType::Int | ColumnType::Long) {
        return of_numbers(operator, ticks, by).cast(ColumnType::TimeSpan);
    }
    let arguments = vec![ticks.cast(ColumnType::Real), by.cast(ColumnType::Real)];
    Expr::operator(ColumnType::Real, plain(operator), arguments)
        .cast(ColumnType::Long)
        .cast(ColumnType::TimeSpan)
}

/// `==`, `!=`, `<` and their like.
pub(super) fn comparison(
    operator: Operator,
    left: Expr,
    right: Expr,
    span: &Range<usize>,
) -> Result<Expr, BindError> {
    let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
    let (a, b) = (left.kind, right.kind);
    let Some((left, right)) = comparable(left, right) else {
        let message = format!("{a} and {b} can't be compared; convert one of them");
        return Err(BindError::new(Code::Types, span.clone(), message));
    };
    if is_order
        && matches!(left.kind, ColumnType::String)
        && a != ColumnType::Dynamic
        && b != ColumnType::Dynamic
    {
        let message = "texts have no order here; compare `strcmp(a, b)` with 0".to_owned();
        return Err(BindError::new(Code::Types, span.clone(), message));
    }
    Ok(Expr::operator(ColumnType::Bool, operator, vec![left, right]))
}

/// Two values as one type.
pub(crate) fn comparable(left: Expr, right: Expr) -> Option<(Expr, Expr)> {
    use ColumnType::{Bool, DateTime, Dynamic, Guid, Int, Long, String};
    let (a, b) = (left.kind, right.kind);
    if a == b {
        return Some((left, right));
    }
    if matches!(left.value(), Some(Value::Null)) {
        return Some((Expr::null(b), right));
    }
    if matches!(right.value(), Some(Value::Null)) {
        return Some((left, Expr::null(a)));
    }
    if convert::is_number(a) && convert::is_number(b) {
        return Some(convert::numbers(left, right));
    }
    match (a, b) {
        (Dynamic, Int | Long) => {
            Some((convert::explicitly(left, ColumnType::Real)?, convert::number(right, ColumnType::Real)))
        }
        (Int | Long, Dynamic) => {
            Some((convert::number(left, ColumnType::Real), convert::explicitly(right, ColumnType::Real)?))
        }
        (Dynamic, _) => Some((convert::explicitly(left, b)?, right)),
        (_, Dynamic) => Some((left, convert::explicitly(right, a)?)),
        (Bool, Int | Long) => Some((convert::explicitly(left, b)?, right)),
        (Int | Long, Bool) => Some((left, convert::explicitly(right, a)?)),
        // Of a text and a number, the literal takes the column's type.
        (String, _) if convert::is_number(b) || b == Bool => match right.value() {
            Some(_) => Some((left, convert::explicitly(right, String)?)),
            None => Some((convert::explicitly(left, b)?, right)),
        },
        (_, String) if convert::is_number(a) || a == Bool => match left.value() {
            Some(_) => Some((convert::explicitly(left, String)?, right)),
            None => Some((left, convert::explicitly(right, a)?)),
        },
        // A literal text beside a time or guid is read as one.
        (DateTime | Guid | ColumnType::TimeSpan, String) => Some((left, convert::explicitly(right, a)?)),
        (String, DateTime | Guid | ColumnType::TimeSpan) => Some((convert::explicitly(left, b)?, right)),
        _ => None,
    }
}
