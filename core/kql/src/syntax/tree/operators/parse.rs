//! Operators that take text apart.

use crate::syntax::Span;
use crate::syntax::tree::{ColumnDecl, Expr, Name, Parameter, StringLiteral, TypeName};

/// `parse kind=regex flags=Ui text with * "a" x: long "b" y`, `parse-where …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parse {
    /// `parse-where`: rows that do not match go.
    pub is_filter: bool,
    pub kind: ParseKind,
    /// Of a regular expression: `Ui` …
    pub flags: Option<Name>,
    pub hints: Vec<Parameter>,
    pub value: Expr,
    pub pattern: Vec<ParsePart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParseKind {
    Simple,
    Regex,
    Relaxed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ParsePart {
    /// `*`: any text.
    Star(Span),
    /// The literal text, or the regular expression.
    Text(StringLiteral, Span),
    Column {
        name: Name,
        /// string if not said.
        type_name: Option<TypeName>,
    },
}

/// `parse-kv text as (a: long, b: string) with (pair_delimiter=" ", kv_delimiter="=")`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseKv {
    pub value: Expr,
    pub columns: Vec<ColumnDecl>,
    pub properties: Vec<Parameter>,
}
