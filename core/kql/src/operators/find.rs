//! `find`: rows of several tables for which a predicate holds.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Place, Takes};
use crate::{
    bind::{Binder, Result, names::fits},
    bound::{Column, Expr, Relation},
    syntax::{
        Span,
        tree::{self, ColumnPattern, ExprKind, Find, FindColumn},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "find",
    "find [withsource = Name] [in (table, …)] where predicate [project column, …]",
    "Looks in several tables for rows that satisfy a predicate, and says which table each comes from.",
    &[("let T = print a = 1; find in (T) where a == 1 project a | project a", "1")],
)
.place(Place::Anywhere)
.takes(Takes::Values)
.words(&["where", "in", "project", "project-smart", "project-away"])
.parameters(&[("withsource", &[])])];

impl<'t> Binder<'t> {
    pub(super) fn find_in(&mut self, input: Relation, node: &'t Find, span: Span) -> Result<Relation> {
        self.found_in(vec![("find_arg0".into(), input)], node, span)
    }

    pub(super) fn find(&mut self, node: &'t Find, span: Span) -> Result<Relation> {
        let mut tables = Vec::new();
        if node.tables.is_empty() {
            self.tables_like("*", span, &mut tables)?;
        }
        for tree in &node.tables {
            self.union_input(tree, &mut tables)?;
        }
        self.found_in(tables, node, span)
    }

    fn found_in(&mut self, tables: Vec<(String, Relation)>, node: &'t Find, span: Span) -> Result<Relation> {
        let mut found = Vec::with_capacity(tables.len());
        self.known_somewhere(&node.predicate, &tables)?;
        for (name, mut relation) in tables {
            let columns = relation.columns.clone();
            // What another table has is null here.
            relation.is_open = true;
            let (over, condition) =
                self.over(relation, |binder, row| binder.search_condition(&node.predicate, false, row))?;
            let filtered = self.filter(over, condition);
            let mut kept = self.keep(filtered, &columns);
            kept.is_open = false;
            found.push((name, kept));
        }
        let wanted = self.wanted(&found, node)?;
        let packs = node.columns.is_empty()
            || node.columns.iter().any(|column| matches!(column, FindColumn::Pack(_)));
        let mut inputs = Vec::with_capacity(found.len());
        for (name, relation) in found {
            let mut output: Vec<(Arc<str>, Expr)> = Vec::new();
            for (column, kind) in &wanted {
                let known =
                    relation.columns.iter().find(|known| known.name == *column && known.kind == *kind);
                output.push((Arc::clone(column), known.map_or(Expr::null(*kind), Column::value)));
            }
            if packs {
                let rest: Vec<Column> = relation
                    .columns
                    .iter()
                    .filter(|column| !wanted.contains(&(Arc::clone(&column.name), column.kind)))
                    .cloned()
                    .collect();
                output.push(("pack_".into(), self.packed(&rest, span)?));
            }
            let relation = self.project(relation, output);
            inputs.push((name, relation));
        }
        let source = node.with_source.as_ref().map_or("source_", |name| name.text.as_str());
        let union = self.union_of(inputs, false, Some(source));
        let away: Vec<_> = union
            .columns
            .iter()
            .filter(|column| {
                !node.away.iter().any(|pattern| match pattern {
                    ColumnPattern::Name(name) => *name.text == *column.name,
                    ColumnPattern::Wildcard { pattern, .. } => fits(pattern, &column.name),
                })
            })
            .cloned()
            .collect();
        Ok(self.keep(union, &away))
    }

    /// The columns asked for; without any, those that the predicate names and those that all tables have.
    fn wanted(
        &mut self,
        found: &[(String, Relation)],
        node: &'t Find,
    ) -> Result<Vec<(Arc<str>, ColumnType)>> {
        let mut wanted: Vec<(Arc<str>, ColumnType)> = Vec::new();
        for column in &node.columns {
            let FindColumn::Column { name, type_name } = column else { continue };
            let declared = type_name.as_ref().map(|name| self.kind(name)).transpose()?;
            let known =
                found.iter().find_map(|(_, relation)| relation.column(&name.text)).map(|column| column.kind);
            let kind = declared.or(known).unwrap_or(ColumnType::String);
            wanted.push((Arc::from(name.text.as_str()), kind));
        }
        if !node.columns.is_empty() {
            return Ok(wanted);
        }
        let mut named = Vec::new();
        names_in(&node.predicate, &mut named);
        for (at, (_, relation)) in found.iter().enumerate() {
            for column in &relation.columns {
                let key = (Arc::clone(&column.name), column.kind);
                let is_common = at == 0
                    && found.iter().all(|(_, other)| {
                        other
                            .columns
                            .iter()
                            .any(|known| known.name == column.name && known.kind == column.kind)
                    });
                if (is_common || named.iter().any(|name| *name.text == *column.name))
                    && !wanted.contains(&key)
                {
                    wanted.push(key);
                }
            }
        }
        Ok(wanted)
    }

    /// Some columns as one bag.
    pub(super) fn packed(&mut self, columns: &[Column], span: Span) -> Result<Expr> {
        let function = self.builtin("bag_pack", span)?;
        let arguments =
            columns.iter().flat_map(|column| [Expr::string(&column.name), column.value()]).collect();
        Ok(Expr::call(ColumnType::Dynamic, function, arguments))
    }
}

/// The names that a predicate mentions.
pub(super) fn names_in<'a>(tree: &'a tree::Expr, out: &mut Vec<&'a tree::Name>) {
    match &tree.kind {
        ExprKind::Name(name) => out.push(name),
        ExprKind::Paren(inner) => names_in(inner, out),
        ExprKind::Unary { operand, .. } => names_in(operand, out),
        ExprKind::Binary { left, right, .. } => {
            names_in(left, out);
            names_in(right, out);
        }
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().for_each(|tree| names_in(tree, out)),
        ExprKind::List { left, .. } => names_in(left, out),
        ExprKind::Between { value, .. } => names_in(value, out),
        ExprKind::Member { base, .. } | ExprKind::Index { base, .. } => names_in(base, out),
        ExprKind::Call(call) => call.arguments.iter().for_each(|argument| names_in(&argument.value, out)),
        _ => {}
    }
}
