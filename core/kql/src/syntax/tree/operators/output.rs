//! Operators about a result's name, schema and looks.

use crate::syntax::tree::{Call, ColumnDecl, Name, Parameter};

/// `as hint.materialized=true name`.
#[derive(Debug, Clone, PartialEq)]
pub struct As {
    pub hints: Vec<Parameter>,
    pub name: Name,
}

/// `assert-schema (a: long, b: string)`.
#[derive(Debug, Clone, PartialEq)]
pub struct AssertSchema {
    pub columns: Vec<ColumnDecl>,
}

/// `evaluate hint.distribution=single plugin(a, b) : (*, c: long)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluate {
    pub hints: Vec<Parameter>,
    pub call: Call,
    pub schema: Option<OutputSchema>,
}

/// The columns that a plugin gives.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSchema {
    pub columns: Vec<ColumnDecl>,
    /// How many columns stand before `*`, the input's columns, where there is one.
    pub star_at: Option<usize>,
}

/// `render timechart with (title="x", ycolumns=a, b)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    pub chart: Name,
    /// Names in the text's spelling; a list (`ycolumns=a, b`) is a property with the same name for each.
    pub properties: Vec<Parameter>,
}
