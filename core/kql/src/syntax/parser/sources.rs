//! What makes rows without an input, and the operators that may be that.

use super::Parser;
use super::names::take_name;
use crate::syntax::tree::{
    DataTable, Expr, ExprKind, ExternalData, Find, FindColumn, Literal, Parameter, Range, Search, Source,
    Union,
};
use crate::syntax::{Span, TokenKind};

impl<'a> Parser<'a> {
    /// The operator that begins a query, if one does here. `datatable` and `externaldata` are expressions.
    pub(super) fn source(&mut self) -> Option<Expr> {
        if !self.begins_source() {
            return None;
        }
        let start = self.start();
        let source = Box::new(self.source_operator());
        Some(Expr::new(ExprKind::Source(source), self.span_from(start)))
    }

    fn begins_source(&self) -> bool {
        let word = self.word();
        let next = self.kind_at(1);
        match word {
            "range" => match self.name_length(1) {
                0 => false,
                length => self.word_at(1 + length) == "from",
            },
            "print" => self.begins_operand(1),
            "union" => self.begins_operand(1) || next == TokenKind::Star,
            "search" | "find" => {
                self.begins_operand(1)
                    || next == TokenKind::Star
                    || (self.word_at(1) == "in" && self.kind_at(2) == TokenKind::OpenParen)
            }
            "evaluate" => next == TokenKind::Word,
            "entity_group" => next == TokenKind::OpenBracket,
            "macro" => {
                self.kind_at(1) == TokenKind::Minus && self.word_at(2) == "expand" && self.is_adjacent(1)
            }
            _ => false,
        }
    }

    fn source_operator(&mut self) -> Source {
        let word = self.word();
        self.advance();
        match word {
            "range" => Source::Range(self.range()),
            "print" => Source::Print(self.comma_list(Self::named_expr)),
            "union" => Source::Union(self.union()),
            "search" => Source::Search(self.search()),
            "find" => Source::Find(self.find()),
            "evaluate" => Source::Evaluate(self.evaluate()),
            "entity_group" => Source::EntityGroup(self.entities()),
            _ => {
                self.wildcard(2);
                Source::MacroExpand(self.macro_expand())
            }
        }
    }

