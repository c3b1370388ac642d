//! Tokens to a tree.
//!
//! Recursive descent without backtracking; what decides is at most a few tokens ahead. Where something is wrong the
//! parser reports it, leaves a hole in the tree, and goes on: after an operator at the next `|`, in brackets at the
//! closing one. Two mistakes are never reported at one token, for the second follows from the first.
//!
//! # Depth
//!
//! The height of the tree is bounded by [`MAX_DEPTH`]. Nesting is counted on the way down (`depth`), chains that lean
//! to the left (`a + b + c`, `a.b.c`) on the way up (`height`); their sum is what is held against the bound. Chains of
//! `and`, `or` and `|` are lists in the tree and may be of any length.

mod expressions;
mod infix;
mod literals;
mod names;
mod operators;
mod pipeline;
mod sources;
mod statements;

use super::diagnostic::{Code, Diagnostic, Position, nearest};
use super::tree::{Expr, ExprKind, Query};
use super::{MAX_DEPTH, MAX_DIAGNOSTICS, Span, Token, TokenKind};

/// The tree of `tokens`, which end with [`TokenKind::End`].
pub fn query(text: &str, tokens: &[Token], diagnostics: &mut Vec<Diagnostic>) -> Query {
    let mut parser =
        Parser { text, tokens, at: 0, depth: 0, height: 0, open: Vec::new(), reported_at: None, diagnostics };
    parser.query_text()
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    /// How many levels are open.
    depth: usize,
    /// Of what was parsed since the innermost level was opened.
    height: usize,
    /// The brackets that are open, by what closes them.
    open: Vec<TokenKind>,
    /// The token at which something was reported last.
    reported_at: Option<usize>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Parser<'a> {
    fn token(&self) -> Token {
        self.token_at(0)
    }

    /// The token `ahead` of the current one; the last one from there on.
    fn token_at(&self, ahead: usize) -> Token {
        let last = self.tokens.len() - 1;
        self.tokens[(self.at + ahead).min(last)]
    }

    fn kind(&self) -> TokenKind {
        self.token().kind
    }

    fn kind_at(&self, ahead: usize) -> TokenKind {
        self.token_at(ahead).kind
    }

    fn text_at(&self, ahead: usize) -> &'a str {
        self.token_at(ahead).span.text(self.text)
    }

    /// The current word; empty for another token.
    fn word(&self) -> &'a str {
        self.word_at(0)
    }

    fn word_at(&self, ahead: usize) -> &'a str {
        match self.kind_at(ahead) {
            TokenKind::Word => self.text_at(ahead),
            _ => "",
        }
    }

    /// Whether nothing stands between the token `ahead` and the one before it.
    fn is_adjacent(&self, ahead: usize) -> bool {
        ahead > 0 && self.token_at(ahead - 1).span.end == self.token_at(ahead).span.start
    }

    /// Where the last token ended.
    fn end(&self) -> u32 {
        self.at.checked_sub(1).map_or(0, |before| self.tokens[before].span.end)
    }

    /// From `start` to the last token.
    fn span_from(&self, start: u32) -> Span {
        Span::new(start, self.end().max(start))
    }

    fn start(&self) -> u32 {
        self.token().span.start
    }

    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.advance();
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word() == word;
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, kind: TokenKind) -> bool {
        let found = self.eat(kind);
        if !found {
            self.report_expected(kind.text());
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> bool {
        let found = self.eat_word(word);
        if !found {
            self.report_expected(&format!("`{word}`"));
        }
        found
    }

    /// `open inner close`. What stands between the inner part and its bracket is reported and left out. `None` if
    /// the opening bracket is missing, which is reported.
    fn bracketed<T>(&mut self, open: TokenKind, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.open_bracket(open) {
            return None;
        }
        let opening = self.at - 1;
        let result = inner(self);
        self.close_bracket(opening);
        Some(result)
    }

    /// Steps over an opening bracket, or reports that it is missing.
    fn open_bracket(&mut self, open: TokenKind) -> bool {
        let found = self.expect(open);
        if found {
            self.open.push(open.counterpart().expect("only brackets are given"));
        }
        found
    }

    /// Steps over what closes the bracket that is the token `opening`, and over what is wrong before it.
    fn close_bracket(&mut self, opening: usize) {
        let opening = self.tokens[opening];
        let close = self.open.pop().expect("every bracket that is closed was opened");
        if self.eat(close) {
            return;
        }
        if self.reported_at != Some(self.at) {
            let place = Position::of(self.text, opening.span.start);
            let (opened, closed) = (opening.kind.text(), close.text());
            self.report_expected(&format!(
                "{closed} for the {opened} of line {}, column {}",
                place.line, place.column
            ));
        }
        self.skip_to_closing();
        self.eat(close);
    }

    fn parenthesized<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.bracketed(TokenKind::OpenParen, inner)
    }

    /// `item, item, …`; one at least, a missing one too.
    fn comma_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = vec![item(self)];
        while self.eat(TokenKind::Comma) {
            items.push(item(self));
        }
        items
    }

    /// As [`Self::comma_list`] in brackets: none is fine, and so is a comma at the end.
    fn closed_list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        while !self.kind().is_closing() {
            items.push(item(self));
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        items
    }

    /// Steps over what can't be understood, up to what ends an operator here.
    fn skip_to_closing(&mut self) {
        let mut open = 0_usize;
        loop {
            let kind = self.kind();
            match kind {
                TokenKind::End => return,
                _ if kind.counterpart().is_some() => open += 1,
                _ if kind.is_closing() && open == 0 => return,
                TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => open -= 1,
                _ => {}
            }
            self.advance();
        }
    }

    /// A level further down. `None`, reported, if that is too deep; the rest of the text is then not read.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let outer = self.enter()?;
        let result = inner(self);
        self.leave(outer);
        Some(result)
    }

    /// Goes a level down, and gives what [`Self::leave`] needs.
    fn enter(&mut self) -> Option<usize> {
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return None;
        }
        self.depth += 1;
        Some(std::mem::take(&mut self.height))
    }

    fn leave(&mut self, outer: usize) {
        self.depth -= 1;
        self.height = outer.max(self.height + 1);
    }

    /// To be called where what was parsed becomes a child of a new node on the same level.
    fn wrap(&mut self) {
        self.height += 1;
        if self.depth + self.height > MAX_DEPTH {
            self.too_deep();
        }
    }

    fn too_deep(&mut self) {
        let at = self.token().span;
        if self.kind() != TokenKind::End {
            let message = format!("this is nested or chained deeper than {MAX_DEPTH} levels");
            self.report(Code::TooDeep, message, at);
        }
        self.stop();
    }

    fn missing(&self) -> Expr {
        Expr::new(ExprKind::Missing, Span::at(self.start()))
    }

    fn report(&mut self, code: Code, message: String, span: Span) {
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(Diagnostic { code, message, span });
        } else {
            self.stop();
        }
    }

    /// Reads nothing more, and reports nothing more.
    fn stop(&mut self) {
        self.at = self.tokens.len() - 1;
        self.reported_at = Some(self.at);
    }

    /// Reports that `what` should stand where the current token stands.
    fn report_expected(&mut self, what: &str) {
        self.report_at_token(Code::Unexpected, |parser| {
            format!("expected {what}, found {}{}", parser.found(), parser.hint())
        });
    }

    fn report_at_token(&mut self, code: Code, message: impl FnOnce(&Self) -> String) {
        if self.reported_at == Some(self.at) || self.kind() == TokenKind::Unknown {
            self.reported_at = Some(self.at);
            return;
        }
        self.reported_at = Some(self.at);
        let message = message(self);
        self.report(code, message, self.token().span);
    }

    /// What a message says of the current token.
    fn found(&self) -> String {
        match self.kind() {
            TokenKind::Word | TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan | TokenKind::String => {
                const SHOWN: usize = 40;
                let text = self.text_at(0);
                match text.char_indices().nth(SHOWN) {
                    Some((cut, _)) => format!("`{}…`", &text[..cut]),
                    None => format!("`{text}`"),
                }
            }
            kind => kind.text().into(),
        }
    }

    /// What the author may have meant.
    fn hint(&self) -> String {
        match self.kind() {
            TokenKind::Assign => "; to compare, write `==`".into(),
            TokenKind::Word => match nearest(self.word(), infix::OPERATOR_WORDS.iter().copied()) {
                Some(near) if near != self.word() => format!("; did you mean `{near}`?"),
                _ => String::new(),
            },
            _ => String::new(),
        }
    }
}
