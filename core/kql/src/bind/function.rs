//! Functions that queries declare and people save: their bodies, with the arguments as names.

use std::rc::Rc;

use phalanx_signal::ColumnType;

use super::{Binder, Binding, Code, Env, Result, Row, convert};
use crate::{
    bound::{Expr, Relation},
    syntax::{
        Span,
        tree::{self, Argument, ExprKind, FunctionDecl, ParameterType},
    },
};

impl<'t> Binder<'t> {
    /// The table that a function gives; `input` is its first parameter where it is invoked.
    pub fn table_function(
        &mut self,
        declaration: &'t FunctionDecl,
        env: Env<'t>,
        input: Option<Relation>,
        arguments: &'t [Argument],
        span: Span,
    ) -> Result<Relation> {
        self.deeper(span, |binder| {
            let inner = binder.arguments(declaration, env, input, arguments, span, &Row::NONE)?;
            binder.within(inner, |binder| {
                binder.body(declaration)?;
                binder.separate(binder.value_of(declaration)?)
            })
        })
    }

    pub(super) fn scalar_function(
        &mut self,
        declaration: &'t FunctionDecl,
        env: Env<'t>,
        arguments: &'t [Argument],
        span: Span,
        row: &Row<'_>,
    ) -> Result<Expr> {
        self.deeper(span, |binder| {
            let inner = binder.arguments(declaration, env, None, arguments, span, row)?;
            binder.within(inner, |binder| {
                binder.body(declaration)?;
                let value = binder.value_of(declaration)?;
                let row = Row { is_serialized: row.is_serialized, ..Row::NONE };
                binder.scalar(value, &row)
            })
        })
    }

    fn body(&mut self, declaration: &'t FunctionDecl) -> Result<()> {
        let Some((_, before)) = declaration.body.split_last() else { return Ok(()) };
        before.iter().try_for_each(|statement| self.statement(statement))
    }

    /// The names that the function's body sees.
    fn arguments(
        &mut self,
        declaration: &'t FunctionDecl,
        env: Env<'t>,
        mut input: Option<Relation>,
        arguments: &'t [Argument],
        span: Span,
        row: &Row<'_>,
    ) -> Result<Env<'t>> {
        let caller = self.env.clone();
        let is_invoked = input.is_some();
        let mut inner = env.inner();
        let mut positional = arguments.iter().filter(|argument| argument.name.is_none());
        for argument in arguments {
            if let Some(name) = &argument.name
                && !declaration.parameters.iter().any(|parameter| parameter.name.text == name.text)
            {
                let message = format!("the function has no parameter `{}`", name.text);
                return Err(self.error(Code::ArgumentCount, name.span, message));
            }
        }
        for parameter in &declaration.parameters {
            let name = parameter.name.text.as_str();
            let named = arguments
                .iter()
                .find(|argument| argument.name.as_ref().is_some_and(|given| given.text == name));
            let binding = match &parameter.of {
                ParameterType::Table { .. } => {
                    if let Some(relation) = input.take() {
                        Binding::Relation(Rc::new(relation))
                    } else {
                        let Some(argument) = named.or_else(|| positional.next()) else {
                            let message = format!("the table `{name}` is missing");
                            return Err(self.error(Code::ArgumentCount, span, message));
                        };
                        Binding::Table { tree: &argument.value, env: caller.clone() }
                    }
                }
                ParameterType::Scalar(type_name) => {
                    let kind = self.kind(type_name)?;
                    let argument = named.or_else(|| positional.next()).map(|argument| &argument.value);
                    let is_column = |tree: &&'t tree::Expr| match &tree.unparenthesized().kind {
                        ExprKind::Name(name) => is_invoked && self.env.find(&name.text).is_none(),
                        _ => false,
                    };
                    let column = argument.filter(is_column).and_then(|tree| tree.unparenthesized().as_name());
                    if let (Some(name), ColumnType::String) = (column, kind) {
                        // An invoked function of the host takes a column by its bare name.
                        inner
                            .declare(parameter.name.text.as_str(), Binding::Scalar(Expr::string(&name.text)));
                        continue;
                    }
                    let (value, span) = match (argument, &parameter.default) {
                        (Some(tree), _) => (self.scalar(tree, row)?, tree.span),
                        (None, Some(tree)) => (self.scalar(tree, &Row::NONE)?, tree.span),
                        (None, None) => {
                            let message = format!("the argument `{name}` is missing");
                            return Err(self.error(Code::ArgumentCount, span, message));
                        }
                    };
                    let given = value.kind;
                    let value = convert::implicitly(value.clone(), kind)
                        .or_else(|| convert::explicitly(value, kind))
                        .ok_or_else(|| {
                            let message = format!("`{name}` is a {kind}; a {given} can't be one");
                            self.error(Code::Argument, span, message)
                        })?;
                    Binding::Scalar(value)
                }
            };
            inner.declare(name, binding);
        }
        if let Some(extra) = positional.next() {
            let message = format!("the function takes {} arguments at most", declaration.parameters.len());
            return Err(self.error(Code::ArgumentCount, extra.value.span, message));
        }
        Ok(inner)
    }
}
