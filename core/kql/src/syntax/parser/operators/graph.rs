//! Operators of graphs.

use crate::syntax::TokenKind;
use crate::syntax::parser::Parser;
use crate::syntax::tree::operators::{
    Direction, GraphElement, GraphMarkComponents, GraphMatch, GraphNodes, GraphPattern, GraphTableOutput,
    GraphToTable, MakeGraph,
};
use crate::syntax::tree::{Expr, Name, OperatorKind};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn make_graph(&mut self) -> OperatorKind {
        let parameters = self.parameters(&[]);
        let source = self.name();
        let direction = self.edge_of_make_graph();
        let target = self.name();
        let nodes = if self.word() == "with_node_id" && self.kind_at(1) == TokenKind::Assign {
            self.advance();
            self.advance();
            GraphNodes::NodeId(self.name())
        } else if self.eat_word("with") {
            GraphNodes::Tables(self.comma_list(|parser| {
                let table = parser.unary();
                parser.expect_word("on");
                (table, parser.name())
            }))
        } else {
            GraphNodes::Edges
        };
        let partitioned_by = self.eat_dashed("partitioned-by").then(|| (self.name(), self.subquery()));
        OperatorKind::MakeGraph(Box::new(MakeGraph {
            parameters,
            source,
            direction,
            target,
            nodes,
            partitioned_by,
        }))
    }

    /// `-->` or `--`.
    fn edge_of_make_graph(&mut self) -> Direction {
        if !(self.kind() == TokenKind::Minus && self.kind_at(1) == TokenKind::Minus) {
            self.report_expected("`-->`");
            return Direction::Forward;
        }
        self.advance();
        self.advance();
        if self.eat(TokenKind::Greater) { Direction::Forward } else { Direction::Any }
    }

    /// After `graph-match` or `graph-shortest-paths`.
    pub(in crate::syntax::parser) fn graph_match(&mut self) -> GraphMatch {
        let parameters = self.parameters(&["cycles", "output"]);
        let patterns = self.comma_list(Self::graph_pattern);
        let predicate = self.eat_word("where").then(|| self.expr());
        let project = if self.eat_word("project") { self.comma_list(Self::named_expr) } else { Vec::new() };
        GraphMatch { parameters, patterns, predicate, project }
    }

    fn graph_pattern(&mut self) -> GraphPattern {
        let start = self.start();
        let mut elements = Vec::new();
        while let Some(element) = self.graph_element() {
            elements.push(element);
        }
        if elements.is_empty() {
            self.report_expected("a node in parentheses");
        }
        GraphPattern { elements, span: self.span_from(start) }
    }

    fn graph_element(&mut self) -> Option<GraphElement> {
        let start = self.start();
        match self.kind() {
            TokenKind::OpenParen => {
                let name = self.parenthesized(|parser| (parser.name_length(0) > 0).then(|| parser.name()));
                Some(GraphElement::Node { name: name.flatten(), span: self.span_from(start) })
            }
            TokenKind::Minus | TokenKind::Less => {
                let is_backward = self.eat(TokenKind::Less);
                self.expect(TokenKind::Minus);
                let (name, length) = if self.kind() == TokenKind::OpenBracket {
                    let edge = self.bracketed(TokenKind::OpenBracket, Self::graph_edge);
                    self.expect(TokenKind::Minus);
                    edge.unwrap_or_default()
                } else {
                    self.expect(TokenKind::Minus);
                    (None, None)
                };
                let is_forward = self.eat(TokenKind::Greater);
                let direction = match (is_backward, is_forward) {
                    (true, false) => Direction::Backward,
                    (false, true) => Direction::Forward,
                    _ => Direction::Any,
                };
                Some(GraphElement::Edge { name, direction, length, span: self.span_from(start) })
            }
            _ => None,
        }
    }

    /// `name*2..5`.
    fn graph_edge(&mut self) -> (Option<Name>, Option<(Expr, Expr)>) {
        let name = (self.name_length(0) > 0).then(|| self.name());
        let length = self.eat(TokenKind::Star).then(|| {
            let least = self.unary();
            let most = if self.expect(TokenKind::DotDot) { self.unary() } else { self.missing() };
            (least, most)
        });
        (name, length)
    }

    pub(in crate::syntax::parser) fn graph_to_table(&mut self) -> OperatorKind {
        let outputs = self.comma_list(|parser| {
            let is_nodes = parser.word() == "nodes";
            if is_nodes || parser.word() == "edges" {
                parser.advance();
            } else {
                parser.report_expected("`nodes` or `edges`");
            }
            let name = parser.eat_word("as").then(|| parser.name());
            let parameters = parser.parameters(&["with_node_id", "with_source_id", "with_target_id"]);
            GraphTableOutput { is_nodes, name, parameters }
        });
        OperatorKind::GraphToTable(GraphToTable { outputs })
    }

    pub(in crate::syntax::parser) fn graph_mark_components(&mut self) -> OperatorKind {
        let parameters = self.parameters(&["kind", "with_component_id"]);
        OperatorKind::GraphMarkComponents(GraphMarkComponents { parameters })
    }
}
