//! `top-hitters`: the most frequent values.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Result, names::own_name},
    bound::{Relation, SortKey},
    syntax::{Span, tree::operators::TopHitters},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "top-hitters",
    "T | top-hitters n of column [by weight]",
    "Gives the values that most rows have, or that have most weight, and how much.",
    &[(r#"datatable (s: string) ["a", "b", "a"] | top-hitters 1 of s"#, "a, 2")],
)
.takes(Takes::Number)
.words(&["of", "by"])];

impl<'t> Binder<'t> {
    pub(super) fn top_hitters(
        &mut self,
        input: Relation,
        node: &'t TopHitters,
        span: Span,
    ) -> Result<Relation> {
        let rows = self.row_limit(&node.count)?;
        let (over, (mut of, weight)) = self.over(input, |binder, row| {
            let mut of = Vec::new();
            binder.named_one(&node.of, row, &mut of)?;
            let weight = node.by.as_ref().map(|key| binder.scalar(&key.value.value, row)).transpose()?;
            Ok((of, weight))
        })?;
        let Some(of) = of.pop() else {
            return Err(self.error(Code::ArgumentCount, span, "the value is missing"));
        };
        let name: Arc<str> = of.name.unwrap_or_else(|| Arc::from("Column1"));
        let call = match (weight, &node.by) {
            (Some(weight), Some(key)) => {
                let column = format!("approximate_sum_{}", own_name(&key.value.value).unwrap_or_default());
                let kind = if weight.kind == ColumnType::Int { ColumnType::Long } else { weight.kind };
                self.simple_call("sum", &column, vec![weight], kind, span)?
            }
            _ => self.count_call(&format!("approximate_count_{name}"), span)?,
        };
        let value = call.0[0].value();
        let grouped = self.grouped(over, vec![(name, of.value)], vec![call])?;
        let key = SortKey { expr: value, is_descending: true, is_nulls_first: false };
        Ok(self.in_order(grouped, vec![key], Some(rows)))
    }
}
