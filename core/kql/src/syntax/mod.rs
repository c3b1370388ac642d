//! Text to tokens to a tree with spans. Never fails: a tree, and diagnostics.
//!
//! [`parse`] is all that there is to call. It takes any text, in time and memory in proportion to its length; the
//! tree's height is bounded, so what walks it may recurse.

pub mod diagnostic;
mod lexer;
mod literal;
mod parser;
mod span;
mod token;
pub mod tree;

#[cfg(test)]
mod tests;

pub use diagnostic::{Code, Diagnostic, Position};
pub use span::Span;
pub use token::{Token, TokenKind};

/// How many levels a tree may have, nesting and chains together.
pub const MAX_DEPTH: usize = 100;

/// The longest text that is read, in bytes. Long lists of addresses and hashes are some megabytes.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

/// How many tokens are read; with the largest node that one or two tokens make, this bounds the tree's memory to
/// some 100 MB.
pub const MAX_TOKENS: usize = 1_000_000;

/// How many mistakes of one text are reported. What follows is not read: it is no query.
pub const MAX_DIAGNOSTICS: usize = 20;

/// A text's tree, and what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub query: tree::Query,
    /// In the order of the text. The tree has no holes if this is empty.
    pub diagnostics: Vec<Diagnostic>,
}

/// The tokens of a text, the last of which is [`TokenKind::End`], for whoever colours or completes it. A text that is
/// too large to be read has only that.
pub fn tokens(text: &str) -> Vec<Token> {
    let end = || vec![Token { kind: TokenKind::End, span: Span::at(0) }];
    if text.len() > MAX_TEXT_BYTES {
        return end();
    }
    lexer::tokens(text, &mut Vec::new()).unwrap_or_else(end)
}

/// Reads a query, or several statements.
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the query is longer than {} MiB", MAX_TEXT_BYTES >> 20);
        let diagnostic = Diagnostic { code: Code::TooLong, message, span: Span::at(0) };
        return Parsed { query: tree::Query::default(), diagnostics: vec![diagnostic] };
    }
    let mut diagnostics = Vec::new();
    let Some(tokens) = lexer::tokens(text, &mut diagnostics) else {
        let message = format!("the query has more than {MAX_TOKENS} words and signs");
        let diagnostic = Diagnostic { code: Code::TooLong, message, span: Span::at(0) };
        return Parsed { query: tree::Query::default(), diagnostics: vec![diagnostic] };
    };
    let query = parser::query(text, &tokens, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed { query, diagnostics }
}
