//! `graph-to-table`: the nodes or the edges of a graph.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::common::Result;
use twox_hash::XxHash64;

use super::{Graph, GraphSource};
use crate::algorithms::{Algorithm, Work};

/// A table of a graph's nodes or edges.
#[derive(Debug)]
pub struct GraphTable {
    pub source: GraphSource,
    pub of: TableOf,
}

/// Which table, and which columns before the properties: hashes of the nodes' ids, as `hash()` gives them.
#[derive(Clone, Copy, Debug)]
pub enum TableOf {
    Nodes { with_id: bool },
    Edges { with_source: bool, with_target: bool },
}

impl Algorithm for GraphTable {
    fn name(&self) -> &'static str {
        "graph-to-table"
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let graph = self.source.graph(inputs, work)?;
        let mut columns: Vec<ArrayRef> = Vec::new();
        let rows = match self.of {
            TableOf::Nodes { with_id } => {
                if with_id {
                    columns.push(hashes(&graph, 0..graph.node_count() as u32));
                }
                &graph.nodes
            }
            TableOf::Edges { with_source, with_target } => {
                if with_source {
                    columns.push(hashes(&graph, graph.ends.iter().map(|(from, _)| *from)));
                }
                if with_target {
                    columns.push(hashes(&graph, graph.ends.iter().map(|(_, to)| *to)));
                }
                &graph.edges
            }
        };
        columns.extend(rows.columns().iter().cloned());
        work.give(columns)
    }
}

fn hashes(graph: &Graph, nodes: impl Iterator<Item = u32>) -> ArrayRef {
    let hash = |node: u32| XxHash64::oneshot(0, graph.ids.value(node as usize).as_bytes()).cast_signed();
    Arc::new(Int64Array::from_iter_values(nodes.map(hash)))
}
