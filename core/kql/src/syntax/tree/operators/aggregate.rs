//! Operators that make one row of many.

use super::SortKey;
use crate::syntax::tree::{Expr, NamedExpr, Parameter};

/// `summarize hint.strategy=shuffle n = count(), max(x) by a, bin(t, 1h)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Summarize {
    pub hints: Vec<Parameter>,
    pub aggregates: Vec<NamedExpr>,
    pub by: Vec<NamedExpr>,
    /// `by` was written, even if nothing follows.
    pub has_by: bool,
    /// The old `by … bin=1h`.
    pub bin: Option<Expr>,
}

/// `distinct a, b`, `distinct *` ([`super::super::ExprKind::Star`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    pub hints: Vec<Parameter>,
    pub columns: Vec<NamedExpr>,
}

/// `make-series kind=nonempty n = count() default=0 on t from a to b step c by d`.
#[derive(Debug, Clone, PartialEq)]
pub struct MakeSeries {
    /// `kind=nonempty` and hints.
    pub parameters: Vec<Parameter>,
    pub columns: Vec<MakeSeriesColumn>,
    pub on: NamedExpr,
    pub range: MakeSeriesRange,
    pub by: Vec<NamedExpr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MakeSeriesColumn {
    pub aggregate: NamedExpr,
    pub default: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MakeSeriesRange {
    /// `from a to b step c`; `to` is exclusive.
    Steps { from: Option<Expr>, to: Option<Expr>, step: Expr },
    /// `in range(a, b, c)`; the end is inclusive.
    In { from: Expr, to: Expr, step: Expr },
}

/// `top-hitters n of value by weight`.
#[derive(Debug, Clone, PartialEq)]
pub struct TopHitters {
    pub count: Expr,
    pub of: NamedExpr,
    pub by: Option<SortKey>,
}

/// `top-nested n of a by count(), top-nested of b by max(c)`.
#[derive(Debug, Clone, PartialEq)]
pub struct TopNested {
    pub levels: Vec<TopNestedLevel>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TopNestedLevel {
    /// All values if not said.
    pub count: Option<Expr>,
    pub of: NamedExpr,
    /// `with others = "rest"`.
    pub others: Option<Expr>,
    pub by: SortKey,
}

/// `reduce kind=… by text with threshold=0.1, characters="-"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduce {
    pub parameters: Vec<Parameter>,
    pub by: NamedExpr,
    pub properties: Vec<NamedExpr>,
}
