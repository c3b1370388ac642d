//! `graph-match` and `graph-shortest-paths` as algorithms.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::BooleanBuffer;
use datafusion::common::Result;

use super::{
    Graph, GraphSource, Output, Pattern, Ways,
    pattern::{Allowed, Match},
    rows::MatchRows,
    search::Search,
    shortest::Shortest,
};
use crate::{
    algorithms::{Algorithm, Work},
    bound::{Column, Expr},
    plan::RowExpr,
};

/// Matches that become rows at once.
const MATCHES_AT_ONCE: usize = 1_024;

/// The rows of what is found in a graph.
#[derive(Debug)]
pub struct GraphMatch {
    pub source: GraphSource,
    pub pattern: Pattern,
    /// What holds for each node of the pattern by itself.
    pub node_filters: Vec<Option<Expr>>,
    /// What holds for each edge of a hop, and for each node between them, with the columns that it is said of.
    pub edge_filters: Vec<Vec<(Vec<Column>, Expr)>>,
    pub inner_filters: Vec<Vec<(Vec<Column>, Expr)>>,
    pub output: Output,
    pub wanted: Wanted,
}

/// Which matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    /// One of the shortest for each pair of first and last node.
    AnyShortest,
    /// All of the shortest for each pair.
    AllShortest,
}

impl Algorithm for GraphMatch {
    fn name(&self) -> &'static str {
        match self.wanted {
            Wanted::All => "graph-match",
            _ => "graph-shortest-paths",
        }
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let graph = self.source.graph(inputs, work)?;
        work.hold(Ways::bytes(&graph))?;
        let ways = Ways::new(&graph);
        let node_rows = graph.node_rows()?;
        let allowed = self.allowed(&graph, &node_rows)?;
        let rows = MatchRows::new(&self.output, &graph, &node_rows)?;
        if self.wanted != Wanted::All {
            let is_all = self.wanted == Wanted::AllShortest;
            return Shortest::new(&graph, &ways, &self.pattern, &allowed, &rows, is_all).run(work);
        }
        let mut pending: Vec<Match> = Vec::with_capacity(MATCHES_AT_ONCE);
        let mut edges = 0;
        Search::new(&graph, &ways, &self.pattern, &allowed).run(work, &mut |found, work| {
            edges += found.edges.iter().map(Vec::len).sum::<usize>();
            pending.push(found);
            // Long paths count for more, so that what is under way stays small.
            if pending.len() + edges / 8 < MATCHES_AT_ONCE {
                return Ok(());
            }
            edges = 0;
            give(&rows, &mut pending, work)
        })?;
        give(&rows, &mut pending, work)
    }
}

impl GraphMatch {
    fn allowed(&self, graph: &Graph, node_rows: &RecordBatch) -> Result<Allowed> {
        let mut allowed = Allowed::default();
        for (columns, filter) in self.output.nodes.iter().zip(&self.node_filters) {
            let filters = filter.iter().map(|filter| (columns.as_slice(), filter));
            allowed.nodes.push(all_hold(filters, node_rows)?);
        }
        let each = |filters: &'_ [(Vec<Column>, Expr)], rows: &RecordBatch| {
            all_hold(filters.iter().map(|(columns, filter)| (columns.as_slice(), filter)), rows)
        };
        for filters in &self.edge_filters {
            allowed.edges.push(each(filters, &graph.edges)?);
        }
        for filters in &self.inner_filters {
            allowed.inner.push(each(filters, node_rows)?);
        }
        Ok(allowed)
    }
}

/// For which rows all conditions are true; `None` without conditions.
fn all_hold<'a>(
    filters: impl Iterator<Item = (&'a [Column], &'a Expr)>,
    rows: &RecordBatch,
) -> Result<Option<BooleanArray>> {
    let mut all: Option<BooleanBuffer> = None;
    for (columns, filter) in filters {
        let holds = RowExpr::condition(filter, columns)?.holds(rows)?;
        all = Some(match all {
            Some(all) => &all & holds.values(),
            None => holds.values().clone(),
        });
    }
    Ok(all.map(|all| BooleanArray::new(all, None)))
}

/// Gives the rows of matches.
pub(super) fn give(rows: &MatchRows<'_>, matches: &mut Vec<Match>, work: &mut Work<'_>) -> Result<()> {
    let (found, counts) = rows.rows(matches)?;
    matches.clear();
    work.give(rows.projected(&found, &counts)?)
}
