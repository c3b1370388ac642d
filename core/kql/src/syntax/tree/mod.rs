//! The tree of a query: what was written, with its places, and nothing that needs a schema to know.
//!
//! A [`Query`] is a list of [`Statement`]s. Everything that has a value is an [`Expr`], tables included: `T` may be a
//! column, a scalar or a table, and only names tell which, so the binder decides. A chain of operators is
//! [`ExprKind::Pipeline`], and what makes rows without an input (`datatable`, `print`, `union` at the beginning …) is
//! [`ExprKind::Source`].
//!
//! The tree of a wrong text is complete too: [`ExprKind::Missing`] stands where an expression should be, an empty
//! [`Name`] where a name should be. Its height is bounded (the parser reports what is nested deeper), so walking it
//! recursively and dropping it is safe.

mod expression;
mod literal;
mod name;
pub mod operators;
mod source;
mod statement;

pub use expression::{
    Argument, BinaryOp, Call, Expr, ExprKind, ListOp, NamedExpr, Pipeline, Target, TypeExpr, UnaryOp,
};
pub use literal::{DynamicLiteral, Literal, ScalarType, StringLiteral, TypeName};
pub use name::{ColumnDecl, ColumnPattern, Name, Parameter};
pub use operators::{Operator, OperatorKind, Subquery};
pub use source::{DataTable, ExternalData, Find, FindColumn, Range, Search, Source, Union};
pub use statement::{
    Command, CommandWord, FunctionDecl, Let, LetValue, ParameterDecl, ParameterType, Pattern, PatternCase,
    Query, Restrict, Statement, StatementKind,
};
