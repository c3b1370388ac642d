//! Expressions with their types.

use std::collections::HashMap;

use phalanx_signal::ColumnType;

use super::{ColumnId, Value};
use crate::functions::Function;

/// A value of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ColumnType,
    pub node: ExprNode,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprNode {
    Literal(Value),
    Column(ColumnId),
    /// What the engine computes by itself. The arguments of an arithmetic operator or a comparison have one
    /// type.
    Operator(Operator, Vec<Expr>),
    Call(&'static Function, Vec<Expr>),
    /// The same number as another type: `int`, `long`, `real` and `decimal` among each other, `timespan` as its
    /// ticks, `datetime` as its microseconds since 1970.
    Cast(Box<Expr>),
    /// The value behind the first condition that is true.
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Box<Expr>,
    },
    /// The first argument that has a value.
    Coalesce(Vec<Expr>),
    /// Whether the value is one of the literals.
    In {
        value: Box<Expr>,
        list: Vec<Value>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    And,
    Or,
    Not,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Of `int`, `long`, `real` or `timespan`: wraps around.
    Add,
    Subtract,
    Multiply,
    /// Of `real`.
    Divide,
    Negate,
    /// Whether there is no value; never true for `string`.
    IsNull,
}

impl Expr {
    pub fn literal(kind: ColumnType, value: Value) -> Self {
        Self { kind, node: ExprNode::Literal(value) }
    }

    pub fn null(kind: ColumnType) -> Self {
        Self::literal(kind, Value::Null)
    }

    pub fn bool(value: bool) -> Self {
        Self::literal(ColumnType::Bool, Value::Bool(value))
    }

    pub fn long(value: i64) -> Self {
        Self::literal(ColumnType::Long, Value::Long(value))
    }

    pub fn string(text: &str) -> Self {
        Self::literal(ColumnType::String, Value::String(text.into()))
    }

    pub fn operator(kind: ColumnType, operator: Operator, arguments: Vec<Expr>) -> Self {
        Self { kind, node: ExprNode::Operator(operator, arguments) }
    }

    pub fn call(kind: ColumnType, function: &'static Function, arguments: Vec<Expr>) -> Self {
        Self { kind, node: ExprNode::Call(function, arguments) }
    }

    /// As another type of number; itself if it has the type.
    pub fn cast(self, kind: ColumnType) -> Self {
        if self.kind == kind { self } else { Self { kind, node: ExprNode::Cast(Box::new(self)) } }
    }

    /// The expression's value if it is a literal.
    pub fn value(&self) -> Option<&Value> {
        match &self.node {
            ExprNode::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// Calls `f` with each column that the value depends on.
    pub fn for_each_column(&self, f: &mut impl FnMut(ColumnId)) {
        match &self.node {
            ExprNode::Literal(_) => {}
            ExprNode::Column(id) => f(*id),
            ExprNode::Operator(_, arguments)
            | ExprNode::Call(_, arguments)
            | ExprNode::Coalesce(arguments) => {
                arguments.iter().for_each(|argument| argument.for_each_column(f));
            }
            ExprNode::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    condition.for_each_column(f);
                    value.for_each_column(f);
                }
                otherwise.for_each_column(f);
            }
            ExprNode::In { value, .. } | ExprNode::Cast(value) => value.for_each_column(f),
        }
    }

    /// The expression with columns replaced by values that they have.
    pub fn with_values(&self, values: &HashMap<ColumnId, Value>) -> Self {
        let all = |list: &[Expr]| list.iter().map(|expression| expression.with_values(values)).collect();
        let node = match &self.node {
            ExprNode::Column(id) => match values.get(id) {
                Some(value) => ExprNode::Literal(value.clone()),
                None => self.node.clone(),
            },
            ExprNode::Literal(_) => self.node.clone(),
            ExprNode::Operator(operator, arguments) => ExprNode::Operator(*operator, all(arguments)),
            ExprNode::Call(function, arguments) => ExprNode::Call(function, all(arguments)),
            ExprNode::Coalesce(arguments) => ExprNode::Coalesce(all(arguments)),
            ExprNode::Cast(value) => ExprNode::Cast(Box::new(value.with_values(values))),
            ExprNode::Case { branches, otherwise } => ExprNode::Case {
                branches: branches
                    .iter()
                    .map(|(condition, value)| (condition.with_values(values), value.with_values(values)))
                    .collect(),
                otherwise: Box::new(otherwise.with_values(values)),
            },
            ExprNode::In { value, list } => {
                ExprNode::In { value: Box::new(value.with_values(values)), list: list.clone() }
            }
        };
        Self { kind: self.kind, node }
    }
}
