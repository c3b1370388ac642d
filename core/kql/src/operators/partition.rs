//! `partition`: operators over the rows of each key separately.

use std::sync::Arc;

use crate::{
    bind::{Binder, Code, Result},
    bound::Relation,
    syntax::{
        Span,
        tree::operators::{Partition, PartitionBody},
    },
};

impl<'t> Binder<'t> {
    pub(super) fn partition_by(
        &mut self,
        input: Relation,
        node: &'t Partition,
        span: Span,
    ) -> Result<Relation> {
        let PartitionBody::Implicit(body) = &node.body else {
            return Err(self.error(Code::Other, span, "a query in braces for each part is not supported"));
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
}