    /// Whether an operand stands there, rather than an operator after a name.
    fn begins_operand(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            TokenKind::Word => !super::infix::OPERATOR_WORDS.contains(&self.word_at(ahead)),
            TokenKind::OpenBracket => self.name_length(ahead) > 0 && !self.is_adjacent(ahead),
            TokenKind::String
            | TokenKind::Long
            | TokenKind::Real
            | TokenKind::TimeSpan
            | TokenKind::RawGuid
            | TokenKind::Typed(_)
            | TokenKind::OpenParen
            | TokenKind::OpenBrace
            | TokenKind::Minus
            | TokenKind::Plus => true,
            _ => false,
        }
    }

    fn range(&mut self) -> Range {
        let name = self.name();
        let mut part = |word: &str| if self.expect_word(word) { self.expr() } else { self.missing() };
        let (from, to, step) = (part("from"), part("to"), part("step"));
        Range { name, from, to, step }
    }

    /// After `datatable`.
    pub(super) fn datatable(&mut self) -> Source {
        let parameters = self.parameters(&[]);
        let columns = self.schema();
        let values = self
            .bracketed(TokenKind::OpenBracket, |parser| parser.closed_list(Self::expr))
            .unwrap_or_default();
        Source::DataTable(DataTable { parameters, columns, values })
    }

    /// After `externaldata`.
    pub(super) fn externaldata(&mut self) -> Source {
        let parameters = self.parameters(&[]);
        let columns = self.schema();
        let urls = self
            .bracketed(TokenKind::OpenBracket, |parser| parser.closed_list(Self::expr))
            .unwrap_or_default();
        let properties = if self.eat_word("with") { self.properties() } else { Vec::new() };
        Source::ExternalData(ExternalData { parameters, columns, urls, properties })
    }

    /// After `union`.
    pub(super) fn union(&mut self) -> Union {
        let mut hints = self.parameters(&["kind", "withsource", "with_source", "isfuzzy"]);
        let kind = take_name(&mut hints, &["kind"]);
        let with_source = take_name(&mut hints, &["withsource", "with_source"]);
        let is_fuzzy = take_bool(&mut hints, "isfuzzy");
        let tables = self.comma_list(Self::entity);
        Union { kind, with_source, is_fuzzy, hints, tables }
    }

    /// A table: a name, also with wildcards or after a database, a call, or a query in parentheses.
    pub(super) fn entity(&mut self) -> Expr {
        let start = self.start();
        match self.wildcard_length(0) {
            0 => self.nested(|parser| parser.postfix(true)).unwrap_or_else(|| self.missing()),
            1 if self.eat(TokenKind::Star) => Expr::new(ExprKind::Star, self.span_from(start)),
            length => {
                let (pattern, span) = self.wildcard(length);
                Expr::new(ExprKind::Wildcard(pattern), span)
            }
        }
    }

    /// `[a, b]`.
    pub(super) fn entities(&mut self) -> Vec<Expr> {
        self.bracketed(TokenKind::OpenBracket, |parser| parser.closed_list(Self::entity)).unwrap_or_default()
    }

    /// `in (a, b*)` of `search` and `find`.
    fn scope(&mut self) -> Vec<Expr> {
        if !(self.word() == "in" && self.kind_at(1) == TokenKind::OpenParen) {
            return Vec::new();
        }
        self.advance();
        self.parenthesized(|parser| {
            parser.closed_list(|parser| {
                let table = parser.entity();
                // `(T | as name)`
                parser.pipeline(table)
            })
        })
        .unwrap_or_default()
    }

    /// After `search`.
    pub(super) fn search(&mut self) -> Search {
        let mut hints = self.parameters(&["kind", "withsource", "with_source"]);
        let kind = take_name(&mut hints, &["kind"]);
        let tables = self.scope();
        Search { kind, hints, tables, predicate: self.expr() }
    }

    /// After `find`.
    pub(super) fn find(&mut self) -> Find {
        let mut hints = self.parameters(&["withsource", "with_source"]);
        let with_source = take_name(&mut hints, &["withsource", "with_source"]);
        let tables = self.scope();
        self.eat_word("where");
        let predicate = self.expr();
        let mut columns = Vec::new();
        let mut away = Vec::new();
        self.eat_dashed("project-smart");
        let is_smart = self.dashed_word() != "project";
        if !is_smart {
            self.advance();
            columns = self.comma_list(Self::find_column);
        }
        if self.eat_dashed("project-away") {
            away = self.comma_list(Self::column_pattern);
        }
        Find { with_source, hints, tables, predicate, is_smart, columns, away }
    }

    fn find_column(&mut self) -> FindColumn {
        let start = self.start();
        if self.word() == "pack"
            && self.kind_at(1) == TokenKind::OpenParen
            && self.kind_at(2) == TokenKind::Star
        {
            self.wildcard(3);
            self.expect(TokenKind::CloseParen);
            return FindColumn::Pack(self.span_from(start));
        }
        let name = self.name();
        let type_name = self.eat(TokenKind::Colon).then(|| self.type_name());
        FindColumn::Column { name, type_name }
    }

    /// Steps over a word with dashes, if it is that one.
    pub(super) fn eat_dashed(&mut self, word: &str) -> bool {
        let found = self.dashed_word() == word;
        if found {
            self.wildcard(self.dashed_length());
        }
        found
    }

    /// The word that stands here with what dashes join to it; empty for none.
    pub(super) fn dashed_word(&self) -> &'a str {
        match self.dashed_length() {
            0 => "",
            length => Span::new(self.start(), self.token_at(length - 1).span.end).text(self.text),
        }
    }

    /// How many tokens a word with dashes takes that begins here: with nothing between them.
    pub(super) fn dashed_length(&self) -> usize {
        if self.kind() != TokenKind::Word {
            return 0;
        }
        let mut length = 1;
        while self.kind_at(length) == TokenKind::Minus
            && self.kind_at(length + 1) == TokenKind::Word
            && self.is_adjacent(length)
            && self.is_adjacent(length + 1)
        {
            length += 2;
        }
        length
    }
}

/// Takes the parameter of that name out of a list: whether it is true.
fn take_bool(parameters: &mut Vec<Parameter>, name: &str) -> bool {
    let Some(at) = parameters.iter().position(|parameter| parameter.name.text == name) else { return false };
    matches!(parameters.remove(at).value.kind, ExprKind::Literal(Literal::Bool(true)))
}
