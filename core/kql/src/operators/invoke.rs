//! `invoke`: a function whose first parameter is the input.

use super::help::{Help, Takes};
use crate::{
    bind::{BindError, Binder, Binding, Code, Env, Result},
    bound::Relation,
    syntax::tree::{ExprKind, operators::Invoke},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "invoke",
    "T | invoke function(arguments)",
    "Calls a function whose first parameter is a table with the rows as that table.",
    &[("let twice = (T: (x: long)) { T | extend y = 2 * x }; print x = 4 | invoke twice() | project y", "8")],
)
.takes(Takes::Function)];

impl<'t> Binder<'t> {
    pub(super) fn invoke(&mut self, input: Relation, node: &'t Invoke) -> Result<Relation> {
        let call = match &node.call.kind {
            ExprKind::Call(call) | ExprKind::MemberCall { call, .. } => call,
            _ => return Err(self.error(Code::Syntax, node.call.span, "a function's call is needed here")),
        };
        let name = call.name.text.as_str();
        let (declaration, env) = match self.env.find(name) {
            Some(Binding::Function { declaration, env }) => (declaration, env),
            _ => match self.functions.get(name) {
                Some(declaration) => (declaration, Env::root()),
                None => {
                    let saved = self.tables.functions();
                    let lets = self.env.names();
                    let known = saved.iter().map(|name| &**name).chain(lets);
                    let span = call.name.span.range();
                    return Err(
                        BindError::unknown(Code::UnknownFunction, span, "function", name, known).into()
                    );
                }
            },
        };
        self.table_function(declaration, env, Some(input), &call.arguments, call.span)
    }
}
