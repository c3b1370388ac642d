//! Operators with a second table or a function.

use crate::syntax::parser::Parser;
use crate::syntax::parser::names::take_name;
use crate::syntax::tree::operators::{Invoke, Join, JoinCondition, Lookup};
use crate::syntax::tree::{ExprKind, OperatorKind};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn join(&mut self) -> OperatorKind {
        let mut hints = self.parameters(&["kind", "isfuzzy"]);
        let kind = take_name(&mut hints, &["kind"]);
        let right = self.expr();
        let condition = match self.word() {
            "on" => {
                self.advance();
                JoinCondition::On(self.optional_list(Self::expr))
            }
            "where" => {
                self.advance();
                JoinCondition::Where(self.expr())
            }
            _ => JoinCondition::None,
        };
        OperatorKind::Join(Box::new(Join { kind, hints, right, condition }))
    }

    pub(in crate::syntax::parser) fn lookup(&mut self) -> OperatorKind {
        let mut hints = self.parameters(&["kind"]);
        let kind = take_name(&mut hints, &["kind"]);
        let right = self.expr();
        self.expect_word("on");
        let on = self.comma_list(Self::expr);
        OperatorKind::Lookup(Box::new(Lookup { kind, hints, right, on }))
    }

    pub(in crate::syntax::parser) fn invoke(&mut self) -> OperatorKind {
        let call = self.expr();
        if !matches!(call.kind, ExprKind::Call(_) | ExprKind::MemberCall { .. } | ExprKind::Missing) {
            self.report_expected("`(` and the arguments of a function");
        }
        OperatorKind::Invoke(Invoke { call })
    }
}
