//! Operators that run operators of their own.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::tree::operators::{Facet, Fork, ForkBranch, MacroExpand, Partition, PartitionBody};
use crate::syntax::tree::{Expr, OperatorKind};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn partition(&mut self) -> OperatorKind {
        let parameters = self.parameters(&[]);
        self.expect_word("by");
        // A path, no call: the parenthesis after it begins the subquery.
        let by = self.path();
        let within = self.eat_word("in").then(|| self.unary());
        let body = match self.kind() {
            TokenKind::OpenBrace => {
                let query = self.bracketed(TokenKind::OpenBrace, Self::query);
                PartitionBody::Explicit(query.unwrap_or_else(|| self.missing()))
            }
            _ => PartitionBody::Implicit(self.subquery()),
        };
        OperatorKind::Partition(Box::new(Partition { parameters, by, within, body }))
    }

    pub(in crate::syntax::parser) fn facet(&mut self) -> OperatorKind {
        self.expect_word("by");
        let by = self.comma_list(Self::path);
        let with = self.eat_word("with").then(|| self.subquery());
        OperatorKind::Facet(Facet { by, with })
    }

    pub(in crate::syntax::parser) fn fork(&mut self) -> OperatorKind {
        let mut branches = Vec::new();
        while !self.kind().is_closing() {
            let length = self.name_length(0);
            let name = (length > 0 && self.kind_at(length) == TokenKind::Assign).then(|| {
                let name = self.name();
                self.advance();
                name
            });
            if self.kind() != TokenKind::OpenParen {
                break;
            }
            branches.push(ForkBranch { name, query: self.subquery() });
            // Not needed, and often written.
            self.eat(TokenKind::Comma);
        }
        if branches.is_empty() {
            self.report_expected("`(` and operators");
        }
        OperatorKind::Fork(Fork { branches })
    }

    /// After `macro-expand`.
    pub(in crate::syntax::parser) fn macro_expand(&mut self) -> MacroExpand {
        let parameters = self.parameters(&["kind", "isfuzzy"]);
        let mut entities = Vec::new();
        let mut group = None;
        if self.word() == "entity_group" && self.kind_at(1) == TokenKind::OpenBracket {
            self.advance();
            entities = self.entities();
        } else {
            group = Some(self.path());
        }
        self.expect_word("as");
        let scope = self.name();
        let body =
            self.parenthesized(|parser| parser.nested(|parser| parser.statements(TokenKind::CloseParen)));
        MacroExpand { parameters, group, entities, scope, body: body.flatten().unwrap_or_default() }
    }

    /// A name with members and elements.
    pub(in crate::syntax::parser) fn path(&mut self) -> Expr {
        let name = self.name_expr();
        self.postfix_of(name, false)
    }
}
