//! Operators with a second table. `union` is in [`super::super::Union`], for it needs no first one.

use crate::syntax::tree::{Expr, Name, Parameter};

/// `join kind=inner hint.strategy=broadcast (T | …) on a, $left.b == $right.c`.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// As written; nothing said is `innerunique`.
    pub kind: Option<Name>,
    pub hints: Vec<Parameter>,
    pub right: Expr,
    pub condition: JoinCondition,
}

#[derive(Debug, Clone, PartialEq)]
pub enum JoinCondition {
    /// Nothing said.
    None,
    /// `on`: a name means that column of both sides.
    On(Vec<Expr>),
    /// `where`: a predicate over both sides.
    Where(Expr),
}

/// `lookup kind=leftouter (T) on a`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// As written; nothing said is `leftouter`.
    pub kind: Option<Name>,
    pub hints: Vec<Parameter>,
    pub right: Expr,
    pub on: Vec<Expr>,
}

/// `invoke f(a)`, `invoke database("d").f(a)`: the input is the function's first parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoke {
    /// [`super::super::ExprKind::Call`] or [`super::super::ExprKind::MemberCall`].
    pub call: Expr,
}
