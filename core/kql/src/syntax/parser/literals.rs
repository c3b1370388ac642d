//! Literals.

use super::Parser;
use crate::syntax::diagnostic::Code;
use crate::syntax::tree::{DynamicLiteral, Expr, ExprKind, Literal, ScalarType, StringLiteral};
use crate::syntax::{Token, TokenKind, literal};

impl Parser<'_> {
    /// Whether a literal stands here, signs aside.
    pub(super) fn begins_literal(&self) -> bool {
        match self.kind() {
            TokenKind::String
            | TokenKind::Long
            | TokenKind::Real
            | TokenKind::TimeSpan
            | TokenKind::RawGuid
            | TokenKind::Typed(_) => true,
            TokenKind::Word => {
                boolean(self.word()).is_some()
                    || (self.word() == "dynamic" && self.kind_at(1) == TokenKind::OpenParen)
            }
            _ => false,
        }
    }

    /// The literal that stands here, if one does.
    pub(super) fn literal(&mut self) -> Option<Expr> {
        if !self.begins_literal() {
            return None;
        }
        let start = self.start();
        let kind = match self.kind() {
            TokenKind::String => Some(Literal::String(self.string())),
            TokenKind::Word if self.word() == "dynamic" => {
                self.advance();
                Some(self.dynamic())
            }
            _ => {
                let token = self.advance();
                self.simple_literal(token)
            }
        };
        let kind = kind.map_or(ExprKind::Missing, ExprKind::Literal);
        Some(Expr::new(kind, self.span_from(start)))
    }

    /// One or more strings, joined.
    pub(super) fn string(&mut self) -> StringLiteral {
        let mut joined = StringLiteral::default();
        while self.kind() == TokenKind::String {
            let token = self.advance();
            let (value, is_hidden) = literal::string(token.span.text(self.text));
            joined.is_hidden |= is_hidden;
            if joined.value.is_empty() {
                joined.value = value;
            } else {
                joined.value.push_str(&value);
            }
        }
        joined
    }

    /// The value of a token other than a string; reports and gives none if it has no value.
    fn simple_literal(&mut self, token: Token) -> Option<Literal> {
        let text = token.span.text(self.text);
        let (value, what) = match token.kind {
            TokenKind::Word => (boolean(text).map(Literal::Bool), "bool"),
            TokenKind::Long => (literal::long(text).map(Literal::Long), "long"),
            TokenKind::Real => (literal::real(text).map(Literal::Real), "real"),
            TokenKind::TimeSpan => (literal::timespan(text).map(Literal::TimeSpan), "timespan"),
            TokenKind::RawGuid => (literal::guid(text).map(Literal::Guid), "guid"),
            TokenKind::Typed(of) => (typed(of, text), type_text(of)),
            _ => (None, "literal"),
        };
        if value.is_none() {
            let shown: String = text.chars().take(60).collect();
            self.report(
                Code::MalformedLiteral,
                format!("`{shown}` is no {what}, or out of its range"),
                token.span,
            );
        }
        value
    }

    /// `(value)` after `dynamic`.
    fn dynamic(&mut self) -> Literal {
        let value = self.parenthesized(|parser| {
            // Old texts leave it empty.
            if parser.kind() == TokenKind::CloseParen { DynamicLiteral::Null } else { parser.dynamic_value() }
        });
        match value.unwrap_or(DynamicLiteral::Null) {
            DynamicLiteral::Null => Literal::Null(ScalarType::Dynamic),
            value => Literal::Dynamic(Box::new(value)),
        }
    }

    fn dynamic_value(&mut self) -> DynamicLiteral {
        self.nested(Self::dynamic_value_here).unwrap_or(DynamicLiteral::Null)
    }

    fn dynamic_value_here(&mut self) -> DynamicLiteral {
        match self.kind() {
            TokenKind::OpenBracket => {
                let items = self
                    .bracketed(TokenKind::OpenBracket, |parser| parser.closed_list(Self::dynamic_value))
                    .unwrap_or_default();
                DynamicLiteral::Array(items)
            }
            TokenKind::OpenBrace => {
                let entries = self
                    .bracketed(TokenKind::OpenBrace, |parser| parser.closed_list(Self::dynamic_entry))
                    .unwrap_or_default();
                DynamicLiteral::Object(entries)
            }
            TokenKind::Word if self.word() == "null" => {
                self.advance();
                DynamicLiteral::Null
            }
            TokenKind::Minus | TokenKind::Plus => self.signed_number(),
            _ => match self.literal().map(|expr| expr.kind) {
                Some(ExprKind::Literal(Literal::Dynamic(inner))) => *inner,
                Some(ExprKind::Literal(Literal::Null(_)) | ExprKind::Missing) => DynamicLiteral::Null,
                Some(ExprKind::Literal(value)) => DynamicLiteral::Scalar(value),
                _ => {
                    self.report_expected("a value of JSON");
                    DynamicLiteral::Null
                }
            },
        }
    }

    fn dynamic_entry(&mut self) -> (String, DynamicLiteral) {
        let key = if self.kind() == TokenKind::String {
            self.string().value
        } else {
            self.report_expected("a key in quotes");
            // A bare word is understood, and no valid key.
            self.eat(TokenKind::Word);
            String::new()
        };
        self.expect(TokenKind::Colon);
        (key, self.dynamic_value())
    }

    fn signed_number(&mut self) -> DynamicLiteral {
        let sign = self.advance();
        let number = self.token();
        let text = format!("{}{}", sign.span.text(self.text), number.span.text(self.text));
        let value = match number.kind {
            TokenKind::Long => literal::long(&text).map(Literal::Long),
            TokenKind::Real => literal::real(&text).map(Literal::Real),
            TokenKind::TimeSpan => literal::timespan(&text).map(Literal::TimeSpan),
            _ => None,
        };
        match value {
            Some(value) => {
                self.advance();
                DynamicLiteral::Scalar(value)
            }
            None => {
                self.report_expected("a number");
                DynamicLiteral::Null
            }
        }
    }
}

