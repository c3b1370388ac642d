//! Patterns: which names are which nodes and edges.

use std::collections::HashMap;

use super::ask::PatternNames;
use crate::{
    algorithms::graph::{Cycles, Hop, Pattern},
    bind::{Binder, Code, Result, Variable, VariableOf},
    syntax::{
        Span,
        tree::{
            self, Name,
            operators::{GraphElement, GraphMatch},
        },
    },
};

/// Nodes and edges that a pattern may have.
const ELEMENTS_MAX: usize = 200;
/// How many edges one `*` may stand for.
const LENGTH_MAX: i64 = 10_000;

impl<'t> Binder<'t> {
    pub(super) fn pattern(&mut self, node: &'t GraphMatch, span: Span) -> Result<PatternNames> {
        let mut names = PatternNames {
            pattern: Pattern {
                nodes: 0,
                hops: Vec::new(),
                cycles: self.cycles(node, span)?,
                has_circle: false,
            },
            nodes: Vec::new(),
            hops: Vec::new(),
            variables: Vec::new(),
        };
        let mut known: HashMap<&'t str, usize> = HashMap::new();
        for path in &node.patterns {
            let mut met = Vec::new();
            // The node before, and the edge that goes on from it.
            let mut before: Option<usize> = None;
            let mut edge: Option<&'t GraphElement> = None;
            for element in &path.elements {
                if names.nodes.len() + names.hops.len() >= ELEMENTS_MAX {
                    let message = format!("a pattern may have at most {ELEMENTS_MAX} nodes and edges");
                    return Err(self.error(Code::TooLarge, path.span, message));
                }
                match element {
                    GraphElement::Node { name, .. } => {
                        let at = self.pattern_node(name.as_ref(), &mut known, &mut names)?;
                        names.pattern.has_circle |= met.contains(&at);
                        met.push(at);
                        match (before.replace(at), edge.take()) {
                            (None, None) => {}
                            (Some(from), Some(edge)) => self.hop(from, at, edge, &mut names)?,
                            _ => return Err(self.no_turns(path.span)),
                        }
                    }
                    GraphElement::Edge { .. } if before.is_some() && edge.is_none() => edge = Some(element),
                    GraphElement::Edge { .. } => return Err(self.no_turns(path.span)),
                }
            }
            if before.is_none() || edge.is_some() {
                return Err(self.no_turns(path.span));
            }
        }
        names.pattern.nodes = names.nodes.len();
        if !is_connected(&names.pattern) {
            let message = "all paths of a pattern must be connected by nodes that they share";
            return Err(self.error(Code::Other, span, message));
        }
        Ok(names)
    }

    fn cycles(&self, node: &GraphMatch, span: Span) -> Result<Cycles> {
        match self.parameter(&node.parameters, "cycles") {
            None | Some("unique_edges") => Ok(Cycles::UniqueEdges),
            Some("all") => Ok(Cycles::All),
            Some("none") => Ok(Cycles::None),
            Some(other) => {
                let message = format!("`cycles` is `all`, `none` or `unique_edges`, not `{other}`");
                Err(self.error(Code::Argument, span, message))
            }
        }
    }

    fn pattern_node(
        &self,
        name: Option<&'t Name>,
        known: &mut HashMap<&'t str, usize>,
        names: &mut PatternNames,
    ) -> Result<usize> {
        let at = names.nodes.len();
        if let Some(name) = name {
            if let Some(at) = known.get(name.text.as_str()) {
                return Ok(*at);
            }
            self.is_new(name, names)?;
            known.insert(&name.text, at);
            names.variables.push(Variable { name: name.text.clone(), of: VariableOf::Node });
        }
        names.nodes.push(name.map(|name| name.text.clone()));
        Ok(at)
    }

    fn is_new(&self, name: &Name, names: &PatternNames) -> Result<()> {
        if names.variables.iter().all(|known| known.name != name.text) {
            return Ok(());
        }
        let message = format!("`{}` is the name of something else in the pattern", name.text);
        Err(self.error(Code::DuplicateName, name.span, message))
    }

    fn hop(
        &mut self,
        from: usize,
        to: usize,
        edge: &'t GraphElement,
        names: &mut PatternNames,
    ) -> Result<()> {
        let GraphElement::Edge { name, direction, length, .. } = edge else { return Ok(()) };
        let (least, most) = match length {
            None => (1, 1),
            Some((least, most)) => {
                let (low, high) = (self.length(least)?, self.length(most)?);
                if high < low {
                    let message = "the least number of edges is above the most";
                    return Err(self.error(Code::Argument, most.span, message));
                }
                (low, high)
            }
        };
        let hop = names.hops.len();
        let is_variable = length.is_some();
        if let Some(name) = name {
            self.is_new(name, names)?;
            let of = VariableOf::Hop { hop, is_variable };
            names.variables.push(Variable { name: name.text.clone(), of });
        }
        names.hops.push(name.as_ref().map(|name| name.text.clone()));
        names.pattern.hops.push(Hop { from, to, direction: *direction, least, most, is_variable });
        Ok(())
    }

    fn length(&mut self, tree: &'t tree::Expr) -> Result<u32> {
        let length = self.count(tree, "the number of edges")?;
        u32::try_from(length).ok().filter(|_| length <= LENGTH_MAX).ok_or_else(|| {
            let message = format!("the number of edges must be from 0 to {LENGTH_MAX}");
            self.error(Code::Argument, tree.span, message)
        })
    }

    fn no_turns(&self, span: Span) -> crate::bind::Stop {
        self.error(Code::Syntax, span, "a path has nodes and edges by turns, with a node at both ends")
    }
}

/// Whether every node is reached from the first one.
fn is_connected(pattern: &Pattern) -> bool {
    let mut group: Vec<usize> = (0..pattern.nodes).collect();
    for hop in &pattern.hops {
        let (a, b) = (group[hop.from], group[hop.to]);
        group.iter_mut().filter(|of| **of == b).for_each(|of| *of = a);
    }
    group.windows(2).all(|pair| pair[0] == pair[1])
}
