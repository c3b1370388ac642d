//! Literals, and names of types.

use super::Name;
use crate::syntax::Span;

/// The types of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarType {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    DateTime,
    TimeSpan,
    Guid,
    String,
    Dynamic,
}

/// A type as written: `long`, `double`, `date`.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeName {
    /// `None` for a name that is no type, of which there is a diagnostic.
    pub scalar: Option<ScalarType>,
    pub name: Name,
}

/// A value written down.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    /// `int(5)`; a plain `5` is a long.
    Int(i32),
    Long(i64),
    /// `1.5`, `1e5`, `real(1)`, also NaN and the infinities.
    Real(f64),
    /// Digits with an optional sign, point and exponent, as written in `decimal(…)`.
    Decimal(String),
    /// The text in `datetime(…)`, trimmed, without quotes. Empty for `datetime()`, which is now.
    DateTime(String),
    /// Ticks of 100 ns.
    TimeSpan(i64),
    /// Lower case, with dashes.
    Guid(String),
    String(StringLiteral),
    Dynamic(Box<DynamicLiteral>),
    /// `int(null)`, `datetime(null)`; of `dynamic(null)` too.
    Null(ScalarType),
}

/// A string, of any of the written forms; adjacent ones are joined.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StringLiteral {
    /// Escapes resolved.
    pub value: String,
    /// Written with `h`: not to be shown in logs.
    pub is_hidden: bool,
}

/// What stands in `dynamic(…)`.
#[derive(Debug, Clone, PartialEq)]
pub enum DynamicLiteral {
    Null,
    Array(Vec<DynamicLiteral>),
    /// In the order of the text, duplicate keys included: the last one counts.
    Object(Vec<(String, DynamicLiteral)>),
    /// A bool, number, string, or one of the typed literals (`datetime(…)`, `1d`, `guid(…)` …); no `Dynamic`.
    Scalar(Literal),
}

impl Literal {
    /// The type that the literal has; it is known without any schema.
    pub fn scalar_type(&self) -> ScalarType {
        match self {
            Self::Bool(_) => ScalarType::Bool,
            Self::Int(_) => ScalarType::Int,
            Self::Long(_) => ScalarType::Long,
            Self::Real(_) => ScalarType::Real,
            Self::Decimal(_) => ScalarType::Decimal,
            Self::DateTime(_) => ScalarType::DateTime,
            Self::TimeSpan(_) => ScalarType::TimeSpan,
            Self::Guid(_) => ScalarType::Guid,
            Self::String(_) => ScalarType::String,
            Self::Dynamic(_) => ScalarType::Dynamic,
            Self::Null(of) => *of,
        }
    }
}

impl TypeName {
    pub fn span(&self) -> Span {
        self.name.span
    }
}
