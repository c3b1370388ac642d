//! `evaluate`: a plugin over the rows.

use crate::{
    bind::{BindError, Binder, Code, Result},
    bound::Relation,
    plugins,
    syntax::tree::operators::Evaluate,
};

impl<'t> Binder<'t> {
    pub(super) fn evaluate(&mut self, input: Relation, node: &'t Evaluate) -> Result<Relation> {
        let name = &node.call.name;
        match plugins::plugin(&name.text) {
            Some(bind) => bind(self, input, node),
            None => {
                let known = plugins::names();
                let span = name.span.range();
                Err(BindError::unknown(Code::UnknownFunction, span, "plugin", &name.text, known).into())
            }
        }
    }
}
