//! Expressions: everything that has a value, scalar or table.

use super::{ColumnDecl, Literal, Name, Operator, Source, TypeName};
use crate::syntax::Span;

/// An expression and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Nothing where an expression is needed, of which there is a diagnostic.
    Missing,
    Literal(Literal),
    /// A column, variable, table or function without parentheses; also `$left`, `$right`, `$current`.
    Name(Name),
    /// `*`: all columns (`arg_max(t, *)`), all tables (`union *`), any column (`* has "x"`).
    Star,
    /// `Device*`, `*_s`, where wildcards are allowed.
    Wildcard(String),
    /// In parentheses. The list of an operator `in` is not one.
    Paren(Box<Expr>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    /// Arithmetic, comparison, string operators.
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `a and b and c`, two or more.
    And(Vec<Expr>),
    /// `a or b or c`, two or more.
    Or(Vec<Expr>),
    /// `x in (a, b)`, `x has_any (list)`. A tabular expression is the only element then: `in (T)` is a name,
    /// `in ((T | project x))` and `in (T | project x)` a pipeline, the former in [`ExprKind::Paren`].
    List {
        op: ListOp,
        op_span: Span,
        left: Box<Expr>,
        list: Vec<Expr>,
    },
    /// `x between (low .. high)`, both inclusive.
    Between {
        is_negated: bool,
        op_span: Span,
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `f(a, b)`, `not(a)`, `toscalar(T | count)`.
    Call(Call),
    /// `a.b`; also `a.['b']` and `a["b"]` with a literal is [`ExprKind::Index`]. Of tables: `database("x").T`.
    Member {
        base: Box<Expr>,
        name: Name,
    },
    /// `database("x").Device*`, among the tables of a union.
    MemberWildcard {
        base: Box<Expr>,
        pattern: String,
    },
    /// `cluster("c").database("d")`, `workspace("w").f(1)`.
    MemberCall {
        base: Box<Expr>,
        call: Call,
    },
    /// `a[0]`, `a["b"]`, `a[i]`.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `typeof(long)`, `typeof(a: long, *)`.
    TypeOf(TypeExpr),
    /// `source | operator | …`, one operator at least.
    Pipeline(Box<Pipeline>),
    /// What makes rows by itself.
    Source(Box<Source>),
}

/// `source | operators`: each operator's input is what stands before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    pub source: Expr,
    pub operators: Vec<Operator>,
}

/// `f(arguments)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub name: Name,
    pub arguments: Vec<Argument>,
    /// From the name to the closing parenthesis.
    pub span: Span,
}

/// `value`, or `name=value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    pub name: Option<Name>,
    pub value: Expr,
}

/// `value`, `name = value` or `(a, b) = value`: a column of `extend`, `project`, `summarize`, `print` …
#[derive(Debug, Clone, PartialEq)]
pub struct NamedExpr {
    pub target: Option<Target>,
    pub value: Expr,
    pub span: Span,
}

/// The names that a value gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Name(Name),
    /// `(a, b) = f()`.
    Tuple(Vec<Name>),
}

/// The inside of `typeof(…)`.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeExpr {
    Scalar(TypeName),
    /// A table's type. `star_at`: how many columns stand before `*`, where there is one.
    Table {
        columns: Vec<ColumnDecl>,
        star_at: Option<usize>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Minus,
    Plus,
}

/// Operators between two values. `!` and case sensitivity are in the operator, for the functions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=~`
    EqualIgnoreCase,
    /// `!~`
    NotEqualIgnoreCase,
    /// `has`
    Has,
    NotHas,
    HasCs,
    NotHasCs,
    HasPrefix,
    NotHasPrefix,
    HasPrefixCs,
    NotHasPrefixCs,
    HasSuffix,
    NotHasSuffix,
    HasSuffixCs,
    NotHasSuffixCs,
    /// `contains`
    Contains,
    /// `!contains`, `notcontains`
    NotContains,
    /// `contains_cs`, `containscs`
    ContainsCs,
    /// `!contains_cs`, `notcontainscs`
    NotContainsCs,
    StartsWith,
    NotStartsWith,
    StartsWithCs,
    NotStartsWithCs,
    EndsWith,
    NotEndsWith,
    EndsWithCs,
    NotEndsWithCs,
    /// `matches regex`
    MatchesRegex,
    /// `like`, `notlike`, `likecs`, `notlikecs`: old forms, wildcards in the pattern.
    Like,
    NotLike,
    LikeCs,
    NotLikeCs,
    /// `col: "x*"`, mostly in `search`: the right side is a term with wildcards.
    Colon,
}

/// Operators whose right side is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListOp {
    In,
    NotIn,
    /// `in~`
    InIgnoreCase,
    /// `!in~`
    NotInIgnoreCase,
    HasAny,
    HasAll,
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The places of `entity_group [database("a"), …]`.
    pub fn as_entity_group(&self) -> Option<&[Expr]> {
        match &self.unparenthesized().kind {
            ExprKind::Source(source) => match &**source {
                super::Source::EntityGroup(entities) => Some(entities),
                _ => None,
            },
            _ => None,
        }
    }

    /// The expression without its parentheses.
    pub fn unparenthesized(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// The name, if the expression is nothing but one.
    pub fn as_name(&self) -> Option<&Name> {
        match &self.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The text, if the expression is a string literal.
    pub fn as_string(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Literal(Literal::String(string)) => Some(&string.value),
            _ => None,
        }
    }
}
