//! What is looked for in a graph.

use arrow_array::BooleanArray;

pub use crate::syntax::tree::operators::Direction;

/// Nodes and the edges between them, each with a place that other things refer to.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// How many nodes the pattern names, with or without a name.
    pub nodes: usize,
    pub hops: Vec<Hop>,
    pub cycles: Cycles,
    /// Whether some path of the pattern comes back to one of its own nodes.
    pub has_circle: bool,
}

/// From a node of the pattern to the next one in writing.
#[derive(Clone, Debug)]
pub struct Hop {
    pub from: usize,
    pub to: usize,
    pub direction: Direction,
    /// How many edges, both inclusive.
    pub least: u32,
    pub most: u32,
    /// Whether the number of edges varies, so that there is a list of them rather than one.
    pub is_variable: bool,
}

/// What a match may go through more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycles {
    /// Anything.
    All,
    /// Nodes, but no edge.
    UniqueEdges,
    /// Nothing.
    None,
}

/// Which nodes and edges may stand where in the pattern; `None` for all.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    /// For each node of the pattern.
    pub nodes: Vec<Option<BooleanArray>>,
    /// For each hop.
    pub edges: Vec<Option<BooleanArray>>,
    /// The nodes between the edges of each hop.
    pub inner: Vec<Option<BooleanArray>>,
}

/// A match under way or found: numbers of nodes and edges.
#[derive(Debug)]
pub(crate) struct Match {
    /// For each node of the pattern.
    pub nodes: Vec<u32>,
    /// For each hop its edges, in the pattern's direction, and the nodes between them.
    pub edges: Vec<Vec<u32>>,
    pub inner: Vec<Vec<u32>>,
}

pub(super) fn is_allowed(flags: &Option<BooleanArray>, at: u32) -> bool {
    flags.as_ref().is_none_or(|flags| flags.value(at as usize))
}
