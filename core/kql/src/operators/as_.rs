//! `as`: a name for the rows so far.

use std::rc::Rc;

use crate::{
    bind::{Binder, Binding, Result},
    bound::Relation,
    syntax::tree::operators::As,
};

impl<'t> Binder<'t> {
    pub(super) fn as_(&mut self, input: Relation, node: &'t As) -> Result<Relation> {
        let named = self.renumbered(&input);
        self.env.declare(&node.name.text, Binding::Relation(Rc::new(named)));
        Ok(input)
    }
}
