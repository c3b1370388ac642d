//! Operators about a result's name, schema and looks.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::tree::operators::{As, AssertSchema, Evaluate, OutputSchema, Render};
use crate::syntax::tree::{Call, OperatorKind, Parameter};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn as_(&mut self) -> OperatorKind {
        let hints = self.parameters(&[]);
        OperatorKind::As(As { hints, name: self.name() })
    }

    pub(in crate::syntax::parser) fn assert_schema(&mut self) -> OperatorKind {
        OperatorKind::AssertSchema(AssertSchema { columns: self.schema() })
    }

    pub(in crate::syntax::parser) fn evaluate(&mut self) -> Evaluate {
        let hints = self.parameters(&[]);
        let call: Call = self.call();
        let schema = self.eat(TokenKind::Colon).then(|| {
            let (columns, star_at) = self.open_schema();
            OutputSchema { columns, star_at }
        });
        Evaluate { hints, call, schema }
    }

    pub(in crate::syntax::parser) fn render(&mut self) -> OperatorKind {
        let chart = self.name();
        let mut properties = Vec::new();
        // The old form has no parentheses.
        loop {
            if self.word() == "with" && self.kind_at(1) == TokenKind::OpenParen {
                self.advance();
                properties.extend(self.properties());
            } else if self.word() == "by" || self.word() == "with" {
                let name = self.name();
                let values = self.comma_list(Self::expr);
                let span = self.span_from(name.span.start);
                properties.extend(values.into_iter().map(|value| Parameter {
                    name: name.clone(),
                    value,
                    span,
                }));
            } else {
                let found =
                    self.parameters(&["title", "kind", "accumulate", "xcolumn", "ycolumns", "series"]);
                if found.is_empty() {
                    break;
                }
                properties.extend(found);
            }
        }
        OperatorKind::Render(Render { chart, properties })
    }
}