/// The spellings of a bool that is no name.
fn boolean(word: &str) -> Option<bool> {
    match word {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The value of `type(text)`.
fn typed(of: ScalarType, source: &str) -> Option<Literal> {
    let (_, inner) = source.split_once('(')?;
    let inner = inner.strip_suffix(')').unwrap_or(inner).trim();
    if inner == "null" {
        return Some(Literal::Null(of));
    }
    let bare = unquoted(inner);
    match of {
        ScalarType::Bool => match bare.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Literal::Bool(true)),
            "false" | "0" => Some(Literal::Bool(false)),
            _ => None,
        },
        ScalarType::Int => literal::long(bare).and_then(|value| i32::try_from(value).ok()).map(Literal::Int),
        ScalarType::Long => literal::long(bare).map(Literal::Long),
        ScalarType::Real => literal::real(bare).map(Literal::Real),
        ScalarType::Decimal => literal::is_decimal(bare).then(|| Literal::Decimal(bare.into())),
        ScalarType::DateTime => Some(Literal::DateTime(bare.into())),
        ScalarType::TimeSpan => literal::timespan(bare).map(Literal::TimeSpan),
        ScalarType::Guid => literal::guid(bare).map(Literal::Guid),
        ScalarType::String | ScalarType::Dynamic => None,
    }
}

/// Without the quotes around it, if there are any.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inner.trim();
        }
    }
    text
}

fn type_text(of: ScalarType) -> &'static str {
    match of {
        ScalarType::Bool => "bool",
        ScalarType::Int => "int",
        ScalarType::Long => "long",
        ScalarType::Real => "real",
        ScalarType::Decimal => "decimal",
        ScalarType::DateTime => "datetime",
        ScalarType::TimeSpan => "timespan",
        ScalarType::Guid => "guid",
        ScalarType::String => "string",
        ScalarType::Dynamic => "dynamic",
    }
}
