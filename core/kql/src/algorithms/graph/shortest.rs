//! The shortest matches of a path, for each pair of its first and last node.
//!
//! From each first node the search goes out in rings: all places that are one edge away, two edges … A place is a node
//! together with how far along the path's hops it is, and remembers all places of the ring before from which it was
//! reached. Going back from a last node along these gives its shortest paths, one after the other.
//!
//! What is said of one node or edge, or of all edges of a list, decides which paths there are. Any other condition is
//! asked of the shortest of these only: longer ones are not looked for.

use std::collections::HashMap;

use datafusion::common::Result;

use super::{
    Graph, Ways,
    ask::give,
    pattern::{Allowed, Cycles, Match, Pattern, is_allowed},
    rows::MatchRows,
    search::{LOOKS_MAX, step, too_many_looks},
};
use crate::algorithms::Work;

/// What a place takes, and a way back from it, in bytes.
const PLACE_BYTES: usize = 128;
const BACK_BYTES: usize = 2 * size_of::<Back>();
/// Paths that are tried at once.
const PATHS_AT_ONCE: usize = 1_024;
/// Paths of a pair of nodes that are tried, where something else than their length decides.
const PATHS_MAX: usize = 100_000;

/// How far along the path: the hop, the edges of it so far, the node.
type Place = (usize, u32, u32);

/// A place before, and the edge from there; without an edge, a hop ended there.
type Back = (Place, Option<u32>);

pub(super) struct Shortest<'a> {
    graph: &'a Graph,
    ways: &'a Ways,
    pattern: &'a Pattern,
    allowed: &'a Allowed,
    rows: &'a MatchRows<'a>,
    is_all: bool,
    looks: u64,
}

/// The rings around a first node.
#[derive(Default)]
struct Rings {
    /// The ring that a place is in, and the ways back.
    places: HashMap<Place, (u32, Vec<Back>)>,
    /// The places where the path may end, by their ring.
    ends: Vec<(u32, Place)>,
    /// What all this takes, and how much of it was counted against the query's memory.
    bytes: usize,
    held: usize,
}

/// The shortest paths to one last node that were not tried yet.
struct Paths {
    /// How the ways back were chosen so far: a place, and the next of its ways.
    stack: Vec<(Place, usize)>,
    starts: Vec<Place>,
    tried: usize,
}

impl<'a> Shortest<'a> {
    pub fn new(
        graph: &'a Graph,
        ways: &'a Ways,
        pattern: &'a Pattern,
        allowed: &'a Allowed,
        rows: &'a MatchRows<'a>,
        is_all: bool,
    ) -> Self {
        Self { graph, ways, pattern, allowed, rows, is_all, looks: 0 }
    }

    pub fn run(mut self, work: &mut Work<'_>) -> Result<()> {
        let mut answers = Vec::new();
        for node in 0..self.graph.node_count() as u32 {
            work.step(1)?;
            if !is_allowed(&self.allowed.nodes[0], node) {
                continue;
            }
            let rings = self.rings(node, work)?;
            self.paths(&rings, &mut answers, work)?;
            work.release(rings.held);
            if answers.len() >= PATHS_AT_ONCE {
                give(self.rows, &mut answers, work)?;
            }
        }
        give(self.rows, &mut answers, work)
    }

    fn rings(&mut self, first: u32, work: &mut Work<'_>) -> Result<Rings> {
        let mut rings = Rings::default();
        let mut ring = 0;
        rings.places.insert((0, 0, first), (0, Vec::new()));
        let mut here = vec![(0, 0, first)];
        while !here.is_empty() {
            let mut there = Vec::new();
            // Ends of hops cost no edge: they stay in the ring, and are looked at too.
            let mut at = 0;
            while let Some(place) = here.get(at).copied() {
                at += 1;
                self.end_hop(place, ring, &mut rings, &mut here);
                self.along(place, ring, &mut rings, &mut there, work)?;
                work.hold(rings.bytes - rings.held)?;
                rings.held = rings.bytes;
            }
            here = there;
            ring += 1;
        }
        Ok(rings)
    }

    /// Goes on to the next hop, or notes the end of the path.
    fn end_hop(&self, place: Place, ring: u32, rings: &mut Rings, here: &mut Vec<Place>) {
        let (hop, taken, node) = place;
        let known = &self.pattern.hops[hop];
        if taken < known.least || !is_allowed(&self.allowed.nodes[known.to], node) {
            return;
        }
        if hop + 1 == self.pattern.hops.len() {
            rings.ends.push((ring, place));
        } else {
            reach((hop + 1, 0, node), (place, None), ring, rings, here);
        }
    }

    /// Goes one edge further.
    fn along(
        &mut self,
        place: Place,
        ring: u32,
        rings: &mut Rings,
        there: &mut Vec<Place>,
        work: &mut Work<'_>,
    ) -> Result<()> {
        let (hop, taken, node) = place;
        let known = &self.pattern.hops[hop];
        // With one hop the ring tells how many edges there are; then only whether they are enough must be kept.
        let edges = if self.pattern.hops.len() == 1 { ring } else { taken };
        if edges >= known.most || (taken > 0 && !is_allowed(&self.allowed.inner[hop], node)) {
            return Ok(());
        }
        let after =
            if self.pattern.hops.len() == 1 { (taken + 1).min(known.least.max(1)) } else { taken + 1 };
        let mut at = 0;
        while let Some((edge, to)) = step(self.graph, self.ways, known, false, node, &mut at) {
            work.step(1)?;
            self.looks += 1;
            if self.looks > LOOKS_MAX {
                return Err(too_many_looks());
            }
            if is_allowed(&self.allowed.edges[hop], edge) {
                reach((hop, after, to), (place, Some(edge)), ring + 1, rings, there);
            }
        }
        Ok(())
    }

