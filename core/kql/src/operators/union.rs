//! `union`: the rows of several tables.

use std::{collections::HashMap, sync::Arc};

use phalanx_signal::ColumnType;

use super::help::{Help, Place, Takes};
use crate::{
    bind::{Binder, Binding, Code, Names, Result, names::fits},
    bound::{ColumnId, Expr, Node, Relation, UnionInput},
    syntax::{
        Span,
        tree::{self, ExprKind, OperatorKind, Pipeline, Union},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "union",
    "union [kind = outer] [withsource = Name] [isfuzzy = true] T, U, Prefix*",
    "Gives the rows of all tables; where one lacks a column of another, it is empty.",
    &[("let T = print a = 1; let U = print a = 2; union T, U | summarize sum(a)", "3")],
)
.place(Place::Anywhere)
.takes(Takes::Tables)
.parameters(&[("kind", &["outer", "inner"]), ("withsource", &[]), ("isfuzzy", &["true", "false"])])];

impl<'t> Binder<'t> {
    pub(super) fn union(&mut self, input: Option<Relation>, node: &'t Union, span: Span) -> Result<Relation> {
        let mut inputs: Vec<(String, Relation)> = Vec::new();
        let partition = std::mem::take(&mut self.partition);
        if !partition.is_empty() {
            return Err(self.error(Code::Other, span, "`union` can't be used for each part separately"));
        }
        if let Some(input) = input {
            inputs.push(("union_arg0".into(), input));
        }
        let mut failure = None;
        for tree in &node.tables {
            let before = inputs.len();
            if let Err(stop) = self.union_input(tree, &mut inputs) {
                if !node.is_fuzzy || !stop.is_unknown_entity() {
                    return Err(stop);
                }
                inputs.truncate(before);
                failure = Some(stop);
            }
        }
        if inputs.is_empty() {
            return Err(failure.unwrap_or_else(|| self.error(Code::UnknownTable, span, "no table fits")));
        }
        let is_inner = node.kind.as_ref().is_some_and(|kind| kind.text == "inner");
        let source = node.with_source.as_ref().map(|name| name.text.as_str());
        Ok(self.union_of(inputs, is_inner, source))
    }

    pub(super) fn union_input(
        &mut self,
        tree: &'t tree::Expr,
        inputs: &mut Vec<(String, Relation)>,
    ) -> Result<()> {
        match &tree.kind {
            ExprKind::Star => self.tables_like("*", tree.span, inputs),
            ExprKind::Wildcard(pattern) | ExprKind::MemberWildcard { pattern, .. } => {
                self.tables_like(pattern, tree.span, inputs)
            }
            ExprKind::Name(name) => {
                let relation = self.separate(tree)?;
                inputs.push((name.text.clone(), relation));
                Ok(())
            }
            _ => {
                let name = match &tree.unparenthesized().kind {
                    ExprKind::Pipeline(pipeline) if let Some(name) = given_name(pipeline) => name,
                    ExprKind::Call(call) => call.name.text.clone(),
                    ExprKind::Member { name, .. } => name.text.clone(),
                    _ => format!("union_arg{}", inputs.len()),
                };
                let relation = self.deeper(tree.span, |binder| binder.separate(tree))?;
                inputs.push((name, relation));
                Ok(())
            }
        }
    }

    /// The tables and views whose names fit a pattern.
    pub(super) fn tables_like(
        &mut self,
        pattern: &str,
        span: Span,
        inputs: &mut Vec<(String, Relation)>,
    ) -> Result<()> {
        let views = self.env.tables(|name, binding| {
            let is_view = match binding {
                Binding::Function { declaration, .. } => {
                    declaration.is_view && declaration.parameters.is_empty()
                }
                _ => false,
            };
            is_view && fits(pattern, name)
        });
        let names: Vec<Arc<str>> =
            self.tables.names().into_iter().filter(|name| fits(pattern, name)).collect();
        if names.is_empty() && views.is_empty() {
            return Err(self.error(Code::UnknownTable, span, format!("no table fits `{pattern}`")));
        }
        for (name, view) in views {
            let relation = self.bound_table(view, name, span)?;
            inputs.push((name.to_owned(), relation));
        }
        for name in names {
            self.step(span)?;
            let relation = self.stored_table(&name, span)?;
            inputs.push((name.to_string(), relation));
        }
        Ok(())
    }

    /// All columns, or only those that all tables have; the name of each row's table first, if it is asked for.
    pub(crate) fn union_of(
        &mut self,
        inputs: Vec<(String, Relation)>,
        is_inner: bool,
        source: Option<&str>,
    ) -> Relation {
        let mut order: Vec<(Arc<str>, ColumnType)> = Vec::new();
        let mut counts: HashMap<(Arc<str>, ColumnType), usize> = HashMap::new();
        for (_, relation) in &inputs {
            for column in &relation.columns {
                let key = (Arc::clone(&column.name), column.kind);
                let count = counts.entry(key.clone()).or_insert(0);
                if *count == 0 {
                    order.push(key);
                }
                *count += 1;
            }
        }
        if is_inner {
            order.retain(|key| counts.get(key) == Some(&inputs.len()));
        }
        let mut types: HashMap<Arc<str>, usize> = HashMap::new();
        order.iter().for_each(|(name, _)| *types.entry(Arc::clone(name)).or_insert(0) += 1);
        let mut names =
            Names::with(types.iter().filter(|(_, count)| **count == 1).map(|(name, _)| Arc::clone(name)));
        let source = source.map(|name| names.unique(name));
        let mut columns = Vec::with_capacity(order.len() + 1);
        columns.extend(source.as_ref().map(|name| self.fresh(name, ColumnType::String)));
        let mut ids: HashMap<(Arc<str>, ColumnType), ColumnId> = HashMap::with_capacity(order.len());
        for (name, kind) in order {
            let unique = match types[&name] {
                1 => Arc::clone(&name),
                _ => names.unique(&format!("{name}_{kind}")),
            };
            let column = self.fresh(&unique, kind);
            ids.insert((name, kind), column.id);
            columns.push(column);
        }
        let is_open = inputs.iter().any(|(_, relation)| relation.is_open);
        let mut tables = Vec::with_capacity(inputs.len());
        for (table, mut relation) in inputs {
            let mut given: Vec<(ColumnId, ColumnId)> = Vec::with_capacity(relation.columns.len() + 1);
            for column in &relation.columns {
                given.extend(ids.get(&(Arc::clone(&column.name), column.kind)).map(|id| (*id, column.id)));
            }
            if source.is_some() {
                let name: Arc<str> = Arc::from("\u{0}source");
                relation = self.append(relation, vec![(name, Expr::string(&table))]);
                given.extend(relation.columns.last().map(|column| (columns[0].id, column.id)));
            }
            tables.push(UnionInput { relation, columns: given });
        }
        let mut union = Relation::new(columns, Node::Union(tables), false);
        union.is_open = is_open;
        union
    }
}

/// The name that the last `as` of a pipeline gives.
fn given_name(pipeline: &Pipeline) -> Option<String> {
    pipeline.operators.iter().rev().find_map(|operator| match &operator.kind {
        OperatorKind::As(node) => Some(node.name.text.clone()),
        _ => None,
    })
}
