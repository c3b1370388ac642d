//! `source | operator | …`, and which operator it is.

use super::Parser;
use crate::syntax::diagnostic::{Code, nearest};
use crate::syntax::tree::operators::Subquery;
use crate::syntax::tree::{Expr, ExprKind, Operator, OperatorKind, Pipeline};
use crate::syntax::{Span, TokenKind};

/// What reads an operator after its word.
type Read = fn(&mut Parser<'_>) -> OperatorKind;

/// Every spelling of every operator.
const OPERATORS: &[(&str, Read)] = &[
    ("where", |parser| parser.where_()),
    ("extend", |parser| OperatorKind::Extend(parser.comma_list(Parser::named_expr))),
    ("project", |parser| parser.project()),
    ("summarize", |parser| parser.summarize()),
    ("join", |parser| parser.join()),
    ("sort", |parser| parser.sort()),
    ("order", |parser| parser.sort()),
    ("distinct", |parser| parser.distinct()),
    ("mv-expand", |parser| parser.mv_expand(false)),
    ("mvexpand", |parser| parser.mv_expand(true)),
    ("union", |parser| OperatorKind::Union(parser.union())),
    ("project-reorder", |parser| parser.project_reorder()),
    ("project-away", |parser| parser.project_away()),
    ("project-keep", |parser| parser.project_keep()),
    ("project-rename", |parser| parser.project_rename()),
    ("render", |parser| parser.render()),
    ("top", |parser| parser.top()),
    ("parse", |parser| parser.parse(false)),
    ("parse-where", |parser| parser.parse(true)),
    ("parse-kv", |parser| parser.parse_kv()),
    ("mv-apply", |parser| parser.mv_apply()),
    ("mvapply", |parser| parser.mv_apply()),
    ("invoke", |parser| parser.invoke()),
    ("evaluate", |parser| OperatorKind::Evaluate(parser.evaluate())),
    ("lookup", |parser| parser.lookup()),
    ("take", |parser| parser.take()),
    ("limit", |parser| parser.take()),
    ("as", |parser| parser.as_()),
    ("make-series", |parser| parser.make_series()),
    ("search", |parser| OperatorKind::Search(Box::new(parser.search()))),
    ("serialize", |parser| parser.serialize()),
    ("count", |parser| parser.count()),
    ("find", |parser| OperatorKind::Find(Box::new(parser.find()))),
    ("filter", |parser| parser.where_()),
    ("scan", |parser| parser.scan()),
    ("top-nested", |parser| parser.top_nested()),
    ("top-hitters", |parser| parser.top_hitters()),
    ("partition", |parser| parser.partition()),
    ("reduce", |parser| parser.reduce()),
    ("getschema", |_| OperatorKind::GetSchema),
    ("sample", |parser| parser.sample()),
    ("sample-distinct", |parser| parser.sample_distinct()),
    ("facet", |parser| parser.facet()),
    ("fork", |parser| parser.fork()),
    ("consume", |parser| OperatorKind::Consume(parser.parameters(&["decodeblocks"]))),
    ("execute-and-cache", |_| OperatorKind::ExecuteAndCache),
    ("project-by-names", |parser| OperatorKind::ProjectByNames(parser.optional_list(Parser::expr))),
    ("assert-schema", |parser| parser.assert_schema()),
    ("macro-expand", |parser| OperatorKind::MacroExpand(Box::new(parser.macro_expand()))),
    ("make-graph", |parser| parser.make_graph()),
    ("graph-match", |parser| OperatorKind::GraphMatch(Box::new(parser.graph_match()))),
    ("graph-shortest-paths", |parser| OperatorKind::GraphShortestPaths(Box::new(parser.graph_match()))),
    ("graph-to-table", |parser| parser.graph_to_table()),
    ("graph-where-edges", |parser| OperatorKind::GraphWhereEdges(parser.expr())),
    ("graph-where-nodes", |parser| OperatorKind::GraphWhereNodes(parser.expr())),
    ("graph-mark-components", |parser| parser.graph_mark_components()),
];

impl Parser<'_> {
    /// The operators after a source, if there are any.
    pub(super) fn pipeline(&mut self, source: Expr) -> Expr {
        if self.kind() != TokenKind::Bar {
            return source;
        }
        let start = source.span.start;
        let operators = self.piped_operators();
        self.wrap();
        Expr::new(ExprKind::Pipeline(Box::new(Pipeline { source, operators })), self.span_from(start))
    }

    /// `| operator | operator …`.
    pub(super) fn piped_operators(&mut self) -> Vec<Operator> {
        let mut operators = Vec::new();
        while self.eat(TokenKind::Bar) {
            operators.push(self.operator());
        }
        operators
    }

    /// `operator | operator …`, in parentheses.
    pub(super) fn subquery(&mut self) -> Subquery {
        let start = self.start();
        let operators = self.parenthesized(|parser| {
            parser.nested(|parser| {
                let mut operators = vec![parser.operator()];
                operators.extend(parser.piped_operators());
                operators
            })
        });
        Subquery { operators: operators.flatten().unwrap_or_default(), span: self.span_from(start) }
    }

    fn operator(&mut self) -> Operator {
        let start = self.start();
        let length = self.dashed_length();
        let word = self.dashed_word();
        let keyword = Span::new(start, start + word.len() as u32);
        let kind = match OPERATORS.iter().find(|(text, _)| *text == word) {
            Some((_, read)) => {
                self.wildcard(length);
                read(self)
            }
            None => {
                self.unknown_operator(word, keyword);
                self.skip_to_closing();
                OperatorKind::Missing
            }
        };
        if !self.kind().is_closing() {
            let end = match self.open.last() {
                Some(close) => close.text(),
                None => TokenKind::End.text(),
            };
            self.report_expected(&format!("`|` or {end}"));
            self.skip_to_closing();
        }
        Operator { kind, keyword, span: self.span_from(start) }
    }

    fn unknown_operator(&mut self, word: &str, place: Span) {
        if word.is_empty() {
            self.report_expected("an operator");
            return;
        }
        let hint = match nearest(word, OPERATORS.iter().map(|(text, _)| *text)) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => String::new(),
        };
        let shown: String = word.chars().take(60).collect();
        self.report(Code::UnknownOperator, format!("`{shown}` is no operator{hint}"), place);
        self.reported_at = Some(self.at);
    }
}
