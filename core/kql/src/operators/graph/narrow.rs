//! Leaving out the properties that nobody asks for.

use std::collections::HashSet;

use crate::{
    algorithms::graph::{GraphMatch, GraphSource, GraphStep},
    bound::{Column, ColumnId, Expr, Node, Relation},
};

/// Which properties are used, by their places.
pub(super) struct Needs {
    nodes: HashSet<usize>,
    edges: HashSet<usize>,
}

impl Needs {
    /// For a table of nodes.
    pub fn nodes(source: &GraphSource) -> Self {
        let mut needs = Self::steps(source);
        needs.nodes = (0..source.nodes.len()).collect();
        needs
    }

    /// For a table of edges.
    pub fn edges(source: &GraphSource) -> Self {
        let mut needs = Self::steps(source);
        needs.edges = (0..source.edges.len()).collect();
        needs
    }

    pub fn matches(asked: &GraphMatch) -> Self {
        let mut needs = Self::steps(&asked.source);
        let filters =
            asked.edge_filters.iter().chain(&asked.inner_filters).flatten().map(|(_, filter)| filter);
        let output = &asked.output;
        let used = used(
            filters
                .chain(asked.node_filters.iter().flatten())
                .chain(output.folds.iter().map(|fold| &fold.value))
                .chain(&output.condition)
                .chain(&output.project),
        );
        for columns in &output.nodes {
            needs.nodes.extend(places(columns, &used));
        }
        for columns in &output.edges {
            needs.edges.extend(places(columns, &used));
        }
        for (columns, _) in asked.edge_filters.iter().flatten() {
            needs.edges.extend(places(columns, &used));
        }
        for (columns, _) in asked.inner_filters.iter().flatten() {
            needs.nodes.extend(places(columns, &used));
        }
        for fold in &output.folds {
            let needed = if fold.of_nodes { &mut needs.nodes } else { &mut needs.edges };
            needed.extend(places(&fold.columns, &used));
        }
        needs
    }

    /// What the steps before the question use.
    fn steps(source: &GraphSource) -> Self {
        let (mut nodes, mut edges) = (HashSet::new(), HashSet::new());
        for step in &source.steps {
            match step {
                GraphStep::Components { .. } => {}
                GraphStep::WhereNodes { columns, condition } => {
                    nodes.extend(places(columns, &used([condition])))
                }
                GraphStep::WhereEdges { columns, condition } => {
                    edges.extend(places(columns, &used([condition])))
                }
            }
        }
        Self { nodes, edges }
    }

    /// The inputs with nulls in place of what is not needed, so that nothing reads it.
    pub fn narrowed(&self, mut inputs: Vec<Relation>, source: &GraphSource) -> Vec<Relation> {
        let is_edge_needed = |at: usize| self.edges.contains(&at);
        let mut inputs_of = inputs.iter_mut();
        if let Some(edges) = inputs_of.next() {
            narrow(edges, source.edges.len(), is_edge_needed);
        }
        for (input, table) in inputs_of.zip(&source.tables) {
            let needed: HashSet<usize> =
                self.nodes.iter().filter_map(|at| *table.properties.get(*at)?).collect();
            narrow(input, table.width, |at| needed.contains(&at));
        }
        inputs
    }
}

fn narrow(input: &mut Relation, width: usize, is_needed: impl Fn(usize) -> bool) {
    let Node::Project { expressions, .. } = &mut input.node else { return };
    for (at, expression) in expressions.iter_mut().enumerate().take(width) {
        if !is_needed(at) {
            *expression = Expr::null(expression.kind);
        }
    }
}

fn used<'a>(expressions: impl IntoIterator<Item = &'a Expr>) -> HashSet<ColumnId> {
    let mut used = HashSet::new();
    for expression in expressions {
        expression.for_each_column(&mut |id| {
            used.insert(id);
        });
    }
    used
}

fn places<'a>(columns: &'a [Column], used: &'a HashSet<ColumnId>) -> impl Iterator<Item = usize> + 'a {
    (0..columns.len()).filter(|at| used.contains(&columns[*at].id))
}
