//! `evaluate`: a plugin over the rows.

use super::help::{Help, Place, Takes};
use crate::{
    bind::{BindError, Binder, Code, Result},
    bound::Relation,
    plugins,
    syntax::tree::operators::Evaluate,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "evaluate",
    "T | evaluate plugin(arguments) [: (column: type, …)]",
    "Hands the rows to a plugin; a schema behind it says what comes out.",
    &[(r#"print d = dynamic({"a": 1, "b": "x"}) | evaluate bag_unpack(d)"#, "1, x")],
)
.place(Place::Anywhere)
.takes(Takes::Plugin)];

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
