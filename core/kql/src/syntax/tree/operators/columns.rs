//! Operators that choose, name and order columns.

use crate::syntax::tree::{ColumnPattern, NamedExpr};

/// `project a, b = c + 1`; also of no columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    pub columns: Vec<NamedExpr>,
}

/// `project-away a, *_s`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectAway {
    pub columns: Vec<ColumnPattern>,
}

/// `project-keep a, *_s`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectKeep {
    pub columns: Vec<ColumnPattern>,
}

/// `project-rename new = old`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRename {
    pub columns: Vec<NamedExpr>,
}

/// `project-reorder a, *_s granny-asc, *`.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectReorder {
    pub columns: Vec<ReorderItem>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ReorderItem {
    pub column: ColumnPattern,
    /// How the columns that a wildcard means are ordered among themselves.
    pub order: Option<ColumnOrder>,
}

/// Of names; the granny orders compare runs of digits as numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnOrder {
    Ascending,
    Descending,
    GrannyAscending,
    GrannyDescending,
}
