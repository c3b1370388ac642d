//! `partition`: operators over the rows of each key separately.

use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Binding, Code, Result},
    bound::{Expr, Relation, Value},
    syntax::{
        Span,
        tree::{
            self,
            operators::{Partition, PartitionBody},
        },
    },
};

/// Parts for which a query of its own is run.
const PARTS_MAX: usize = 64;
pub(super) const HELP: &[Help] = &[
    Help::new("partition", "T | partition [hint.strategy = native] by column (subquery)", "Runs a subquery over the rows of each value of a column by itself, and gives all answers together.", &[(r#"datatable (k: string, v: long) ["a", 1, "a", 5, "b", 2] | partition by k (top 1 by v) | sort by k asc"#, "a, 5; b, 2")]).takes(Takes::Columns).words(&["by"]).parameters(&[("hint.strategy", &["native", "shuffle", "legacy"])]),
];

impl<'t> Binder<'t> {
    pub(super) fn partition_by(
        &mut self,
        input: Relation,
        node: &'t Partition,
        span: Span,
    ) -> Result<Relation> {
        let body = match &node.body {
            PartitionBody::Implicit(body) => body,
            PartitionBody::Explicit(query) => return self.query_for_each(input, &node.by, query, span),
        };
        let (over, key) = self.over(input, |binder, row| binder.scalar(&node.by, row))?;
        let name: Arc<str> = Arc::from("\u{0}part");
        let keyed = self.append(over, vec![(Arc::clone(&name), key)]);
        let mut keyed = keyed;
        // The key itself may be a column that the operators change: a copy of it tells the parts apart.
        let last = keyed.columns.len() - 1;
        if keyed.columns[..last].iter().any(|column| column.id == keyed.columns[last].id) {
            keyed.columns[last] = self.fresh(&name, keyed.columns[last].kind);
        }
        let hidden = keyed.columns[last].clone();
        self.partition.push(hidden.clone());
        let answer = self.deeper(span, |binder| binder.operators(keyed, &body.operators));
        self.partition.pop();
        let applied = answer?;
        let kept: Vec<_> = applied.columns.iter().filter(|column| column.id != hidden.id).cloned().collect();
        Ok(self.keep(applied, &kept))
    }

    /// The rows of a query of its own for each value of the key, which the query sees as a constant.
    fn query_for_each(
        &mut self,
        input: Relation,
        by: &'t tree::Expr,
        query: &'t tree::Expr,
        span: Span,
    ) -> Result<Relation> {
        let Some(name) = by.as_name() else {
            return Err(self.error(Code::Argument, by.span, "the parts are told apart by a column"));
        };
        let (keys, batches) = self.ask(|binder| {
            let (over, key) = binder.over(input, |binder, row| binder.scalar(by, row))?;
            let distinct = binder.grouped(over, vec![(Arc::from(name.text.as_str()), key)], Vec::new())?;
            Ok(binder.limit(distinct, PARTS_MAX + 1))
        })?;
        let kind = keys.columns.first().map_or(ColumnType::Dynamic, |column| column.kind);
        let mut inputs = Vec::new();
        for batch in &batches {
            for at in 0..batch.num_rows() {
                let value = ScalarValue::try_from_array(batch.column(0), at)
                    .map_err(|error| self.error(Code::Other, span, error.strip_backtrace()))?;
                let value = Expr::literal(kind, Value::from_scalar(&value, kind));
                let mut inner = self.env.inner();
                inner.declare(&name.text, Binding::Scalar(value));
                let rows =
                    self.deeper(span, |binder| binder.within(inner, |binder| binder.separate(query)))?;
                inputs.push((format!("union_arg{}", inputs.len()), rows));
            }
        }
        if inputs.len() > PARTS_MAX {
            let message = format!("there are more than {PARTS_MAX} parts; write the query in parentheses");
            return Err(self.error(Code::TooLarge, span, message));
        }
        if inputs.is_empty() {
            // Without a part there is nothing to learn the columns from but the query itself.
            let mut inner = self.env.inner();
            inner.declare(&name.text, Binding::Scalar(Expr::null(kind)));
            let rows = self.deeper(span, |binder| binder.within(inner, |binder| binder.separate(query)))?;
            return Ok(self.limit(rows, 0));
        }
        Ok(self.union_of(inputs, false, None))
    }
}
