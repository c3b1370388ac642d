//! Operators between values: which ones there are, and how closely they bind.

use super::Parser;
use crate::syntax::TokenKind;
use crate::syntax::tree::{BinaryOp, ListOp};

/// The words that are operators between values, and what stands between the parts of tabular operators: no name
/// unless what follows shows one. Also what a misspelt word may mean.
pub(super) const OPERATOR_WORDS: &[&str] = &[
    "and",
    "or",
    "in",
    "in~",
    "!in",
    "!in~",
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "has_any",
    "has_all",
    "hasprefix",
    "!hasprefix",
    "hasprefix_cs",
    "!hasprefix_cs",
    "hassuffix",
    "!hassuffix",
    "hassuffix_cs",
    "!hassuffix_cs",
    "contains",
    "!contains",
    "contains_cs",
    "!contains_cs",
    "notcontains",
    "containscs",
    "notcontainscs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "!startswith_cs",
    "endswith",
    "!endswith",
    "endswith_cs",
    "!endswith_cs",
    "matches",
    "like",
    "notlike",
    "likecs",
    "notlikecs",
    "between",
    "!between",
    "by",
    "on",
    "of",
    "with",
    "asc",
    "desc",
    "to",
];

/// What a binary operator makes of its sides.
#[derive(Clone, Copy)]
pub(super) enum Infix {
    Binary(BinaryOp),
    List(ListOp),
    /// `between`, negated or not.
    Between(bool),
}

/// How closely operators bind, from loosely to closely.
pub(super) const EQUALITY: u8 = 1;
const ORDER: u8 = 2;
const SUM: u8 = 3;
const PRODUCT: u8 = 4;
const TEXT: u8 = 5;

impl Parser<'_> {
    /// The operator that stands here, how closely it binds, and how many tokens it takes.
    pub(super) fn infix(&self) -> Option<(Infix, u8, usize)> {
        let binary = |op, precedence| Some((Infix::Binary(op), precedence, 1));
        match self.kind() {
            TokenKind::Equal => binary(BinaryOp::Equal, EQUALITY),
            TokenKind::NotEqual => binary(BinaryOp::NotEqual, EQUALITY),
            TokenKind::Less => binary(BinaryOp::Less, ORDER),
            TokenKind::LessOrEqual => binary(BinaryOp::LessOrEqual, ORDER),
            TokenKind::Greater => binary(BinaryOp::Greater, ORDER),
            TokenKind::GreaterOrEqual => binary(BinaryOp::GreaterOrEqual, ORDER),
            TokenKind::Plus => binary(BinaryOp::Add, SUM),
            TokenKind::Minus => binary(BinaryOp::Subtract, SUM),
            TokenKind::Star => binary(BinaryOp::Multiply, PRODUCT),
            TokenKind::Slash => binary(BinaryOp::Divide, PRODUCT),
            TokenKind::Percent => binary(BinaryOp::Modulo, PRODUCT),
            TokenKind::EqualTilde => binary(BinaryOp::EqualIgnoreCase, TEXT),
            TokenKind::NotTilde => binary(BinaryOp::NotEqualIgnoreCase, TEXT),
            TokenKind::Colon => binary(BinaryOp::Colon, TEXT),
            TokenKind::Word => {
                let word = self.word();
                let list = |op| Some((Infix::List(op), EQUALITY, 1));
                match word {
                    // `on t in range(…)` of make-series.
                    "in" if self.word_at(1) == "range" => None,
                    "in" => list(ListOp::In),
                    "!in" => list(ListOp::NotIn),
                    "in~" => list(ListOp::InIgnoreCase),
                    "!in~" => list(ListOp::NotInIgnoreCase),
                    "has_any" => list(ListOp::HasAny),
                    "has_all" => list(ListOp::HasAll),
                    "between" => Some((Infix::Between(false), EQUALITY, 1)),
                    "!between" => Some((Infix::Between(true), EQUALITY, 1)),
                    "matches" if self.word_at(1) == "regex" => {
                        Some((Infix::Binary(BinaryOp::MatchesRegex), TEXT, 2))
                    }
                    _ => text_operator(word).and_then(|op| binary(op, TEXT)),
                }
            }
            _ => None,
        }
    }
}

/// The operators of strings that are single words.
pub(super) fn text_operator(word: &str) -> Option<BinaryOp> {
    Some(match word {
        "has" => BinaryOp::Has,
        "!has" => BinaryOp::NotHas,
        "has_cs" => BinaryOp::HasCs,
        "!has_cs" => BinaryOp::NotHasCs,
        "hasprefix" => BinaryOp::HasPrefix,
        "!hasprefix" => BinaryOp::NotHasPrefix,
        "hasprefix_cs" => BinaryOp::HasPrefixCs,
        "!hasprefix_cs" => BinaryOp::NotHasPrefixCs,
        "hassuffix" => BinaryOp::HasSuffix,
        "!hassuffix" => BinaryOp::NotHasSuffix,
        "hassuffix_cs" => BinaryOp::HasSuffixCs,
        "!hassuffix_cs" => BinaryOp::NotHasSuffixCs,
        "contains" => BinaryOp::Contains,
        "!contains" | "notcontains" => BinaryOp::NotContains,
        "contains_cs" | "containscs" => BinaryOp::ContainsCs,
        "!contains_cs" | "notcontainscs" => BinaryOp::NotContainsCs,
        "startswith" => BinaryOp::StartsWith,
        "!startswith" => BinaryOp::NotStartsWith,
        "startswith_cs" => BinaryOp::StartsWithCs,
        "!startswith_cs" => BinaryOp::NotStartsWithCs,
        "endswith" => BinaryOp::EndsWith,
        "!endswith" => BinaryOp::NotEndsWith,
        "endswith_cs" => BinaryOp::EndsWithCs,
        "!endswith_cs" => BinaryOp::NotEndsWithCs,
        "like" => BinaryOp::Like,
        "notlike" => BinaryOp::NotLike,
        "likecs" => BinaryOp::LikeCs,
        "notlikecs" => BinaryOp::NotLikeCs,
        _ => return None,
    })
}
