//! `sample` and `sample-distinct`: some rows, or some different values.

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Result},
    bound::{Expr, ExprNode, Relation, SortKey},
    functions::function,
    syntax::tree::operators::{Sample, SampleDistinct},
};

pub(super) const HELP: &[Help] = &[
    Help::new(
        "sample",
        "T | sample n",
        "Gives some rows, drawn by chance.",
        &[("range x from 1 to 9 step 1 | sample 4 | count", "4")],
    )
    .takes(Takes::Number),
    Help::new(
        "sample-distinct",
        "T | sample-distinct n of column",
        "Gives so many different values of a column.",
        &[("range x from 1 to 9 step 1 | extend y = x % 2 | sample-distinct 5 of y | count", "2")],
    )
    .takes(Takes::Number)
    .words(&["of"]),
];

impl<'t> Binder<'t> {
    pub(super) fn sample(&mut self, input: Relation, node: &'t Sample) -> Result<Relation> {
        let rows = self.row_limit(&node.count)?;
        let rand = function("rand").expect("a function of the language");
        let expr = Expr { kind: ColumnType::Real, node: ExprNode::Call(rand, Vec::new()) };
        let by_chance = SortKey { expr, is_descending: false, is_nulls_first: false };
        let mut sample = self.in_order(input, vec![by_chance], Some(rows));
        sample.is_serialized = false;
        Ok(sample)
    }

    pub(super) fn sample_distinct(&mut self, input: Relation, node: &'t SampleDistinct) -> Result<Relation> {
        let rows = self.row_limit(&node.count)?;
        let (over, values) = self.over(input, |binder, row| {
            let mut all = Vec::new();
            binder.named_one(&node.of, row, &mut all)?;
            Ok(all)
        })?;
        let keys =
            values.into_iter().map(|named| (named.name.unwrap_or_else(|| "Column1".into()), named.value));
        let distinct = self.grouped(over, keys.collect(), Vec::new())?;
        Ok(self.limit(distinct, rows))
    }
}
