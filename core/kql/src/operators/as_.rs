//! `as`: a name for the rows so far.

use std::rc::Rc;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Binding, Result},
    bound::Relation,
    syntax::tree::operators::As,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "as",
    "T | as Name",
    "Gives the rows a name that later statements, and `union withsource`, know them by.",
    &[("print x = 1 | as T | union T | count", "2")],
)
.takes(Takes::NewName)];

impl<'t> Binder<'t> {
    pub(super) fn as_(&mut self, input: Relation, node: &'t As) -> Result<Relation> {
        let named = self.renumbered(&input);
        self.env.declare(&node.name.text, Binding::Relation(Rc::new(named)));
        Ok(input)
    }
}
