//! All matches of a pattern, one after the other.
//!
//! The search goes from a node of the pattern along its hops, edge by edge, and back where it gets no further. What it
//! does is a list of places instead of the thread's stack, so that a long way is no deep recursion.

use std::collections::HashSet;

use datafusion::common::{Result, exec_datafusion_err};

use super::{
    Graph, Ways,
    pattern::{Allowed, Cycles, Direction, Hop, Match, Pattern, is_allowed},
};
use crate::algorithms::Work;

/// Edges that a search may look at.
pub(super) const LOOKS_MAX: u64 = 200_000_000;

/// One hop of the search.
#[derive(Debug)]
struct Turn {
    hop: usize,
    /// Whether it is walked against the pattern's direction.
    is_reversed: bool,
    /// Whether the node at its end is known already.
    is_closing: bool,
}

/// Where the search stands within a turn.
#[derive(Debug)]
struct Place {
    turn: usize,
    node: u32,
    /// Edges of this hop so far, and the last one of them.
    taken: u32,
    by: Option<u32>,
    /// The next edge at the node to look at; `None` before the hop was tried to end here.
    next: Option<usize>,
    /// The node of the pattern that was found here, while the turns behind it are at work.
    found: Option<usize>,
    /// Whether this place is why the node counts as visited.
    is_visit: bool,
}

pub(super) struct Search<'a> {
    graph: &'a Graph,
    ways: &'a Ways,
    pattern: &'a Pattern,
    allowed: &'a Allowed,
    first: usize,
    turns: Vec<Turn>,
    /// The nodes of the pattern that are known.
    nodes: Vec<Option<u32>>,
    used_edges: HashSet<u32>,
    visited: HashSet<u32>,
    looks: u64,
}

impl<'a> Search<'a> {
    /// A search that begins at the node of the pattern for which there are the fewest nodes.
    pub fn new(graph: &'a Graph, ways: &'a Ways, pattern: &'a Pattern, allowed: &'a Allowed) -> Self {
        let count = |node: &usize| {
            let flags = allowed.nodes.get(*node).and_then(Option::as_ref);
            flags.map_or(graph.node_count(), |flags| flags.true_count())
        };
        let first = (0..pattern.nodes).min_by_key(count).unwrap_or(0);
        Self {
            graph,
            ways,
            pattern,
            allowed,
            first,
            turns: turns(pattern, first),
            nodes: vec![None; pattern.nodes],
            used_edges: HashSet::new(),
            visited: HashSet::new(),
            looks: 0,
        }
    }

