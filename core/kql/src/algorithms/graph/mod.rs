//! Graphs made of tables, and what is asked of them.
//!
//! ```text
//! edges, tables of nodes ─ GraphSource ─▶ Graph ─ Search, Shortest ─▶ matches ─ MatchRows ─▶ rows
//!                          (who is one    (numbers    (numbers of nodes           (properties, conditions,
//!                           node, steps)   and ends)   and edges)                  projected columns)
//! ```
//!
//! Nodes and edges are numbers in the order of their coming; their properties are rows of one batch each. A graph
//! lives as long as the operator that asks it.

mod ask;
mod build;
mod components;
mod pattern;
mod rows;
mod search;
mod shortest;
mod table;

pub use ask::{GraphMatch, Wanted};
pub use build::{GraphSource, GraphStep, NodeTable};
pub use pattern::{Cycles, Hop, Pattern};
pub use rows::{Fold, FoldKind, Output};
pub use table::{GraphTable, TableOf};

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow_schema::Schema;
use datafusion::common::Result;
use phalanx_signal::ColumnType;

/// Columns behind the properties of nodes: the edges that end there, that begin there, and the id.
pub const NODE_EXTRAS: [(&str, ColumnType); 3] =
    [("\0in", ColumnType::Long), ("\0out", ColumnType::Long), ("\0id", ColumnType::String)];

/// Nodes and directed edges between them.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The properties of nodes.
    nodes: RecordBatch,
    ids: StringViewArray,
    /// Which part each node is in; edges stay within a part.
    parts: Vec<u32>,
    /// The properties of edges.
    edges: RecordBatch,
    /// Where each edge begins and ends.
    ends: Vec<(u32, u32)>,
}

impl Graph {
    fn node_count(&self) -> usize {
        self.parts.len()
    }

    /// The properties of nodes, and [`NODE_EXTRAS`] behind them.
    fn node_rows(&self) -> Result<RecordBatch> {
        let (mut ins, mut outs) = (vec![0i64; self.node_count()], vec![0i64; self.node_count()]);
        for (from, to) in &self.ends {
            outs[*from as usize] += 1;
            ins[*to as usize] += 1;
        }
        let extras: [ArrayRef; 3] =
            [Arc::new(Int64Array::from(ins)), Arc::new(Int64Array::from(outs)), Arc::new(self.ids.clone())];
        let mut columns = self.nodes.columns().to_vec();
        columns.extend(extras);
        let own = self.nodes.schema();
        let mut fields: Vec<_> = own.fields().iter().cloned().collect();
        fields.extend(NODE_EXTRAS.iter().map(|(name, kind)| Arc::new(kind.field(name))));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

/// The edges at each node, in the order of their coming.
pub(crate) struct Ways {
    outgoing: Lists,
    incoming: Lists,
}

/// A list of numbers for each node.
struct Lists {
    /// Where each node's list begins; the last one is where all end.
    starts: Vec<u32>,
    numbers: Vec<u32>,
}

impl Ways {
    fn new(graph: &Graph) -> Self {
        let outgoing = graph.ends.iter().map(|(from, _)| *from);
        let incoming = graph.ends.iter().map(|(_, to)| *to);
        Self {
            outgoing: Lists::new(graph.node_count(), outgoing),
            incoming: Lists::new(graph.node_count(), incoming),
        }
    }

    /// What the two lists take for so many nodes and edges, in bytes.
    fn bytes(graph: &Graph) -> usize {
        2 * size_of::<u32>() * (graph.node_count() + 1 + graph.ends.len())
    }
}

impl Lists {
    fn new(nodes: usize, of: impl Iterator<Item = u32> + Clone) -> Self {
        let mut starts = vec![0u32; nodes + 1];
        of.clone().for_each(|node| starts[node as usize + 1] += 1);
        for node in 0..nodes {
            starts[node + 1] += starts[node];
        }
        let mut next = starts.clone();
        let mut numbers = vec![0; starts.last().map_or(0, |end| *end as usize)];
        for (number, node) in (0..).zip(of) {
            let place = &mut next[node as usize];
            numbers[*place as usize] = number;
            *place += 1;
        }
        Self { starts, numbers }
    }

    fn at(&self, node: u32) -> &[u32] {
        &self.numbers[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}
