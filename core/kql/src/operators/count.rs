//! `count`: how many rows.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::Help;
use crate::{
    aggregates::aggregate,
    bind::{Binder, Code, Result},
    bound::{AggregateCall, Column, Relation},
    syntax::{Span, tree::operators::Count},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "count",
    "T | count [as Name]",
    "Counts the rows.",
    &[("range x from 1 to 5 step 1 | count", "5")],
)
.words(&["as"])];

impl<'t> Binder<'t> {
    pub(super) fn count_rows(&mut self, input: Relation, node: &'t Count) -> Result<Relation> {
        let name = node.name.as_ref().map_or("Count", |name| &name.text);
        let call = self.count_call(name, Span::default())?;
        let keys = self.partition_keys();
        Ok(self.aggregate(input, keys, vec![call]))
    }

    /// `count()` and its column.
    pub(crate) fn count_call(&mut self, name: &str, span: Span) -> Result<(Vec<Column>, AggregateCall)> {
        self.simple_call("count", name, Vec::new(), ColumnType::Long, span)
    }

    /// An aggregate of one value and its column.
    pub(crate) fn simple_call(
        &mut self,
        function: &str,
        name: &str,
        arguments: Vec<crate::bound::Expr>,
        kind: ColumnType,
        span: Span,
    ) -> Result<(Vec<Column>, AggregateCall)> {
        let aggregate = aggregate(function).ok_or_else(|| {
            self.error(Code::UnknownFunction, span, format!("`{function}()` is not available"))
        })?;
        let kinds = vec![kind];
        Ok((vec![self.fresh(name, kind)], AggregateCall { aggregate, arguments, kinds }))
    }

    /// What tells apart the rows that operators run over separately, as keys of a group.
    pub(super) fn partition_keys(&self) -> Vec<(Arc<str>, crate::bound::Expr)> {
        self.partition.iter().map(|column| (Arc::clone(&column.name), column.value())).collect()
    }
}
