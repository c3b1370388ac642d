//! `take`: any so many rows, or the first ones.

use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Take,
};

impl<'t> Binder<'t> {
    pub(super) fn take(&mut self, input: Relation, node: &'t Take) -> Result<Relation> {
        let rows = self.count(&node.count, "the number of rows")?;
        Ok(self.limit(input, usize::try_from(rows).unwrap_or(0)))
    }
}
