//! `mv-expand`: a row for each element of an array.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::extend::Named;
use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result, convert},
    bound::{Column, Expand, Expr, Node, Relation},
    syntax::{
        Span,
        tree::{
            self,
            operators::{ExpandColumn, MvExpand},
        },
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "mv-expand",
    "T | mv-expand [kind = bag] [Name =] array [to typeof(type)], … [limit n]",
    "Gives a row for each element of an array, or each member of a bag; several arrays go side by side.",
    &[(r#"print k = "a", v = dynamic([1, 2]) | mv-expand v to typeof(long)"#, "a, 1; a, 2")],
)
.aliases(&["mvexpand"])
.takes(Takes::Values)
.words(&["to", "limit"])
.parameters(&[("kind", &["bag", "array"]), ("bagexpansion", &["bag", "array"]), ("with_itemindex", &[])])];

/// Rows that the old spelling makes of one.
const LEGACY_ROWS: usize = 128;

/// What an expansion makes, and what becomes of nulls.
pub(super) struct Expansion<'t> {
    pub columns: &'t [ExpandColumn],
    pub index: Option<&'t tree::Name>,
    pub limit: Option<usize>,
    pub bags_as_pairs: bool,
    pub keep_nulls: bool,
}

impl<'t> Binder<'t> {
    pub(super) fn mv_expand(&mut self, input: Relation, node: &'t MvExpand, span: Span) -> Result<Relation> {
        let limit = match &node.limit {
            Some(tree) => Some(self.row_limit(tree)?),
            None => node.is_legacy.then_some(LEGACY_ROWS),
        };
        let bags_as_pairs = node.kind.as_ref().is_some_and(|kind| kind.text == "array");
        let expansion = Expansion {
            columns: &node.columns,
            index: node.item_index.as_ref(),
            limit,
            bags_as_pairs,
            keep_nulls: true,
        };
        self.expanded(input, &expansion, span).map(|(relation, _)| relation)
    }

    pub(super) fn row_limit(&mut self, tree: &'t tree::Expr) -> Result<usize> {
        Ok(usize::try_from(self.count(tree, "the number of rows")?).unwrap_or(0))
    }

    /// The rows, each element in the place of its array, and the elements' columns.
    pub(super) fn expanded(
        &mut self,
        input: Relation,
        expansion: &Expansion<'t>,
        span: Span,
    ) -> Result<(Relation, Vec<Column>)> {
        let (over, values) = self.over(input, |binder, row| {
            let mut all: Vec<(Named, Option<ColumnType>)> = Vec::new();
            for column in expansion.columns {
                let mut values = Vec::new();
                binder.named_one(&column.value, row, &mut values)?;
                let to = column.to.as_ref().map(|name| binder.kind(name)).transpose()?;
                all.extend(values.into_iter().map(|value| (value, to)));
            }
            Ok(all)
        })?;
        if values.is_empty() && expansion.index.is_none() {
            return Err(self.error(Code::ArgumentCount, span, "which column is to be expanded?"));
        }
        let mut arrays = Vec::with_capacity(values.len());
        let mut columns = over.columns.clone();
        let mut elements = Vec::with_capacity(values.len());
        let mut names = Names::with(over.columns.iter().map(|column| Arc::clone(&column.name)));
        for (named, to) in values {
            let name = named.name.unwrap_or_else(|| names.unnamed());
            let array = match named.value.kind {
                ColumnType::Dynamic => named.value,
                ColumnType::String => {
                    let parse = self.builtin("parse_json", named.span)?;
                    Expr::call(ColumnType::Dynamic, parse, vec![named.value])
                }
                kind => {
                    let message = format!("only dynamic values can be expanded, not a {kind}");
                    return Err(self.error(Code::Types, named.span, message));
                }
            };
            arrays.push(array);
            let element = self.fresh(&name, ColumnType::Dynamic);
            columns.push(element.clone());
            elements.push((name, element, to));
        }
        let index = expansion.index.map(|name| self.fresh(&name.text, ColumnType::Long));
        columns.extend(index.clone());
        let expand = Expand {
            arrays,
            with_index: index.is_some(),
            keep_nulls: expansion.keep_nulls,
            bags_as_pairs: expansion.bags_as_pairs,
            limit: expansion.limit,
        };
        let before = self.visible(&over);
        let is_serialized = over.is_serialized;
        let relation = Relation::new(columns, Node::Expand { input: Box::new(over), expand }, is_serialized);
        let mut output: Vec<(Arc<str>, Expr)> =
            before.into_iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        let mut made = Vec::with_capacity(elements.len());
        for (name, element, to) in elements {
            let value = match to {
                Some(kind) if kind != ColumnType::Dynamic => convert::explicitly(element.value(), kind)
                    .ok_or_else(|| self.error(Code::Types, span, format!("nothing converts to {kind}")))?,
                _ => element.value(),
            };
            made.push(Arc::clone(&name));
            match output.iter_mut().find(|(known, _)| *known == name) {
                Some(place) => place.1 = value,
                None => output.push((name, value)),
            }
        }
        if let Some(index) = index {
            made.push(Arc::clone(&index.name));
            output.push((Arc::clone(&index.name), index.value()));
        }
        let relation = self.project_on(relation, output);
        let made = relation.columns.iter().filter(|column| made.contains(&column.name)).cloned().collect();
        Ok((relation, made))
    }
}
