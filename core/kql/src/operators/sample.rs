//! `sample` and `sample-distinct`: some rows, or some different values.

use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::{
        Span,
        tree::operators::{Sample, SampleDistinct},
    },
};

impl<'t> Binder<'t> {
    pub(super) fn sample(&mut self, input: Relation, node: &'t Sample) -> Result<Relation> {
        let rows = self.row_limit(&node.count)?;
        Ok(self.limit(input, rows))
    }

    pub(super) fn sample_distinct(
        &mut self,
        input: Relation,
        node: &'t SampleDistinct,
        span: Span,
    ) -> Result<Relation> {
        let rows = self.row_limit(&node.count)?;
        let (over, values) = self.over(input, |binder, row| {
            let mut all = Vec::new();
            binder.named_one(&node.of, row, &mut all)?;
            Ok(all)
        })?;
        let _ = span;
        let keys =
            values.into_iter().map(|named| (named.name.unwrap_or_else(|| "Column1".into()), named.value));
        let distinct = self.grouped(over, keys.collect(), Vec::new())?;
        Ok(self.limit(distinct, rows))
    }
}