    /// Hands over every match until `found` fails.
    pub fn run(
        &mut self,
        work: &mut Work<'_>,
        found: &mut dyn FnMut(Match, &mut Work<'_>) -> Result<()>,
    ) -> Result<()> {
        if self.pattern.cycles == Cycles::None && self.pattern.has_circle {
            return Ok(());
        }
        for node in 0..self.graph.node_count() as u32 {
            if is_allowed(&self.allowed.nodes[self.first], node) {
                self.from(node, work, found)?;
            }
        }
        Ok(())
    }

    fn from(
        &mut self,
        node: u32,
        work: &mut Work<'_>,
        found: &mut dyn FnMut(Match, &mut Work<'_>) -> Result<()>,
    ) -> Result<()> {
        self.nodes[self.first] = Some(node);
        if self.turns.is_empty() {
            return found(self.found(&[]), work);
        }
        self.visited.insert(node);
        let mut places = vec![Place::at(0, node)];
        while let Some(place) = places.last_mut() {
            if place.next.is_none() {
                place.next = Some(0);
                if self.can_end(place) {
                    let turn = &self.turns[place.turn];
                    if !turn.is_closing {
                        let end = self.end(turn);
                        self.nodes[end] = Some(place.node);
                        place.found = Some(end);
                    }
                    let next = place.turn + 1;
                    match self.turns.get(next) {
                        Some(turn) => places.push(Place::at(next, self.known(self.begin(turn)))),
                        None => found(self.found(&places), work)?,
                    }
                    continue;
                }
            }
            if let Some(node) = place.found.take() {
                self.nodes[node] = None;
            }
            work.step(1)?;
            match self.next(place)? {
                Some(next) => places.push(next),
                None => {
                    if let Some(edge) = place.by {
                        self.used_edges.remove(&edge);
                    }
                    if place.is_visit {
                        self.visited.remove(&place.node);
                    }
                    places.pop();
                }
            }
        }
        self.visited.remove(&node);
        Ok(())
    }

    /// Whether the hop can end where the place is.
    fn can_end(&self, place: &Place) -> bool {
        let turn = &self.turns[place.turn];
        let hop = &self.pattern.hops[turn.hop];
        let end = self.end(turn);
        place.taken >= hop.least
            && match self.nodes[end] {
                Some(known) if turn.is_closing => known == place.node,
                _ => is_allowed(&self.allowed.nodes[end], place.node),
            }
    }

    /// One edge further, if there is one that was not tried.
    fn next(&mut self, place: &mut Place) -> Result<Option<Place>> {
        let turn = &self.turns[place.turn];
        let hop = &self.pattern.hops[turn.hop];
        let is_inner = place.taken > 0;
        if place.taken >= hop.most || (is_inner && !is_allowed(&self.allowed.inner[turn.hop], place.node)) {
            return Ok(None);
        }
        let goal = if turn.is_closing { self.nodes[self.end(turn)] } else { None };
        let keeps_apart = self.pattern.cycles == Cycles::None;
        if keeps_apart && is_inner && goal == Some(place.node) {
            return Ok(None);
        }
        let at = place.next.get_or_insert(0);
        while let Some((edge, to)) = step(self.graph, self.ways, hop, turn.is_reversed, place.node, at) {
            self.looks += 1;
            if self.looks > LOOKS_MAX {
                return Err(too_many_looks());
            }
            if !is_allowed(&self.allowed.edges[turn.hop], edge)
                || (self.pattern.cycles != Cycles::All && self.used_edges.contains(&edge))
                || (keeps_apart && self.visited.contains(&to) && goal != Some(to))
            {
                continue;
            }
            if self.pattern.cycles != Cycles::All {
                self.used_edges.insert(edge);
            }
            let is_visit = keeps_apart && self.visited.insert(to);
            let mut next = Place::at(place.turn, to);
            (next.taken, next.by, next.is_visit) = (place.taken + 1, Some(edge), is_visit);
            return Ok(Some(next));
        }
        Ok(None)
    }

    fn found(&self, places: &[Place]) -> Match {
        let hops = self.pattern.hops.len();
        let mut edges = vec![Vec::new(); hops];
        let mut inner = vec![Vec::new(); hops];
        for (place, next) in places.iter().zip(places[1.min(places.len())..].iter().map(Some).chain([None])) {
            let hop = self.turns[place.turn].hop;
            edges[hop].extend(place.by);
            let goes_on = next.is_some_and(|next| next.turn == place.turn);
            if place.taken > 0 && goes_on {
                inner[hop].push(place.node);
            }
        }
        for turn in self.turns.iter().filter(|turn| turn.is_reversed) {
            edges[turn.hop].reverse();
            inner[turn.hop].reverse();
        }
        let nodes = (0..self.nodes.len()).map(|node| self.known(node)).collect();
        Match { nodes, edges, inner }
    }

    /// The node of the pattern where a turn begins.
    fn begin(&self, turn: &Turn) -> usize {
        let hop = &self.pattern.hops[turn.hop];
        if turn.is_reversed { hop.to } else { hop.from }
    }

    fn end(&self, turn: &Turn) -> usize {
        let hop = &self.pattern.hops[turn.hop];
        if turn.is_reversed { hop.from } else { hop.to }
    }

    /// INVARIANT: turns are ordered so that each begins at a node that an earlier one has found.
    fn known(&self, node: usize) -> u32 {
        self.nodes[node].expect("a turn begins at a node that is known")
    }
}

impl Place {
    fn at(turn: usize, node: u32) -> Self {
        Self { turn, node, taken: 0, by: None, next: None, found: None, is_visit: false }
    }
}

pub(super) fn too_many_looks() -> datafusion::error::DataFusionError {
    exec_datafusion_err!(
        "the pattern was given up after {LOOKS_MAX} edges; let `where` fix a node or edge of it, or make its `*` shorter"
    )
}

/// The next edge at a node that a hop may take, and where it leads to; `at` counts those that were given.
pub(super) fn step(
    graph: &Graph,
    ways: &Ways,
    hop: &Hop,
    is_reversed: bool,
    node: u32,
    at: &mut usize,
) -> Option<(u32, u32)> {
    let goes_out = match hop.direction {
        Direction::Forward => !is_reversed,
        Direction::Backward => is_reversed,
        Direction::Any => {
            let outgoing = ways.outgoing.at(node);
            if let Some(edge) = outgoing.get(*at) {
                *at += 1;
                return Some((*edge, graph.ends[*edge as usize].1));
            }
            // An edge from a node to itself was among those that go out.
            while let Some(edge) = ways.incoming.at(node).get(*at - outgoing.len()) {
                *at += 1;
                let (from, to) = graph.ends[*edge as usize];
                if from != to {
                    return Some((*edge, from));
                }
            }
            return None;
        }
    };
    let edges = if goes_out { ways.outgoing.at(node) } else { ways.incoming.at(node) };
    let edge = *edges.get(*at)?;
    *at += 1;
    let (from, to) = graph.ends[edge as usize];
    Some((edge, if goes_out { to } else { from }))
}

/// The hops in an order in which each has a known end; those with two come first, long ones last.
fn turns(pattern: &Pattern, first: usize) -> Vec<Turn> {
    let mut known = vec![false; pattern.nodes];
    if let Some(first) = known.get_mut(first) {
        *first = true;
    }
    let mut rest: Vec<usize> = (0..pattern.hops.len()).collect();
    let mut turns = Vec::with_capacity(rest.len());
    loop {
        let cost = |at: &usize| {
            let hop = &pattern.hops[*at];
            (!(known[hop.from] && known[hop.to]), hop.is_variable)
        };
        let is_reached = |at: &&usize| known[pattern.hops[**at].from] || known[pattern.hops[**at].to];
        let Some(hop) = rest.iter().filter(is_reached).min_by_key(|at| cost(at)).copied() else {
            return turns;
        };
        rest.retain(|other| *other != hop);
        let Hop { from, to, .. } = pattern.hops[hop];
        turns.push(Turn { hop, is_reversed: !known[from], is_closing: known[from] && known[to] });
        (known[from], known[to]) = (true, true);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{RecordBatch, RecordBatchOptions, StringViewArray};
    use arrow_schema::Schema;
    use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, UnboundedMemoryPool};

    use super::*;

    /// Three nodes, each with an edge to each.
    fn graph() -> Graph {
        let rows = |count| {
            let options = RecordBatchOptions::new().with_row_count(Some(count));
            RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).unwrap()
        };
        Graph {
            nodes: rows(3),
            ids: StringViewArray::from_iter_values(["a", "b", "c"]),
            parts: vec![0; 3],
            edges: rows(9),
            ends: (0..9).map(|edge| (edge / 3, edge % 3)).collect(),
        }
    }

    fn count(cycles: Cycles, most: u32, looks: u64) -> Result<usize> {
        let graph = graph();
        let ways = Ways::new(&graph);
        let hop = Hop { from: 0, to: 1, direction: Direction::Forward, least: 1, most, is_variable: true };
        let pattern = Pattern { nodes: 2, hops: vec![hop], cycles, has_circle: false };
        let allowed = Allowed { nodes: vec![None, None], edges: vec![None], inner: vec![None] };
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        let memory = MemoryConsumer::new("search").register(&pool);
        let (mut take, is_wanted) = (|_| true, || true);
        let mut work = Work::new(Arc::new(Schema::empty()), &mut take, &is_wanted, &memory);
        let mut search = Search::new(&graph, &ways, &pattern, &allowed);
        search.looks = looks;
        let mut count = 0;
        search.run(&mut work, &mut |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    #[test]
    fn cycles_multiply_matches() {
        for (cycles, most, expected) in [
            (Cycles::None, 1, 6),
            (Cycles::None, 2, 12),
            (Cycles::None, 9, 12),
            (Cycles::UniqueEdges, 1, 9),
            (Cycles::UniqueEdges, 2, 9 + 27 - 3),
            (Cycles::All, 2, 9 + 27),
            (Cycles::All, 3, 9 + 27 + 81),
        ] {
            assert_eq!(count(cycles, most, 0).unwrap(), expected, "{cycles:?} {most}");
        }
    }

    #[test]
    fn a_long_search_is_given_up() {
        let error = count(Cycles::All, 9, LOOKS_MAX - 100).unwrap_err().to_string();
        assert!(error.contains("given up after 200000000 edges"), "{error}");
    }
}
