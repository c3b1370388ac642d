//! `serialize`: says that the rows' order, whatever it is, may be relied on.

use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::NamedExpr,
};

impl<'t> Binder<'t> {
    pub(super) fn serialize(&mut self, mut input: Relation, columns: &'t [NamedExpr]) -> Result<Relation> {
        input.is_serialized = true;
        if columns.is_empty() { Ok(input) } else { self.extend(input, columns) }
    }
}
