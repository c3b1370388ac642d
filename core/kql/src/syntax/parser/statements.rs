//! Statements.

use super::Parser;
use crate::syntax::TokenKind;
use crate::syntax::diagnostic::Code;
use crate::syntax::tree::{
    Command, CommandWord, Expr, ExprKind, FunctionDecl, Let, LetValue, Name, ParameterDecl, ParameterType,
    Pattern, PatternCase, Query, Restrict, Statement, StatementKind,
};

impl Parser<'_> {
    /// A whole text.
    pub(super) fn query_text(&mut self) -> Query {
        let statements = self.statements(TokenKind::End);
        if statements.is_empty() && self.diagnostics.is_empty() {
            let place = self.token().span;
            self.report(Code::Empty, "the query is empty".into(), place);
        }
        Query { statements }
    }

    /// Statements up to `end`, which is left where it is.
    pub(super) fn statements(&mut self, end: TokenKind) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            while self.eat(TokenKind::Semicolon) {}
            if self.kind() == end || self.kind() == TokenKind::End {
                return statements;
            }
            let before = self.at;
            statements.push(self.statement());
            if matches!(self.kind(), TokenKind::Semicolon | TokenKind::End) || self.kind() == end {
                continue;
            }
            self.report_expected(if end == TokenKind::End { "`;` or the end of the query" } else { "`;`" });
            if self.at > before && self.begins_declaration() {
                continue;
            }
            if !self.skip_statement(end) {
                return statements;
            }
        }
    }

    /// Up to the next `;` or `end` that belongs to no brackets.
    fn skip_statement(&mut self, end: TokenKind) -> bool {
        loop {
            self.skip_to_closing();
            let kind = self.kind();
            if matches!(kind, TokenKind::Semicolon | TokenKind::End) || kind == end {
                return kind != TokenKind::End;
            }
            // A bracket that closes nothing here; one that closes something outside is left.
            if self.open.contains(&kind) {
                return false;
            }
            self.advance();
        }
    }

    /// Whether a statement begins here that no expression looks like.
    fn begins_declaration(&self) -> bool {
        match self.word() {
            "let" => self.name_length(1) > 0,
            "set" => self.kind_at(1) == TokenKind::Word && !self.is_operator_word(1),
            "declare" => matches!(self.word_at(1), "query_parameters" | "pattern"),
            "alias" => self.word_at(1) == "database",
            "restrict" => self.word_at(1) == "access",
            _ => false,
        }
    }

    fn is_operator_word(&self, ahead: usize) -> bool {
        super::infix::OPERATOR_WORDS.contains(&self.word_at(ahead))
    }

    fn statement(&mut self) -> Statement {
        let start = self.start();
        let kind = if self.kind() == TokenKind::Dot {
            StatementKind::Command(self.command())
        } else if self.begins_declaration() {
            match self.advance().span.text(self.text) {
                "let" => self.let_(),
                "set" => self.set(),
                "declare" if self.eat_word("pattern") => StatementKind::Pattern(self.pattern()),
                "declare" => {
                    self.advance();
                    StatementKind::QueryParameters(self.parameter_decls())
                }
                "alias" => self.alias(),
                _ => self.restrict(),
            }
        } else {
            StatementKind::Expression(self.query())
        };
        Statement { kind, span: self.span_from(start) }
    }

    fn let_(&mut self) -> StatementKind {
        let name = self.name();
        let value = if !self.expect(TokenKind::Assign) {
            LetValue::Expr(self.missing())
        } else if self.begins_function() {
            LetValue::Function(self.function())
        } else {
            LetValue::Expr(self.query())
        };
        StatementKind::Let(Let { name, value })
    }

    /// `view (…) {`, `() {`, `(name:`.
    fn begins_function(&self) -> bool {
        let at = usize::from(self.word() == "view");
        if self.kind_at(at) != TokenKind::OpenParen {
            return false;
        }
        match self.name_length(at + 1) {
            0 => {
                self.kind_at(at + 1) == TokenKind::CloseParen && self.kind_at(at + 2) == TokenKind::OpenBrace
            }
            length => self.kind_at(at + 1 + length) == TokenKind::Colon,
        }
    }

    fn function(&mut self) -> FunctionDecl {
        let start = self.start();
        let is_view = self.eat_word("view");
        let parameters = self.parameter_decls();
        let body = self.body();
        FunctionDecl { is_view, parameters, body, span: self.span_from(start) }
    }

    /// `{ statement; …; value }`.
    fn body(&mut self) -> Vec<Statement> {
        let body = self.bracketed(TokenKind::OpenBrace, |parser| {
            parser.nested(|parser| parser.statements(TokenKind::CloseBrace))
        });
        body.flatten().unwrap_or_default()
    }

    fn parameter_decls(&mut self) -> Vec<ParameterDecl> {
        self.parenthesized(|parser| parser.closed_list(Self::parameter_decl)).unwrap_or_default()
    }

    /// `name: type = default`, `name: (column: type, *)`.
    pub(super) fn parameter_decl(&mut self) -> ParameterDecl {
        let start = self.start();
        let name = self.name();
        self.expect(TokenKind::Colon);
        let of = if self.kind() == TokenKind::OpenParen {
            let (columns, star_at) = self.open_schema();
            ParameterType::Table { columns, is_open: star_at.is_some() }
        } else {
            ParameterType::Scalar(self.type_name())
        };
        let default = self.eat(TokenKind::Assign).then(|| self.expr());
        ParameterDecl { name, of, default, span: self.span_from(start) }
    }

    fn set(&mut self) -> StatementKind {
        let name = self.name();
        let value = self.eat(TokenKind::Assign).then(|| self.expr());
        StatementKind::Set { name, value }
    }

    fn alias(&mut self) -> StatementKind {
        self.advance();
        let name = self.name();
        let value = if self.expect(TokenKind::Assign) { self.expr() } else { self.missing() };
        StatementKind::AliasDatabase { name, value }
    }

    fn restrict(&mut self) -> StatementKind {
        self.advance();
        self.expect_word("to");
        let tables = self.parenthesized(|parser| parser.closed_list(Self::entity)).unwrap_or_default();
        StatementKind::Restrict(Restrict { tables })
    }

    fn pattern(&mut self) -> Pattern {
        let mut pattern =
            Pattern { name: self.name(), parameters: Vec::new(), path: None, cases: Vec::new() };
        if !self.eat(TokenKind::Assign) {
            return pattern;
        }
        pattern.parameters = self.parameter_decls();
        if self.kind() == TokenKind::OpenBracket {
            pattern.path = self.bracketed(TokenKind::OpenBracket, Self::parameter_decl);
        }
        self.bracketed(TokenKind::OpenBrace, |parser| {
            while parser.kind() == TokenKind::OpenParen {
                let case = parser.pattern_case();
                pattern.cases.push(case);
                parser.eat(TokenKind::Semicolon);
            }
        });
        pattern
    }

    /// `("x").["y"] = { … }`.
    fn pattern_case(&mut self) -> PatternCase {
        let arguments = self.parenthesized(|parser| parser.closed_list(Self::expr)).unwrap_or_default();
        let path =
            if self.eat(TokenKind::Dot) { self.bracketed(TokenKind::OpenBracket, Self::expr) } else { None };
        self.expect(TokenKind::Assign);
        PatternCase { arguments, path, body: self.body() }
    }

    /// A control command: its words are kept, and who runs it decides what they mean.
    fn command(&mut self) -> Command {
        let start = self.advance().span.start;
        let mut words = Vec::new();
        while !matches!(self.kind(), TokenKind::Bar | TokenKind::Semicolon | TokenKind::End) {
            if let Some(word) = self.command_word() {
                words.push(word);
            }
        }
        let text = self.span_from(start).text(self.text).to_owned();
        let operators = self.piped_operators();
        Command { text, words, operators }
    }

    /// The next token of a command, or several that make a word with dashes.
    fn command_word(&mut self) -> Option<CommandWord> {
        if self.begins_literal() {
            let Expr { kind, span } = self.literal()?;
            return match kind {
                ExprKind::Literal(literal) => Some(CommandWord::Literal(literal, span)),
                _ => None,
            };
        }
        let length = self.dashed_length();
        if length > 1 {
            let (text, span) = self.wildcard(length);
            return Some(CommandWord::Name(Name { text, is_quoted: false, span }));
        }
        if self.name_length(0) > 0 {
            return Some(CommandWord::Name(self.name()));
        }
        let token = self.advance();
        Some(CommandWord::Punctuation(token.kind.text().trim_matches('`'), token.span))
    }
}
