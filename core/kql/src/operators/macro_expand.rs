//! `macro-expand`: a query over each place of a group, put together as by `union`. The only place there is, is
//! this one.

use super::help::{Help, Place};
use crate::{
    bind::{BindError, Binder, Binding, Code, Result},
    bound::Relation,
    syntax::{
        Span,
        tree::{self, ExprKind, operators::MacroExpand},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "macro-expand",
    "macro-expand entity_group [database(\"name\"), …] as scope (subquery)",
    "Runs a subquery for each place of a group, and gives all rows together.",
    &[("macro-expand entity_group [database(\"a\")] as X (print x = 1)", "1")],
)
.place(Place::Source)
.words(&["as"])];

impl<'t> Binder<'t> {
    pub(super) fn macro_expand(&mut self, node: &'t MacroExpand, span: Span) -> Result<Relation> {
        let entities = match &node.group {
            Some(group) => self.entities(group)?,
            None => node.entities.as_slice(),
        };
        if entities.is_empty() {
            return Err(self.error(Code::ArgumentCount, span, "a group needs a place"));
        }
        let is_fuzzy = self.parameter(&node.parameters, "isfuzzy") == Some("true");
        let mut inputs = Vec::with_capacity(entities.len());
        let mut failure = None;
        for entity in entities {
            match self.expanded_at(entity, node, span) {
                Ok(relation) => inputs.push((format!("union_arg{}", inputs.len()), relation)),
                Err(stop) if is_fuzzy && stop.is_unknown_entity() => failure = Some(stop),
                Err(stop) => return Err(stop),
            }
        }
        match failure {
            Some(failure) if inputs.is_empty() => Err(failure),
            _ => {
                let is_inner = self.parameter(&node.parameters, "kind") == Some("inner");
                Ok(self.union_of(inputs, is_inner, None))
            }
        }
    }

    fn entities(&mut self, group: &'t tree::Expr) -> Result<&'t [tree::Expr]> {
        if let Some(entities) = group.as_entity_group() {
            return Ok(entities);
        }
        match &group.unparenthesized().kind {
            ExprKind::Name(name) => match self.env.find(&name.text) {
                Some(Binding::Group(entities)) => Ok(entities),
                _ => {
                    let known = self.env.names();
                    let names = known.into_iter();
                    Err(BindError::unknown(Code::UnknownTable, name.span.range(), "group", &name.text, names)
                        .into())
                }
            },
            _ => Err(self.error(Code::Types, group.span, "a group of places is needed here")),
        }
    }

    fn expanded_at(&mut self, entity: &'t tree::Expr, node: &'t MacroExpand, span: Span) -> Result<Relation> {
        self.here(entity)?;
        let mut inner = self.env.inner();
        inner.declare(&node.scope.text, Binding::Place);
        self.deeper(span, |binder| binder.within(inner, |binder| binder.table_of(&node.body, span)))
    }
}
