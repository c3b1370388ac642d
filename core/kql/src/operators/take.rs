//! `take`: any so many rows, or the first ones.

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Take,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "take",
    "T | take n",
    "Gives at most so many rows, whichever.",
    &[("range x from 1 to 9 step 1 | take 3 | count", "3")],
)
.aliases(&["limit"])
.takes(Takes::Number)];

impl<'t> Binder<'t> {
    pub(super) fn take(&mut self, input: Relation, node: &'t Take) -> Result<Relation> {
        let rows = self.count(&node.count, "the number of rows")?;
        Ok(self.limit(input, usize::try_from(rows).unwrap_or(0)))
    }
}
