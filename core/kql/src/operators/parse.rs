//! `parse` and `parse-where`: columns from text that has a shape.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Result, balanced, convert, not},
    bound::{Column, Expr, ExprNode, Operator, Relation},
    dynamic::{Path, Step},
    functions::{part, shape},
    syntax::{
        Span,
        tree::operators::{Parse, ParseKind, ParsePart},
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new("parse", r#"T | parse [kind = simple] [flags = regexflags] text with "literal" column[: type] …"#, "Cuts a text into columns at the literals between them; what does not match leaves the columns empty.", &[(r#"print s = "id=7 user=ann" | parse s with "id=" id: long " user=" user | project id, user"#, "7, ann")]).takes(Takes::Values).words(&["with"]).parameters(&[("kind", &["simple", "relaxed", "regex"]), ("flags", &[])]),
    Help::new("parse-where", r#"T | parse-where [kind = simple] [flags = regexflags] text with "literal" column[: type] …"#, "Like `parse`, and leaves out the rows that do not match.", &[(r#"datatable (s: string) ["id=7", "none"] | parse-where s with "id=" id: long | project id"#, "7")]).takes(Takes::Values).words(&["with"]).parameters(&[("kind", &["simple", "regex"]), ("flags", &[])]),
];

impl<'t> Binder<'t> {
    pub(super) fn parse(&mut self, input: Relation, node: &'t Parse, span: Span) -> Result<Relation> {
        let mut columns = Vec::new();
        for part in &node.pattern {
            if let ParsePart::Column { name, type_name } = part {
                let kind = type_name.as_ref().map_or(Ok(ColumnType::String), |name| self.kind(name))?;
                columns.push((Arc::<str>::from(name.text.as_str()), kind));
            }
        }
        let expression = expression(node, &columns);
        let before = self.visible(&input);
        let (over, value) = self.over(input, |binder, row| binder.scalar(&node.value, row))?;
        let value = convert::explicitly(value, ColumnType::String)
            .ok_or_else(|| self.error(Code::Types, node.value.span, "only text can be taken apart"))?;
        let found = Expr::call(ColumnType::Dynamic, &shape::SHAPE, vec![value, Expr::string(&expression)]);
        let found_column = self.fresh("\u{0}found", ColumnType::Dynamic);
        let mut output: Vec<(Arc<str>, Expr)> =
            before.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        output.push((Arc::clone(&found_column.name), found));
        let matched = self.project_on(over, output);
        let Some(found) = matched.column(&found_column.name).map(Column::value) else { return Ok(matched) };
        let mut values = Vec::with_capacity(columns.len());
        let mut fits = vec![not(Expr::operator(ColumnType::Bool, Operator::IsNull, vec![found.clone()]))];
        for (at, (_, kind)) in columns.iter().enumerate() {
            let path = Path(vec![Step::Element(at as i64)]).to_text();
            let text = Expr::call(ColumnType::Dynamic, &part::PART, vec![found.clone(), Expr::string(&path)]);
            let value = convert::explicitly(text, *kind)
                .ok_or_else(|| self.error(Code::Types, span, format!("no text is a {kind}")))?;
            if *kind != ColumnType::String && node.kind != ParseKind::Relaxed {
                fits.push(not(Expr::operator(ColumnType::Bool, Operator::IsNull, vec![value.clone()])));
            }
            values.push(value);
        }
        let does_fit = balanced(Operator::And, fits);
        let mut output: Vec<(Arc<str>, Expr)> =
            before.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        let matched = if node.is_filter { self.filter(matched, does_fit.clone()) } else { matched };
        for ((name, kind), value) in columns.into_iter().zip(values) {
            let value = match node.is_filter {
                true => value,
                false => Expr {
                    kind,
                    node: ExprNode::Case {
                        branches: vec![(does_fit.clone(), value)],
                        otherwise: Box::new(Expr::null(kind)),
                    },
                },
            };
            match output.iter_mut().find(|(known, _)| *known == name) {
                Some(place) => place.1 = value,
                None => output.push((name, value)),
            }
        }
        Ok(self.project_on(matched, output))
    }
}

/// The pattern as a regular expression with a group for each column.
fn expression(node: &Parse, columns: &[(Arc<str>, ColumnType)]) -> String {
    let mut out = String::new();
    let is_regex = node.kind == ParseKind::Regex;
    let flags: String = match &node.flags {
        Some(flags) if is_regex => flags.text.chars().filter(|flag| "imsUx".contains(*flag)).collect(),
        _ => String::new(),
    };
    if is_regex && !flags.is_empty() {
        out.push_str(&format!("(?{flags})"));
    }
    if !is_regex {
        out.push_str("(?s)");
    }
    // Of a regular expression the author says by a flag whether as little as possible is taken.
    let (lazy, greedy) = if is_regex { (".*", ".*") } else { (".*?", ".*") };
    out.push('^');
    let mut at = 0;
    let last = node.pattern.len().saturating_sub(1);
    for (number, part) in node.pattern.iter().enumerate() {
        match part {
            ParsePart::Star(_) if number == last => {}
            ParsePart::Star(_) => out.push_str(lazy),
            ParsePart::Text(text, _) if is_regex => out.push_str(&text.value),
            ParsePart::Text(text, _) => out.push_str(&regex::escape(&text.value)),
            ParsePart::Column { .. } => {
                let kind = columns.get(at).map_or(ColumnType::String, |(_, kind)| *kind);
                at += 1;
                let is_open = matches!(node.pattern.get(number + 1), Some(ParsePart::Star(_)));
                let any = if number == last { greedy } else { lazy };
                let value = match kind {
                    // Behind a number anything may follow: the number says where it ends.
                    ColumnType::Int | ColumnType::Long if is_open && node.kind == ParseKind::Relaxed => {
                        "[+-]?\\d*"
                    }
                    ColumnType::Int | ColumnType::Long if is_open || (is_regex && number != last) => {
                        "[+-]?\\d+"
                    }
                    ColumnType::Real | ColumnType::Decimal if is_open => {
                        "[+-]?\\d+(?:\\.\\d+)?(?:[eE][+-]?\\d+)?"
                    }
                    ColumnType::String | ColumnType::Dynamic => any,
                    _ if is_open => "\\S*",
                    _ => any,
                };
                out.push_str(&format!("(?P<p{}>{value})", at - 1));
            }
        }
    }
    if matches!(node.pattern.last(), Some(ParsePart::Column { .. })) {
        out.push('$');
    }
    out
}
