//! Operators that take text apart.

use crate::syntax::TokenKind;
use crate::syntax::diagnostic::Code;
use crate::syntax::parser::Parser;
use crate::syntax::parser::names::take_name;
use crate::syntax::tree::OperatorKind;
use crate::syntax::tree::operators::{Parse, ParseKind, ParseKv, ParsePart};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn parse(&mut self, is_filter: bool) -> OperatorKind {
        let mut hints = self.parameters(&["kind", "flags"]);
        let kind = match take_name(&mut hints, &["kind"]) {
            None => ParseKind::Simple,
            Some(name) => match name.text.as_str() {
                "simple" => ParseKind::Simple,
                "regex" => ParseKind::Regex,
                "relaxed" => ParseKind::Relaxed,
                _ => {
                    let message =
                        format!("`{}` is no kind of `parse`: `simple`, `regex` and `relaxed` are", name.text);
                    self.report(Code::Unexpected, message, name.span);
                    ParseKind::Simple
                }
            },
        };
        let flags = take_name(&mut hints, &["flags"]);
        let value = self.expr();
        self.expect_word("with");
        let mut pattern = Vec::new();
        while let Some(part) = self.parse_part() {
            pattern.push(part);
        }
        if pattern.is_empty() {
            self.report_expected("a string, a column or `*`");
        }
        OperatorKind::Parse(Box::new(Parse { is_filter, kind, flags, hints, value, pattern }))
    }

    fn parse_part(&mut self) -> Option<ParsePart> {
        let start = self.start();
        match self.kind() {
            TokenKind::Star => Some(ParsePart::Star(self.advance().span)),
            TokenKind::String => {
                let text = self.string();
                Some(ParsePart::Text(text, self.span_from(start)))
            }
            _ if self.name_length(0) > 0 => {
                let name = self.name();
                let type_name = self.eat(TokenKind::Colon).then(|| self.type_name());
                Some(ParsePart::Column { name, type_name })
            }
            _ => None,
        }
    }

    pub(in crate::syntax::parser) fn parse_kv(&mut self) -> OperatorKind {
        let value = self.expr();
        self.eat_word("as");
        let columns = self.schema();
        let properties = if self.eat_word("with") { self.properties() } else { Vec::new() };
        OperatorKind::ParseKv(Box::new(ParseKv { value, columns, properties }))
    }
}
