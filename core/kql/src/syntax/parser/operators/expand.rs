//! Operators that make rows of elements.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::parser::names::take_name;
use crate::syntax::tree::operators::{ExpandColumn, MvApply, MvExpand};
use crate::syntax::tree::{OperatorKind, TypeExpr, TypeName};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn mv_expand(&mut self, is_legacy: bool) -> OperatorKind {
        let mut hints = self.parameters(&["kind", "bagexpansion", "with_itemindex"]);
        let kind = take_name(&mut hints, &["kind", "bagexpansion"]);
        let item_index = take_name(&mut hints, &["with_itemindex"]);
        let columns = self.comma_list(Self::expand_column);
        let limit = self.eat_word("limit").then(|| self.expr());
        OperatorKind::MvExpand(MvExpand { is_legacy, kind, item_index, hints, columns, limit })
    }

    pub(in crate::syntax::parser) fn mv_apply(&mut self) -> OperatorKind {
        let mut hints = self.parameters(&["with_itemindex", "kind", "bagexpansion"]);
        let item_index = take_name(&mut hints, &["with_itemindex"]);
        let begins_clause = matches!(self.word(), "on" | "limit" | "id")
            && !matches!(self.kind_at(1), TokenKind::Comma | TokenKind::Assign)
            && self.word_at(1) != "to";
        let columns = if begins_clause { Vec::new() } else { self.comma_list(Self::expand_column) };
        let limit = self.eat_word("limit").then(|| self.expr());
        if self.eat_word("id") {
            // Of the service's own rewriting; it means nothing to the query.
            self.expr();
        }
        self.expect_word("on");
        let on = self.subquery();
        OperatorKind::MvApply(Box::new(MvApply { item_index, hints, columns, limit, on }))
    }

    /// `value to typeof(type)`.
    fn expand_column(&mut self) -> ExpandColumn {
        let value = self.named_expr();
        let to = self.eat_word("to").then(|| self.target_type()).flatten();
        ExpandColumn { value, to }
    }

    fn target_type(&mut self) -> Option<TypeName> {
        if !self.expect_word("typeof") {
            return None;
        }
        let place = self.at;
        match self.type_expr() {
            TypeExpr::Scalar(of) => Some(of),
            TypeExpr::Table { .. } => {
                if self.reported_at.is_none_or(|at| at < place) {
                    self.report_expected("one type in `typeof`");
                }
                None
            }
        }
    }
}
