//! What the lexer divides a text into.

use super::Span;
use super::tree::ScalarType;

/// A token and its place. Its text is read from the query again: tokens of a large query stay small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Keywords are words: nearly every one of them may be the name of a column, and only the parser knows when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword, also with `$` before, digits first, or as the operators `!has`, `in~`.
    Word,
    /// A string of any form, with its quotes and prefixes.
    String,
    /// Digits, or `0x` and hexadecimal digits.
    Long,
    Real,
    /// A number with a unit: `1d`.
    TimeSpan,
    /// A GUID without `guid(…)`.
    RawGuid,
    /// `datetime(…)` and the like, whose inside is no expression.
    Typed(ScalarType),
    OpenParen,
    CloseParen,
    OpenBracket,
    CloseBracket,
    OpenBrace,
    CloseBrace,
    Bar,
    Dot,
    DotDot,
    Comma,
    Colon,
    Semicolon,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `=`
    Assign,
    /// `==`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `=~`
    EqualTilde,
    /// `!~`
    NotTilde,
    /// `=>`
    FatArrow,
    /// `<|`
    LessBar,
    /// A character that begins nothing, of which there is a diagnostic.
    Unknown,
    End,
}

impl TokenKind {
    /// Whether no expression goes on with this token, and no operator begins with it.
    pub fn is_closing(self) -> bool {
        matches!(
            self,
            Self::CloseParen
                | Self::CloseBracket
                | Self::CloseBrace
                | Self::Bar
                | Self::Semicolon
                | Self::End
        )
    }

    /// The closing bracket of an opening one.
    pub fn counterpart(self) -> Option<TokenKind> {
        match self {
            Self::OpenParen => Some(Self::CloseParen),
            Self::OpenBracket => Some(Self::CloseBracket),
            Self::OpenBrace => Some(Self::CloseBrace),
            _ => None,
        }
    }

    /// How a message names the token, where its text is fixed.
    pub fn text(self) -> &'static str {
        match self {
            Self::Word => "a name",
            Self::String => "a string",
            Self::Long | Self::Real => "a number",
            Self::TimeSpan => "a timespan",
            Self::RawGuid => "a guid",
            Self::Typed(_) => "a literal",
            Self::OpenParen => "`(`",
            Self::CloseParen => "`)`",
            Self::OpenBracket => "`[`",
            Self::CloseBracket => "`]`",
            Self::OpenBrace => "`{`",
            Self::CloseBrace => "`}`",
            Self::Bar => "`|`",
            Self::Dot => "`.`",
            Self::DotDot => "`..`",
            Self::Comma => "`,`",
            Self::Colon => "`:`",
            Self::Semicolon => "`;`",
            Self::Plus => "`+`",
            Self::Minus => "`-`",
            Self::Star => "`*`",
            Self::Slash => "`/`",
            Self::Percent => "`%`",
            Self::Less => "`<`",
            Self::LessOrEqual => "`<=`",
            Self::Greater => "`>`",
            Self::GreaterOrEqual => "`>=`",
            Self::Assign => "`=`",
            Self::Equal => "`==`",
            Self::NotEqual => "`!=`",
            Self::EqualTilde => "`=~`",
            Self::NotTilde => "`!~`",
            Self::FatArrow => "`=>`",
            Self::LessBar => "`<|`",
            Self::Unknown => "an unknown character",
            Self::End => "the end of the query",
        }
    }
}
