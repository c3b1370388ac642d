//! Graphs: `make-graph` and what may follow it.
//!
//! A graph is a relation without columns ([`Node::Graph`]) that only these operators take; the plan never sees it.

mod ask;
mod make;
mod narrow;
mod pattern;
mod steps;
mod table;

use super::help::Help;
use crate::{
    algorithms::graph::{GraphSource, NODE_EXTRAS},
    bind::{Binder, Code, Result},
    bound::{Column, Node, Relation},
    syntax::{Span, tree::OperatorKind},
};

pub(super) const HELP: &[Help] = &[
    Help::new(
        "make-graph",
        "E | make-graph source --> target [with N on id]",
        "Makes a graph of rows that are edges, and of a table of nodes.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-to-table nodes | count"#,
            "2",
        )],
    ),
    Help::new(
        "graph-match",
        "G | graph-match (a)-[e]->(b) [where predicate] project column, …",
        "Finds the parts of a graph that are like a pattern, and makes a row of each.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-match (x)-[e]->(y) project f = x.id, t = y.id"#,
            "a, b",
        )],
    ),
    Help::new(
        "graph-shortest-paths",
        "G | graph-shortest-paths (a)-[e*1..5]->(b) [where predicate] project column, …",
        "Finds the shortest paths between nodes, and makes a row of each.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-shortest-paths (x)-[e*1..3]->(y) project f = x.id, t = y.id"#,
            "a, b",
        )],
    ),
    Help::new(
        "graph-to-table",
        "G | graph-to-table nodes | edges [as Name]",
        "Gives the nodes or the edges of a graph as rows.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-to-table edges | count"#,
            "1",
        )],
    ),
    Help::new(
        "graph-mark-components",
        "G | graph-mark-components [kind = weak] [with_component_id = Name]",
        "Marks each node of a graph with the component that it is in.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-mark-components | graph-to-table nodes | count"#,
            "2",
        )],
    ),
    Help::new(
        "graph-where-nodes",
        "G | graph-where-nodes predicate",
        "Keeps the nodes for which a predicate is true, and the edges between them.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-where-nodes id == "a" | graph-to-table nodes | count"#,
            "1",
        )],
    ),
    Help::new(
        "graph-where-edges",
        "G | graph-where-edges predicate",
        "Keeps the edges for which a predicate is true.",
        &[(
            r#"let N = datatable (id: string) ["a", "b"]; let E = datatable (s: string, d: string) ["a", "b"]; E | make-graph s --> d with N on id | graph-where-edges s == "b" | graph-to-table edges | count"#,
            "0",
        )],
    ),
];

/// Whether an operator takes a graph instead of a table.
pub(super) fn takes_graph(kind: &OperatorKind) -> bool {
    matches!(
        kind,
        OperatorKind::GraphMarkComponents(_)
            | OperatorKind::GraphMatch(_)
            | OperatorKind::GraphShortestPaths(_)
            | OperatorKind::GraphToTable(_)
            | OperatorKind::GraphWhereEdges(_)
            | OperatorKind::GraphWhereNodes(_)
    )
}

impl<'t> Binder<'t> {
    /// The tables that a graph is made of, and how.
    fn graph_of(&self, input: Relation, span: Span) -> Result<(Vec<Relation>, GraphSource)> {
        match input.node {
            Node::Graph { inputs, source } => Ok((inputs, *source)),
            _ => {
                Err(self.error(Code::Types, span, "this operator needs a graph; put `make-graph` before it"))
            }
        }
    }

    fn graph(&self, inputs: Vec<Relation>, source: GraphSource) -> Relation {
        Relation::new(Vec::new(), Node::Graph { inputs, source: Box::new(source) }, false)
    }

    /// Columns of its own for a node: its properties, and what is known of it besides.
    fn node_columns(&mut self, source: &GraphSource, name: impl Fn(&str) -> String) -> Vec<Column> {
        let mut columns: Vec<Column> =
            source.nodes.iter().map(|known| self.fresh(&name(&known.name), known.kind)).collect();
        columns.extend(NODE_EXTRAS.iter().map(|(extra, kind)| self.fresh(&name(extra), *kind)));
        columns
    }

    fn edge_columns(&mut self, source: &GraphSource, name: impl Fn(&str) -> String) -> Vec<Column> {
        source.edges.iter().map(|known| self.fresh(&name(&known.name), known.kind)).collect()
    }
}
