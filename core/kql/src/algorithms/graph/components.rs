//! Which nodes hang together.

use datafusion::common::Result;

use super::{Graph, Ways};
use crate::algorithms::Work;

/// No number yet.
const NONE: u32 = u32::MAX;

/// The number of the component of each node: from 0 on in each part, in the order of their first nodes.
///
/// A weak component holds together by edges of whatever direction; in a strong one there is a way from each node to
/// each other.
pub(super) fn number(graph: &Graph, is_strong: bool, work: &mut Work<'_>) -> Result<Vec<i64>> {
    work.hold(4 * size_of::<u32>() * graph.node_count())?;
    let representatives = if is_strong { strong(graph, work)? } else { weak(graph, work)? };
    // The numbers come by the order of the nodes.
    let mut numbers = vec![-1i64; graph.node_count()];
    let mut next: Vec<i64> = Vec::new();
    let mut answer = Vec::with_capacity(graph.node_count());
    for (node, representative) in representatives.into_iter().enumerate() {
        let part = graph.parts[node] as usize;
        next.resize(next.len().max(part + 1), 0);
        let number = &mut numbers[representative as usize];
        if *number < 0 {
            *number = next[part];
            next[part] += 1;
        }
        answer.push(*number);
    }
    Ok(answer)
}

/// For each node one that stands for its component.
fn weak(graph: &Graph, work: &mut Work<'_>) -> Result<Vec<u32>> {
    let mut above: Vec<u32> = (0..graph.node_count() as u32).collect();
    fn top(above: &mut [u32], mut node: u32) -> u32 {
        while above[node as usize] != node {
            let next = above[node as usize];
            above[node as usize] = above[next as usize];
            node = next;
        }
        node
    }
    for (from, to) in &graph.ends {
        work.step(1)?;
        let (a, b) = (top(&mut above, *from), top(&mut above, *to));
        above[a.max(b) as usize] = a.min(b);
    }
    Ok((0..graph.node_count() as u32).map(|node| top(&mut above, node)).collect())
}

/// Tarjan's algorithm, with a stack of its own instead of the thread's.
fn strong(graph: &Graph, work: &mut Work<'_>) -> Result<Vec<u32>> {
    work.hold(Ways::bytes(graph))?;
    let ways = Ways::new(graph);
    let count = graph.node_count();
    let mut component = vec![NONE; count];
    // When a node was met, and the earliest one that it reaches back to.
    let (mut met, mut low) = (vec![NONE; count], vec![NONE; count]);
    let mut clock = 0;
    let mut open: Vec<u32> = Vec::new();
    let mut path: Vec<(u32, usize)> = Vec::new();
    for root in 0..count as u32 {
        if met[root as usize] != NONE {
            continue;
        }
        path.push((root, 0));
        while let Some((node, next)) = path.last_mut() {
            work.step(1)?;
            let (at, first) = (*node as usize, *next == 0 && met[*node as usize] == NONE);
            if first {
                (met[at], low[at]) = (clock, clock);
                clock += 1;
                open.push(at as u32);
            }
            if let Some(edge) = ways.outgoing.at(at as u32).get(*next) {
                *next += 1;
                let (_, to) = graph.ends[*edge as usize];
                if met[to as usize] == NONE {
                    path.push((to, 0));
                } else if component[to as usize] == NONE {
                    low[at] = low[at].min(met[to as usize]);
                }
                continue;
            }
            path.pop();
            if let Some((before, _)) = path.last() {
                let before = *before as usize;
                low[before] = low[before].min(low[at]);
            }
            if low[at] == met[at] {
                while let Some(member) = open.pop() {
                    component[member as usize] = at as u32;
                    if member as usize == at {
                        break;
                    }
                }
            }
        }
    }
    Ok(component)
}
