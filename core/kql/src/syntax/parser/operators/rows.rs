//! Operators that choose and order rows.

use crate::syntax::TokenKind;
use crate::syntax::diagnostic::Code;
use crate::syntax::parser::Parser;
use crate::syntax::tree::operators::{
    Count, NullsOrder, Sample, SampleDistinct, Sort, SortKey, SortOrder, Take, Top, Where,
};
use crate::syntax::tree::{ExprKind, OperatorKind, ScalarType};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn where_(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        let named = self.named_expr();
        // A name means nothing here, and is allowed: `where a = true` keeps every row. Before a value that can be
        // no condition it is a mistake.
        if let (Some(_), ExprKind::Literal(literal)) = (&named.target, &named.value.kind)
            && literal.scalar_type() != ScalarType::Bool
        {
            let message = "`=` names a value; to compare, write `==`".into();
            self.report(Code::Unexpected, message, named.span);
        }
        OperatorKind::Where(Where { hints, predicate: named.value })
    }

    pub(in crate::syntax::parser) fn count(&mut self) -> OperatorKind {
        self.parameters(&[]);
        let name = self.eat_word("as").then(|| self.name());
        OperatorKind::Count(Count { name })
    }

    pub(in crate::syntax::parser) fn take(&mut self) -> OperatorKind {
        self.parameters(&[]);
        OperatorKind::Take(Take { count: self.expr() })
    }

    pub(in crate::syntax::parser) fn sample(&mut self) -> OperatorKind {
        self.parameters(&[]);
        OperatorKind::Sample(Sample { count: self.expr() })
    }

    pub(in crate::syntax::parser) fn sample_distinct(&mut self) -> OperatorKind {
        self.parameters(&[]);
        let count = self.expr();
        self.expect_word("of");
        OperatorKind::SampleDistinct(Box::new(SampleDistinct { count, of: self.named_expr() }))
    }

    pub(in crate::syntax::parser) fn sort(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        self.expect_word("by");
        OperatorKind::Sort(Sort { hints, keys: self.comma_list(Self::sort_key) })
    }

    pub(in crate::syntax::parser) fn top(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        let count = self.expr();
        self.expect_word("by");
        OperatorKind::Top(Box::new(Top { hints, count, keys: self.comma_list(Self::sort_key) }))
    }

    /// `value asc nulls first`.
    pub(in crate::syntax::parser) fn sort_key(&mut self) -> SortKey {
        let value = self.named_expr();
        let order = match self.dashed_word() {
            "asc" | "granny-asc" => Some(SortOrder::Ascending),
            "desc" | "granny-desc" => Some(SortOrder::Descending),
            _ => None,
        };
        if order.is_some() {
            self.wildcard(self.dashed_length());
        }
        let nulls = self.eat_word("nulls").then(|| self.nulls_order()).flatten();
        SortKey { value, order, nulls }
    }

    fn nulls_order(&mut self) -> Option<NullsOrder> {
        let order = match (self.kind(), self.word()) {
            (TokenKind::Word, "first") => NullsOrder::First,
            (TokenKind::Word, "last") => NullsOrder::Last,
            _ => {
                self.report_expected("`first` or `last`");
                return None;
            }
        };
        self.advance();
        Some(order)
    }
}