    /// The paths to each last node that count, one each or all.
    fn paths(&self, rings: &Rings, answers: &mut Vec<Match>, work: &mut Work<'_>) -> Result<()> {
        let mut of_nodes: HashMap<u32, (u32, Vec<Place>)> = HashMap::new();
        let mut order = Vec::new();
        for (ring, place) in &rings.ends {
            let (shortest, places) = of_nodes.entry(place.2).or_insert_with(|| {
                order.push(place.2);
                (*ring, Vec::new())
            });
            if shortest == ring {
                places.push(*place);
            }
        }
        let mut rest: Vec<Paths> = order
            .iter()
            .filter_map(|node| of_nodes.remove(node))
            .map(|(_, starts)| Paths { stack: Vec::new(), starts, tried: 0 })
            .collect();
        while !rest.is_empty() {
            let mut tried = Vec::new();
            let mut of = Vec::new();
            let mut goes_on = vec![false; rest.len()];
            for (number, paths) in rest.iter_mut().enumerate() {
                if tried.len() >= PATHS_AT_ONCE {
                    goes_on[number] = true;
                } else if let Some(path) = self.next_path(paths, rings, work)? {
                    tried.push(path);
                    of.push(number);
                    goes_on[number] = true;
                }
            }
            let (_, counts) = self.rows.rows(&tried)?;
            for (place, (path, number)) in tried.into_iter().zip(of).enumerate() {
                if counts.value(place) {
                    answers.push(path);
                    goes_on[number] = self.is_all;
                }
            }
            if answers.len() >= PATHS_AT_ONCE {
                give(self.rows, answers, work)?;
            }
            let mut goes_on = goes_on.into_iter();
            rest.retain(|_| goes_on.next().unwrap_or(false));
        }
        Ok(())
    }

    /// The next path that goes through nothing too often.
    fn next_path(&self, paths: &mut Paths, rings: &Rings, work: &mut Work<'_>) -> Result<Option<Match>> {
        while paths.tried < PATHS_MAX {
            if paths.stack.is_empty() {
                match paths.starts.pop() {
                    Some(place) => paths.stack.push((place, 0)),
                    None => return Ok(None),
                }
            } else {
                // From the last one back to where another way is left.
                paths.stack.pop();
            }
            while let Some((place, next)) = paths.stack.last_mut() {
                work.step(1)?;
                let (_, back) = &rings.places[&*place];
                let is_first = back.is_empty();
                let further = back.get(*next).map(|(before, _)| *before);
                *next += 1;
                match further {
                    Some(before) => paths.stack.push((before, 0)),
                    None if is_first && *next == 1 => break,
                    None => drop(paths.stack.pop()),
                }
            }
            if paths.stack.is_empty() {
                continue;
            }
            paths.tried += 1;
            let found = self.found(&paths.stack, rings);
            if self.is_apart(&found) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn found(&self, stack: &[(Place, usize)], rings: &Rings) -> Match {
        let hops = self.pattern.hops.len();
        let (mut edges, mut inner) = (vec![Vec::new(); hops], vec![Vec::new(); hops]);
        let mut nodes = vec![0; self.pattern.nodes];
        let node_at = |place: &Place| place.2;
        if let Some((last, _)) = stack.first() {
            nodes[self.pattern.hops[last.0].to] = node_at(last);
        }
        if let Some((first, _)) = stack.last() {
            nodes[self.pattern.hops[first.0].from] = node_at(first);
        }
        // The stack goes from the last place back to the first.
        for pair in stack.windows(2).rev() {
            let ((place, next), (before, _)) = (&pair[0], &pair[1]);
            match rings.places[place].1[next - 1].1 {
                Some(edge) => {
                    if !edges[place.0].is_empty() {
                        inner[place.0].push(node_at(before));
                    }
                    edges[place.0].push(edge);
                }
                None => nodes[self.pattern.hops[before.0].to] = node_at(before),
            }
        }
        Match { nodes, edges, inner }
    }

    fn is_apart(&self, found: &Match) -> bool {
        let repeats = |mut numbers: Vec<u32>| {
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            count - numbers.len()
        };
        match self.pattern.cycles {
            Cycles::All => true,
            Cycles::UniqueEdges => repeats(found.edges.concat()) == 0,
            // A hop without an edge gives one node two names, which is no cycle.
            Cycles::None => {
                let empty = found.edges.iter().filter(|edges| edges.is_empty()).count();
                repeats([found.inner.concat(), found.nodes.clone()].concat()) == empty
            }
        }
    }
}

/// Notes a way to a place, if there is no shorter one.
fn reach(place: Place, back: Back, ring: u32, rings: &mut Rings, new: &mut Vec<Place>) {
    match rings.places.get_mut(&place) {
        Some((known, ways)) => {
            if *known == ring && !ways.is_empty() {
                ways.push(back);
                rings.bytes += BACK_BYTES;
            }
        }
        None => {
            rings.places.insert(place, (ring, vec![back]));
            rings.bytes += PLACE_BYTES + BACK_BYTES;
            new.push(place);
        }
    }
}
