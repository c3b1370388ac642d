//! Statements: what is declared, set and asked.

use super::{Binder, Binding, Code, Env, Result, Row, convert, literal};
use crate::{
    bound::{Expr, Relation},
    syntax::tree::{
        ExprKind, FunctionDecl, Let, LetValue, Name, ParameterDecl, ParameterType, Query, Statement,
        StatementKind,
    },
};

impl<'t> Binder<'t> {
    pub(super) fn query(&mut self, query: &'t Query) -> Result<Vec<Relation>> {
        let mut relations = Vec::new();
        for statement in &query.statements {
            if let StatementKind::Expression(expression) = &statement.kind {
                self.render = None;
                self.results(expression, &mut relations)?;
            } else {
                self.statement(statement)?;
            }
        }
        // Tables with names of their own are answers by themselves only if nobody asks for them.
        if relations.is_empty()
            && let Some((tables, _)) = self.several.take()
        {
            relations = tables;
        }
        Ok(relations)
    }

    /// A statement that is no answer by itself.
    pub(super) fn statement(&mut self, statement: &'t Statement) -> Result<()> {
        self.step(statement.span)?;
        match &statement.kind {
            StatementKind::Let(declaration) => self.declare(declaration),
            StatementKind::Expression(_) | StatementKind::AliasDatabase { .. } => Ok(()),
            StatementKind::Set { name, value } => {
                let value = match value {
                    Some(value) => match &value.unparenthesized().kind {
                        ExprKind::Name(name) => name.text.clone(),
                        _ => self.constant(value, "the value of an option")?.to_string(),
                    },
                    None => "true".to_owned(),
                };
                self.options.push((name.text.clone(), value));
                Ok(())
            }
            StatementKind::QueryParameters(parameters) => {
                parameters.iter().try_for_each(|parameter| self.query_parameter(parameter))
            }
            StatementKind::Pattern(pattern) => {
                self.declare_once(&pattern.name, |env| Binding::Pattern { pattern, env })
            }
            StatementKind::Restrict(_) => {
                Err(self.error(Code::Other, statement.span, "`restrict access` is not supported"))
            }
            StatementKind::Command(_) => {
                Err(self.error(Code::Other, statement.span, "a command can't be part of a query"))
            }
        }
    }

    fn declare_once(&mut self, name: &'t Name, binding: impl FnOnce(Env<'t>) -> Binding<'t>) -> Result<()> {
        if self.env.declares(&name.text) {
            let message = format!("`{}` is declared twice", name.text);
            return Err(self.error(Code::DuplicateName, name.span, message));
        }
        let env = self.env.clone();
        self.env.declare(&name.text, binding(env));
        Ok(())
    }

    fn declare(&mut self, declaration: &'t Let) -> Result<()> {
        let env = self.env.clone();
        self.look_into(&declaration.value);
        let binding = match &declaration.value {
            LetValue::Expr(tree) if let Some(entities) = tree.as_entity_group() => Binding::Group(entities),
            LetValue::Function(declaration) => Binding::Function { declaration, env },
            LetValue::Expr(tree) if self.is_tabular(tree) => match &tree.unparenthesized().kind {
                ExprKind::Call(call) if call.name.text == "materialize" && call.arguments.len() == 1 => {
                    let tree = &call.arguments[0].value;
                    Binding::Materialized { tree, env, rows: Default::default() }
                }
                _ => Binding::Table { tree, env },
            },
            LetValue::Expr(tree) => Binding::Scalar(self.scalar(tree, &Row::NONE)?),
        };
        self.declare_once(&declaration.name, |_| binding)
    }

    fn query_parameter(&mut self, parameter: &'t ParameterDecl) -> Result<()> {
        let name = &parameter.name;
        let ParameterType::Scalar(type_name) = &parameter.of else {
            return Err(self.error(Code::Types, parameter.span, "a query's parameter can't be a table"));
        };
        let kind = self.kind(type_name)?;
        let given = self.settings.parameters.iter().find(|(known, _)| *known == name.text);
        let value = match (given, &parameter.default) {
            (Some((_, text)), _) => literal::of_text(text, kind),
            (None, Some(default)) => Some(self.scalar(default, &Row::NONE)?),
            (None, None) => {
                let message = format!("the query's parameter `{}` has no value", name.text);
                return Err(self.error(Code::Argument, name.span, message));
            }
        };
        let value = value.and_then(|value| convert::implicitly(value, kind));
        let value: Expr = value.ok_or_else(|| {
            let message = format!("the value of the query's parameter `{}` is no {kind}", name.text);
            self.error(Code::Types, name.span, message)
        })?;
        self.env.declare(&name.text, Binding::Scalar(value));
        Ok(())
    }

    /// The last statement of a function, which is its value.
    pub(super) fn value_of<'a>(
        &self,
        declaration: &'a FunctionDecl,
    ) -> Result<&'a crate::syntax::tree::Expr> {
        match declaration.body.last().map(|statement| &statement.kind) {
            Some(StatementKind::Expression(expression)) => Ok(expression),
            _ => Err(self.error(Code::Other, declaration.span, "the function has no value")),
        }
    }
}
