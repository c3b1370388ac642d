//! `scan`.

use super::SortKey;
use crate::syntax::Span;
use crate::syntax::tree::{Expr, Name, Parameter, ParameterDecl};

/// `scan with_match_id=id declare (n: long = 0) with (step s1: predicate => n = s1.n + 1; …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub parameters: Vec<Parameter>,
    pub order_by: Vec<SortKey>,
    pub partition_by: Vec<Expr>,
    pub declare: Vec<ParameterDecl>,
    pub steps: Vec<ScanStep>,
}

/// `step name optional output=last: predicate => a = 1, b = 2;`
#[derive(Debug, Clone, PartialEq)]
pub struct ScanStep {
    pub name: Name,
    pub is_optional: bool,
    pub output: ScanOutput,
    pub predicate: Expr,
    pub assignments: Vec<(Name, Expr)>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScanOutput {
    /// Also if nothing is said.
    All,
    Last,
    None,
}
