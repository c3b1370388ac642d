//! `mv-apply`: operators over the elements of each row's array.
//!
//! The elements become rows that remember their row by a number; the operators run over all of them at once, each
//! row's apart (see [`Binder::partition`]). The row's own columns go along unseen and are put back at the end.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use super::mv_expand::Expansion;
use crate::{
    bind::{Binder, Names, Result},
    bound::{Column, Expr, Relation},
    functions::arithmetic::ROW_ID,
    syntax::{Span, tree::operators::MvApply},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "mv-apply",
    "T | mv-apply [Name =] array [to typeof(type)] [limit n], … on (subquery)",
    "Runs a subquery over the elements of an array of each row, and adds what comes of it to the row.",
    &[(
        "print a = dynamic([1, 5, 3]) | mv-apply x = a to typeof(long) on (summarize m = max(x)) | project m",
        "5",
    )],
)
.aliases(&["mvapply"])
.takes(Takes::Values)
.words(&["to", "on", "limit"])
.parameters(&[("with_itemindex", &[])])];

impl<'t> Binder<'t> {
    pub(super) fn mv_apply(&mut self, input: Relation, node: &'t MvApply, span: Span) -> Result<Relation> {
        let limit = node.limit.as_ref().map(|tree| self.row_limit(tree)).transpose()?;
        let source = self.visible(&input);
        let outer = self.partition.clone();
        // The copies that go along.
        let mut added: Vec<(Arc<str>, Expr)> =
            vec![(Arc::from("\u{0}\u{0}row"), Expr::call(ColumnType::Long, &ROW_ID, Vec::new()))];
        added
            .extend(source.iter().map(|column| (Arc::from(format!("\u{0}{}", column.name)), column.value())));
        let mut output: Vec<(Arc<str>, Expr)> =
            input.columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        output.extend(added);
        let known = input.columns.len();
        let numbered = self.project_on(input, output);
        let hidden: Vec<Column> = numbered.columns[known..].to_vec();
        self.partition.extend(hidden.iter().cloned());
        let answer = self.deeper(span, |binder| {
            let expansion = Expansion {
                columns: &node.columns,
                index: node.item_index.as_ref(),
                limit,
                bags_as_pairs: false,
                keep_nulls: false,
            };
            let (expanded, made) = binder.expanded(numbered, &expansion, span)?;
            Ok((binder.operators(expanded, &node.on.operators)?, made))
        });
        self.partition = outer;
        let (applied, made) = answer?;
        // The row's columns, but for those that were expanded, and then what the operators gave.
        let copies = &hidden[1..];
        let mut names = Names::default();
        let mut output = Vec::new();
        for (column, copy) in source.iter().zip(copies) {
            if made.iter().all(|element| element.name != column.name) {
                names.take(&column.name);
                output.push((Arc::clone(&column.name), copy.value()));
            }
        }
        for column in &applied.columns {
            let is_hidden = hidden.iter().any(|hidden| hidden.id == column.id);
            let is_same = source.iter().any(|known| known.id == column.id && known.name == column.name);
            if !is_hidden && !is_same {
                output.push((names.unique(&column.name), column.value()));
            }
        }
        Ok(self.project_on(applied, output))
    }
}
