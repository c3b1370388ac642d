//! Operators that run operators of their own.

use super::Operator;
use crate::syntax::Span;
use crate::syntax::tree::{Expr, Name, Parameter, Statement};

/// Operators in parentheses, run over what the outer operator hands them.
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    /// The first has no `|` before it.
    pub operators: Vec<Operator>,
    pub span: Span,
}

/// `partition hint.strategy=native by column (top 1 by x)`, `partition by column { T | where … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    pub parameters: Vec<Parameter>,
    pub by: Expr,
    /// `in (…)`: the values to partition by.
    pub within: Option<Expr>,
    pub body: PartitionBody,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartitionBody {
    /// `( … )`: over the partition's rows.
    Implicit(Subquery),
    /// `{ … }`: a query of its own, which sees the column's value.
    Explicit(Expr),
}

/// `fork (where a) name = (where b)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fork {
    pub branches: Vec<ForkBranch>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ForkBranch {
    pub name: Option<Name>,
    pub query: Subquery,
}

/// `facet by a, b with (where …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    pub by: Vec<Expr>,
    pub with: Option<Subquery>,
}

/// `macro-expand entity_group [database("a"), …] as scope (scope.T | …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct MacroExpand {
    pub parameters: Vec<Parameter>,
    /// The group's name, where it is named.
    pub group: Option<Expr>,
    /// The group's members, where they are listed.
    pub entities: Vec<Expr>,
    pub scope: Name,
    pub body: Vec<Statement>,
}
