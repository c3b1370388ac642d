//! Names and what declares them.

use super::{Expr, TypeName};
use crate::syntax::Span;

/// A name of anything: `DeviceName`, `['two words']`, `$left`. Empty where one is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Name {
    /// Without brackets and quotes, escapes resolved.
    pub text: String,
    /// Written in brackets, so never a keyword or wildcard.
    pub is_quoted: bool,
    pub span: Span,
}

/// A column, or several by a pattern: `A`, `*`, `*_s`, `Device*`.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnPattern {
    Name(Name),
    /// `*` stands for any text, also none.
    Wildcard {
        pattern: String,
        span: Span,
    },
}

impl ColumnPattern {
    pub fn span(&self) -> Span {
        match self {
            Self::Name(name) => name.span,
            Self::Wildcard { span, .. } => *span,
        }
    }
}

/// `name: type`, of a schema.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDecl {
    pub name: Name,
    pub type_name: TypeName,
    pub span: Span,
}

/// `name=value` after an operator's name: hints, and whatever the operator has no field for. The name is complete,
/// as `hint.strategy`. A value that is a bare word is [`ExprKind::Name`](super::ExprKind::Name).
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub value: Expr,
    pub span: Span,
}
