//! Operators that make rows of a dynamic value's elements.

use super::Subquery;
use crate::syntax::tree::{Expr, Name, NamedExpr, Parameter, TypeName};

/// `mv-expand kind=array with_itemindex=i a, b = c to typeof(long) limit 10`.
#[derive(Debug, Clone, PartialEq)]
pub struct MvExpand {
    /// Written `mvexpand`, whose limit is 128 rows if none is said.
    pub is_legacy: bool,
    /// `kind=` or `bagexpansion=`: `bag` or `array`.
    pub kind: Option<Name>,
    pub item_index: Option<Name>,
    pub hints: Vec<Parameter>,
    pub columns: Vec<ExpandColumn>,
    pub limit: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ExpandColumn {
    pub value: NamedExpr,
    /// `to typeof(long)`.
    pub to: Option<TypeName>,
}

/// `mv-apply with_itemindex=i a to typeof(long) limit 10 on (where a > 1 | …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct MvApply {
    pub item_index: Option<Name>,
    pub hints: Vec<Parameter>,
    /// Possibly none with an item index.
    pub columns: Vec<ExpandColumn>,
    pub limit: Option<Expr>,
    pub on: Subquery,
}
