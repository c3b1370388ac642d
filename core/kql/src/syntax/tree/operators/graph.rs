//! Operators that make and match graphs.

use super::Subquery;
use crate::syntax::Span;
use crate::syntax::tree::{Expr, Name, NamedExpr, Parameter};

/// `make-graph source --> target with Nodes on id`.
#[derive(Debug, Clone, PartialEq)]
pub struct MakeGraph {
    pub parameters: Vec<Parameter>,
    pub source: Name,
    pub direction: Direction,
    pub target: Name,
    pub nodes: GraphNodes,
    /// `partitioned-by column (subquery)`.
    pub partitioned_by: Option<(Name, Subquery)>,
}

/// Where a graph's nodes come from.
#[derive(Debug, Clone, PartialEq)]
pub enum GraphNodes {
    /// From the edges alone.
    Edges,
    /// `with_node_id=name`.
    NodeId(Name),
    /// `with T1 on id, T2 on id`.
    Tables(Vec<(Expr, Name)>),
}

/// `graph-match cycles=none (a)-[e*2..5]->(b), (b)--(c) where … project …`.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphMatch {
    /// `cycles=all`, `output=any`.
    pub parameters: Vec<Parameter>,
    pub patterns: Vec<GraphPattern>,
    pub predicate: Option<Expr>,
    pub project: Vec<NamedExpr>,
}

/// Nodes and edges by turns; a node at both ends.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphPattern {
    pub elements: Vec<GraphElement>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum GraphElement {
    /// `(name)`, `()`.
    Node { name: Option<Name>, span: Span },
    /// `-[name*2..5]->`, `<-[name]-`, `-->`, `--`.
    Edge {
        name: Option<Name>,
        direction: Direction,
        /// How many edges, both ends inclusive.
        length: Option<(Expr, Expr)>,
        span: Span,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `-->`
    Forward,
    /// `<--`
    Backward,
    /// `--`
    Any,
}

/// `graph-to-table nodes as N with_node_id=id, edges as E`.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphToTable {
    pub outputs: Vec<GraphTableOutput>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GraphTableOutput {
    /// `nodes`, else `edges`.
    pub is_nodes: bool,
    pub name: Option<Name>,
    /// `with_node_id`, `with_source_id`, `with_target_id`.
    pub parameters: Vec<Parameter>,
}

/// `graph-mark-components kind=weak with_component_id=name`.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphMarkComponents {
    pub parameters: Vec<Parameter>,
}
