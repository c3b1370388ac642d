//! `graph-match` and `graph-shortest-paths`.
//!
//! The conditions of `where` are taken apart. What is said of one node or edge alone narrows where it may be before
//! anything is searched; so does `all()` over a list of edges or its inner nodes. The rest is asked of every match.

use std::{collections::HashMap, sync::Arc};

use super::narrow::Needs;
use crate::{
    algorithms::graph::{self, FoldKind, Output, Pattern, Wanted},
    bind::{Binder, Code, GraphScope, Names, Result, Row, Variable, balanced, conjuncts, convert},
    bound::{Column, ColumnId, Expr, ExprNode, Node, Operator, Relation},
    syntax::{
        Span,
        tree::{self, NamedExpr, operators::GraphMatch},
    },
};

/// A pattern, and what its nodes and edges are called.
pub(super) struct PatternNames {
    pub pattern: Pattern,
    pub nodes: Vec<Option<String>>,
    pub hops: Vec<Option<String>>,
    pub variables: Vec<Variable>,
}

/// Whom a column belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Node(usize),
    /// An edge, or each edge of a list.
    Hop(usize),
    Fold(usize),
}

/// The conditions of `where`, taken apart.
struct Conditions {
    nodes: Vec<Vec<Expr>>,
    edges: Vec<Vec<(Vec<Column>, Expr)>>,
    inner: Vec<Vec<(Vec<Column>, Expr)>>,
    rest: Vec<Expr>,
}

impl<'t> Binder<'t> {
    pub(in crate::operators) fn graph_match(
        &mut self,
        input: Relation,
        node: &'t GraphMatch,
        span: Span,
    ) -> Result<Relation> {
        self.ask_graph(input, node, Wanted::All, span)
    }

    pub(in crate::operators) fn graph_shortest_paths(
        &mut self,
        input: Relation,
        node: &'t GraphMatch,
        span: Span,
    ) -> Result<Relation> {
        let wanted = match self.parameter(&node.parameters, "output") {
            None | Some("any") => Wanted::AnyShortest,
            Some("all") => Wanted::AllShortest,
            Some(other) => {
                let message = format!("`output` is `any` or `all`, not `{other}`");
                return Err(self.error(Code::Argument, span, message));
            }
        };
        self.ask_graph(input, node, wanted, span)
    }

    fn ask_graph(
        &mut self,
        input: Relation,
        node: &'t GraphMatch,
        wanted: Wanted,
        span: Span,
    ) -> Result<Relation> {
        let (inputs, source) = self.graph_of(input, span)?;
        let names = self.pattern(node, span)?;
        if wanted != Wanted::All {
            self.is_one_path(node, &names.pattern, span)?;
        }
        if node.project.is_empty() {
            return Err(self.error(Code::Syntax, span, "what is found needs a `project` behind it"));
        }
        let nodes: Vec<Vec<Column>> = names
            .nodes
            .iter()
            .map(|name| self.node_columns(&source, |property| of_variable(name.as_deref(), property)))
            .collect();
        let edges: Vec<Vec<Column>> = names
            .hops
            .iter()
            .map(|name| self.edge_columns(&source, |property| of_variable(name.as_deref(), property)))
            .collect();
        let scope = GraphScope {
            nodes: source.nodes.clone(),
            edges: source.edges.clone(),
            variables: names.variables,
            ..GraphScope::default()
        };
        let ((conditions, project), scope) = self.over_graph(scope, |binder| {
            let conditions =
                binder.graph_conditions(node.predicate.as_ref(), &names.pattern, &nodes, &edges)?;
            let project = binder.graph_project(&node.project, &names.pattern, &nodes, &edges)?;
            Ok((conditions, project))
        })?;
        let all = |conditions: Vec<Expr>| match conditions.is_empty() {
            true => None,
            false => Some(balanced(Operator::And, conditions)),
        };
        let (columns, project): (Vec<Column>, Vec<Expr>) = project.into_iter().unzip();
        let asked = graph::GraphMatch {
            source,
            pattern: names.pattern,
            node_filters: conditions.nodes.into_iter().map(all).collect(),
            edge_filters: conditions.edges,
            inner_filters: conditions.inner,
            output: Output { nodes, edges, folds: scope.folds, condition: all(conditions.rest), project },
            wanted,
        };
        let inputs = Needs::matches(&asked).narrowed(inputs, &asked.source);
        Ok(Relation::new(columns, Node::Collected { inputs, algorithm: Arc::new(asked) }, false))
    }

    fn is_one_path(&self, node: &GraphMatch, pattern: &Pattern, span: Span) -> Result<()> {
        let message = if node.patterns.len() != 1 {
            "shortest paths can't be of several sequences"
        } else if pattern.hops.iter().all(|hop| !hop.is_variable) {
            "shortest paths need an edge of variable length, such as `-[e*1..5]->`"
        } else if pattern.has_circle {
            "a shortest path can't name a node twice"
        } else {
            return Ok(());
        };
        Err(self.error(Code::Other, span, message))
    }

