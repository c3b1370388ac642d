//! Statements, which `;` divides.

use super::{ColumnDecl, Expr, Literal, Name, TypeName};
use crate::syntax::Span;

/// A whole text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    Let(Let),
    /// What has an answer: a tabular expression.
    Expression(Expr),
    /// `set name = value`, `set name`.
    Set {
        name: Name,
        value: Option<Expr>,
    },
    /// `declare query_parameters (name: type = default, …)`.
    QueryParameters(Vec<ParameterDecl>),
    /// `alias database name = cluster("…").database("…")`.
    AliasDatabase {
        name: Name,
        value: Expr,
    },
    Restrict(Restrict),
    /// `declare pattern …`.
    Pattern(Pattern),
    /// `.show tables`, and whatever begins with a dot.
    Command(Command),
}

/// `let name = value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    pub name: Name,
    pub value: LetValue,
}

#[derive(Debug, Clone, PartialEq)]
pub enum LetValue {
    /// A scalar or a table; a lone name may be either.
    Expr(Expr),
    /// `(parameters) { body }`, `view () { body }`.
    Function(FunctionDecl),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FunctionDecl {
    /// A view: what wildcards of `union` and `search` see.
    pub is_view: bool,
    pub parameters: Vec<ParameterDecl>,
    /// `let` statements, and the value as last [`StatementKind::Expression`], scalar or table.
    pub body: Vec<Statement>,
    pub span: Span,
}

/// `name: type = default`, `T: (name: type, …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDecl {
    pub name: Name,
    pub of: ParameterType,
    /// Always a constant.
    pub default: Option<Expr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ParameterType {
    Scalar(TypeName),
    /// A table with at least these columns.
    Table {
        columns: Vec<ColumnDecl>,
        /// `(*)` or `(a: long, *)`: other columns are let in, and may be used if there are no columns named.
        is_open: bool,
    },
}

/// `restrict access to (table, …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Restrict {
    pub tables: Vec<Expr>,
}

/// `declare pattern name = (a: string)[b: string] { ("x").["y"] = { … }; … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub name: Name,
    pub parameters: Vec<ParameterDecl>,
    pub path: Option<ParameterDecl>,
    pub cases: Vec<PatternCase>,
}

/// `("x").["y"] = { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternCase {
    pub arguments: Vec<Expr>,
    pub path: Option<Expr>,
    pub body: Vec<Statement>,
}

/// `.show database D schema as json`, and what is piped after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// From the dot to the first `|` or the end, trimmed.
    pub text: String,
    /// `show`, `database`, `D`, `schema`, `as`, `json`; a word with dashes is one.
    pub words: Vec<CommandWord>,
    /// `| where …` after the command.
    pub operators: Vec<super::Operator>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CommandWord {
    /// A keyword or a name, `is_quoted` if it can be no keyword.
    Name(Name),
    Literal(Literal, Span),
    /// `(`, `)`, `,`, `=` …
    Punctuation(&'static str, Span),
}
