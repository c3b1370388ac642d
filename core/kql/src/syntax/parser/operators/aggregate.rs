//! Operators that make one row of many.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::tree::OperatorKind;
use crate::syntax::tree::operators::{
    Distinct, MakeSeries, MakeSeriesColumn, MakeSeriesRange, Reduce, Summarize, TopHitters, TopNested,
    TopNestedLevel,
};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn summarize(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        let is_by = self.word() == "by" && self.kind_at(1) != TokenKind::Assign;
        let aggregates =
            if is_by || self.kind().is_closing() { Vec::new() } else { self.comma_list(Self::named_expr) };
        let has_by = self.eat_word("by");
        let by = if has_by { self.comma_list(Self::named_expr) } else { Vec::new() };
        let bin = (self.word() == "bin" && self.kind_at(1) == TokenKind::Assign).then(|| {
            self.advance();
            self.advance();
            self.expr()
        });
        OperatorKind::Summarize(Summarize { hints, aggregates, by, has_by, bin })
    }

    pub(in crate::syntax::parser) fn distinct(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        OperatorKind::Distinct(Distinct { hints, columns: self.comma_list(Self::named_expr) })
    }

    pub(in crate::syntax::parser) fn make_series(&mut self) -> OperatorKind {
        let parameters = self.parameters(&["kind"]);
        let columns = self.comma_list(|parser| {
            let aggregate = parser.named_expr();
            let has_default = parser.word() == "default" && parser.kind_at(1) == TokenKind::Assign;
            let default = has_default.then(|| {
                parser.advance();
                parser.advance();
                parser.expr()
            });
            MakeSeriesColumn { aggregate, default }
        });
        self.expect_word("on");
        let on = self.named_expr();
        let range = if self.word() == "in" && self.word_at(1) == "range" {
            self.advance();
            self.advance();
            self.series_range()
        } else {
            let from = self.eat_word("from").then(|| self.expr());
            let to = self.eat_word("to").then(|| self.expr());
            let step = if self.expect_word("step") { self.expr() } else { self.missing() };
            MakeSeriesRange::Steps { from, to, step }
        };
        let by = if self.eat_word("by") { self.comma_list(Self::named_expr) } else { Vec::new() };
        OperatorKind::MakeSeries(Box::new(MakeSeries { parameters, columns, on, range, by }))
    }

    /// `(from, to, step)`.
    fn series_range(&mut self) -> MakeSeriesRange {
        let range = self.parenthesized(|parser| {
            let from = parser.expr();
            let to = if parser.expect(TokenKind::Comma) { parser.expr() } else { parser.missing() };
            let step = if parser.expect(TokenKind::Comma) { parser.expr() } else { parser.missing() };
            MakeSeriesRange::In { from, to, step }
        });
        range.unwrap_or_else(|| MakeSeriesRange::Steps { from: None, to: None, step: self.missing() })
    }

    pub(in crate::syntax::parser) fn top_hitters(&mut self) -> OperatorKind {
        self.parameters(&[]);
        let count = self.expr();
        self.expect_word("of");
        let of = self.named_expr();
        let by = self.eat_word("by").then(|| self.sort_key());
        OperatorKind::TopHitters(Box::new(TopHitters { count, of, by }))
    }

    pub(in crate::syntax::parser) fn top_nested(&mut self) -> OperatorKind {
        let mut levels = vec![self.top_nested_level()];
        while self.eat(TokenKind::Comma) {
            if !self.eat_dashed("top-nested") {
                self.report_expected("`top-nested`");
            }
            levels.push(self.top_nested_level());
        }
        OperatorKind::TopNested(TopNested { levels })
    }

    fn top_nested_level(&mut self) -> TopNestedLevel {
        let count = (self.word() != "of").then(|| self.expr());
        self.expect_word("of");
        let of = self.named_expr();
        let others = (self.word() == "with" && self.word_at(1) == "others").then(|| {
            self.advance();
            self.advance();
            if self.expect(TokenKind::Assign) { self.expr() } else { self.missing() }
        });
        self.expect_word("by");
        TopNestedLevel { count, of, others, by: self.sort_key() }
    }

    pub(in crate::syntax::parser) fn reduce(&mut self) -> OperatorKind {
        let parameters = self.parameters(&["kind"]);
        self.expect_word("by");
        let by = self.named_expr();
        let properties = if self.eat_word("with") { self.comma_list(Self::named_expr) } else { Vec::new() };
        OperatorKind::Reduce(Box::new(Reduce { parameters, by, properties }))
    }
}