    fn graph_conditions(
        &mut self,
        predicate: Option<&'t tree::Expr>,
        pattern: &Pattern,
        nodes: &[Vec<Column>],
        edges: &[Vec<Column>],
    ) -> Result<Conditions> {
        let mut found = Conditions {
            nodes: vec![Vec::new(); nodes.len()],
            edges: vec![Vec::new(); edges.len()],
            inner: vec![Vec::new(); edges.len()],
            rest: Vec::new(),
        };
        let mut owners: HashMap<ColumnId, Owner> = HashMap::new();
        for (at, columns) in nodes.iter().enumerate() {
            owners.extend(columns.iter().map(|column| (column.id, Owner::Node(at))));
        }
        for (at, columns) in edges.iter().enumerate() {
            owners.extend(columns.iter().map(|column| (column.id, Owner::Hop(at))));
        }
        let visible: Vec<Column> = nodes.iter().chain(edges).flatten().cloned().collect();
        let row = Row { columns: &visible, is_some: true, ..Row::NONE };
        let is_list = |hop: usize| pattern.hops[hop].is_variable;
        for tree in predicate.map(conjuncts).unwrap_or_default() {
            let condition = self.condition(tree, &row)?;
            let folds = &self.graph_scope.get_or_insert_default().folds;
            for (at, fold) in folds.iter().enumerate() {
                owners.insert(fold.column.id, Owner::Fold(at));
            }
            let used = owners_of(&condition, &owners);
            match used.as_slice() {
                [Owner::Node(at)] => found.nodes[*at].push(condition),
                [Owner::Hop(at)] => found.edges[*at].push((edges[*at].clone(), condition)),
                [Owner::Fold(at)] => {
                    let fold = folds[*at].clone();
                    let is_alone = matches!(condition.node, ExprNode::Column(_))
                        && owners_of(&fold.value, &owners).is_empty();
                    if fold.kind == FoldKind::All && is_alone {
                        let into = if fold.of_nodes { &mut found.inner } else { &mut found.edges };
                        into[fold.hop].push((fold.columns, fold.value));
                    } else {
                        found.rest.push(condition);
                    }
                }
                _ => found.rest.push(condition),
            }
            // What a list of edges has is known for each of them, not for the match.
            let folds = &self.graph_scope.get_or_insert_default().folds;
            let of_folds = folds.iter().map(|fold| &fold.value);
            let is_misused = found.rest.iter().chain(of_folds).any(|condition| {
                owners_of(condition, &owners)
                    .iter()
                    .any(|owner| matches!(owner, Owner::Hop(at) if is_list(*at)))
            });
            if is_misused {
                let message =
                    "an edge of variable length is a list here; `all()`, `any()` or `map()` go over it";
                return Err(self.error(Code::Types, tree.span, message));
            }
        }
        Ok(found)
    }

    fn graph_project(
        &mut self,
        trees: &'t [NamedExpr],
        pattern: &Pattern,
        nodes: &[Vec<Column>],
        edges: &[Vec<Column>],
    ) -> Result<Vec<(Column, Expr)>> {
        let single =
            edges.iter().zip(&pattern.hops).filter(|(_, hop)| !hop.is_variable).map(|(columns, _)| columns);
        let visible: Vec<Column> = nodes.iter().chain(single).flatten().cloned().collect();
        let row = Row { columns: &visible, is_some: true, ..Row::NONE };
        let values = self.named_all(trees, &row)?;
        let mut names = Names::default();
        for named in values.iter().filter(|named| named.is_given) {
            if let Some(name) = &named.name
                && !names.take(name)
            {
                let message = format!("the column `{name}` is given twice");
                return Err(self.error(Code::DuplicateName, named.span, message));
            }
        }
        // The language gives whatever is made of a list of edges as a dynamic value.
        let folds = &self.graph_scope.get_or_insert_default().folds;
        let of_lists: Vec<ColumnId> = folds
            .iter()
            .filter(|fold| pattern.hops[fold.hop].is_variable)
            .map(|fold| fold.column.id)
            .collect();
        let is_of_list = |value: &Expr| {
            let mut is_found = false;
            value.for_each_column(&mut |id| is_found |= of_lists.contains(&id));
            is_found
        };
        let column = |named: super::super::extend::Named| {
            let name = match named.name {
                Some(name) if named.is_given => name,
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            };
            let value = if is_of_list(&named.value) { convert::to_dynamic(named.value) } else { named.value };
            (self.fresh(&name, value.kind), value)
        };
        Ok(values.into_iter().map(column).collect())
    }
}

/// What a variable's property is called in the row of a match; nobody can name that of a variable without a name.
fn of_variable(variable: Option<&str>, property: &str) -> String {
    match variable {
        Some(variable) => format!("\0{variable}.{property}"),
        None => format!("\0\0{property}"),
    }
}

/// Whom the columns of an expression belong to, each once.
fn owners_of(expression: &Expr, owners: &HashMap<ColumnId, Owner>) -> Vec<Owner> {
    let mut used = Vec::new();
    expression.for_each_column(&mut |id| {
        if let Some(owner) = owners.get(&id)
            && !used.contains(owner)
        {
            used.push(*owner);
        }
    });
    used
}
