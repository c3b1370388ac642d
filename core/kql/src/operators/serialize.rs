//! `serialize`: says that the rows' order, whatever it is, may be relied on.

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::NamedExpr,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "serialize",
    "T | serialize [column = expression, …]",
    "Takes the order of the rows as it is, so that functions may look at the rows around, and adds columns.",
    &[("range x from 5 to 6 step 1 | serialize n = row_number()", "5, 1; 6, 2")],
)
.takes(Takes::Values)];

impl<'t> Binder<'t> {
    pub(super) fn serialize(&mut self, mut input: Relation, columns: &'t [NamedExpr]) -> Result<Relation> {
        input.is_serialized = true;
        if columns.is_empty() { Ok(input) } else { self.extend(input, columns) }
    }
}
