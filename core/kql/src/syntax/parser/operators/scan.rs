//! `scan`.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::tree::OperatorKind;
use crate::syntax::tree::operators::{Scan, ScanOutput, ScanStep};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn scan(&mut self) -> OperatorKind {
        let parameters = self.parameters(&["with_match_id", "with_step_name", "kind"]);
        let mut scan = Scan {
            parameters,
            order_by: Vec::new(),
            partition_by: Vec::new(),
            declare: Vec::new(),
            steps: Vec::new(),
        };
        if self.eat_word("order") {
            self.expect_word("by");
            scan.order_by = self.comma_list(Self::sort_key);
        }
        if self.eat_word("partition") {
            self.expect_word("by");
            scan.partition_by = self.comma_list(Self::expr);
        }
        if self.eat_word("declare") {
            scan.declare =
                self.parenthesized(|parser| parser.closed_list(Self::parameter_decl)).unwrap_or_default();
        }
        self.expect_word("with");
        scan.steps = self.parenthesized(Self::scan_steps).unwrap_or_default();
        OperatorKind::Scan(Box::new(scan))
    }

    fn scan_steps(&mut self) -> Vec<ScanStep> {
        let mut steps = Vec::new();
        while self.eat_word("step") {
            steps.push(self.scan_step());
            if !self.eat(TokenKind::Semicolon) {
                break;
            }
        }
        if steps.is_empty() {
            self.report_expected("`step`");
        }
        steps
    }

    fn scan_step(&mut self) -> ScanStep {
        let start = self.start();
        let name = self.name();
        let is_optional = self.eat_word("optional");
        let output = if self.word() == "output" && self.kind_at(1) == TokenKind::Assign {
            self.advance();
            self.advance();
            self.scan_output()
        } else {
            ScanOutput::All
        };
        self.expect(TokenKind::Colon);
        let predicate = self.expr();
        let assignments = if self.eat(TokenKind::FatArrow) {
            self.comma_list(|parser| {
                let name = parser.name();
                let value = if parser.expect(TokenKind::Assign) { parser.expr() } else { parser.missing() };
                (name, value)
            })
        } else {
            Vec::new()
        };
        ScanStep { name, is_optional, output, predicate, assignments, span: self.span_from(start) }
    }

    fn scan_output(&mut self) -> ScanOutput {
        let output = match self.word() {
            "all" => ScanOutput::All,
            "last" => ScanOutput::Last,
            "none" => ScanOutput::None,
            _ => {
                self.report_expected("`all`, `last` or `none`");
                return ScanOutput::All;
            }
        };
        self.advance();
        output
    }
}
