//! Graphs: `make-graph` and what may follow it.
//!
//! A graph is a relation without columns ([`Node::Graph`]) that only these operators take; the plan never sees it.

mod ask;
mod make;
mod narrow;
mod pattern;
mod steps;
mod table;

use crate::{
    algorithms::graph::{GraphSource, NODE_EXTRAS},
    bind::{Binder, Code, Result},
    bound::{Column, Node, Relation},
    syntax::{Span, tree::OperatorKind},
};

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
