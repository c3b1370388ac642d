//! What makes rows without an input.

use super::{ColumnDecl, ColumnPattern, Expr, Name, NamedExpr, Parameter, TypeName};
use crate::syntax::Span;

/// The beginnings of a pipeline that are no name and no call.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    DataTable(DataTable),
    ExternalData(ExternalData),
    Range(Range),
    /// `print a, x = 1`.
    Print(Vec<NamedExpr>),
    Union(Union),
    Search(Search),
    Find(Find),
    /// `evaluate plugin(…)` at the beginning.
    Evaluate(super::operators::Evaluate),
    /// `macro-expand group as scope (…)`.
    MacroExpand(super::operators::MacroExpand),
    /// `entity_group [database("a"), …]`.
    EntityGroup(Vec<Expr>),
}

/// `datatable (name: type, …) [value, …]`: values row by row, each a literal or a call of constants.
#[derive(Debug, Clone, PartialEq)]
pub struct DataTable {
    pub parameters: Vec<Parameter>,
    pub columns: Vec<ColumnDecl>,
    pub values: Vec<Expr>,
}

/// `externaldata (name: type, …) ["url", …] with (format="csv")`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalData {
    pub parameters: Vec<Parameter>,
    pub columns: Vec<ColumnDecl>,
    pub urls: Vec<Expr>,
    pub properties: Vec<Parameter>,
}

/// `range name from a to b step c`.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    pub name: Name,
    pub from: Expr,
    pub to: Expr,
    pub step: Expr,
}

/// `union kind=outer withsource=Name isfuzzy=true T1, (T2 | …), Device*`; with an input, that is the first table.
#[derive(Debug, Clone, PartialEq)]
pub struct Union {
    /// `inner` or `outer`.
    pub kind: Option<Name>,
    pub with_source: Option<Name>,
    pub is_fuzzy: bool,
    pub hints: Vec<Parameter>,
    /// Tables: names, wildcards ([`super::ExprKind::Wildcard`], [`super::ExprKind::Star`],
    /// [`super::ExprKind::MemberWildcard`]), calls, pipelines in parentheses.
    pub tables: Vec<Expr>,
}

/// `search kind=case_sensitive in (T1, Device*) predicate`; with an input, in its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// `default`, `case_insensitive` or `case_sensitive`.
    pub kind: Option<Name>,
    pub hints: Vec<Parameter>,
    /// Empty for all tables.
    pub tables: Vec<Expr>,
    /// A lone string is a term looked for in all columns; `col: "x"` is [`super::BinaryOp::Colon`].
    pub predicate: Expr,
}

/// `find withsource=Name in (T1, T2) where predicate project a, b: string, pack(*)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    pub with_source: Option<Name>,
    pub hints: Vec<Parameter>,
    /// Empty for all tables.
    pub tables: Vec<Expr>,
    pub predicate: Expr,
    /// `project-smart`, or nothing said.
    pub is_smart: bool,
    pub columns: Vec<FindColumn>,
    pub away: Vec<ColumnPattern>,
}

/// A column of `find … project`.
#[derive(Debug, Clone, PartialEq)]
pub enum FindColumn {
    Column {
        name: Name,
        type_name: Option<TypeName>,
    },
    /// `pack(*)`: all other columns as one.
    Pack(Span),
}
