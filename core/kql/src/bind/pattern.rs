//! `declare pattern`: a table for each list of texts that its declaration names.

use super::{Binder, Binding, Code, Env, Result};
use crate::{
    bound::{Relation, Value},
    syntax::{
        Span,
        tree::{self, ExprKind, Literal, Pattern, Statement, StatementKind},
    },
};

/// `name(arguments).path`, and the pattern of that name.
pub(super) struct AskedPattern<'t> {
    pattern: &'t Pattern,
    env: Env<'t>,
    call: &'t tree::Call,
    path: Option<&'t str>,
}

impl<'t> Binder<'t> {
    /// The table that a pattern has for these arguments, and for what stands behind the dot.
    pub(super) fn pattern_table(&mut self, asked: AskedPattern<'t>) -> Result<Relation> {
        let AskedPattern { pattern, env, call, path } = asked;
        let mut given = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            given.push(self.pattern_text(&argument.value)?);
        }
        for case in &pattern.cases {
            if case.arguments.len() != given.len() {
                continue;
            }
            let mut is_match = true;
            for (tree, given) in case.arguments.iter().zip(&given) {
                is_match &= self.pattern_text(tree)? == *given;
            }
            let wanted = case.path.as_ref().map(|tree| self.pattern_text(tree)).transpose()?;
            if is_match && wanted.as_deref() == path {
                return self.deeper(call.span, |binder| {
                    binder.within(env.inner(), |binder| binder.table_of(&case.body, call.span))
                });
            }
        }
        let arguments: Vec<String> = given.iter().map(|text| format!("'{text}'")).collect();
        let path = path.map(|path| format!(".['{path}']")).unwrap_or_default();
        let message = format!(
            "One or more pattern references were not declared. Detected pattern references: [\"{}({}){path}\"]",
            call.name.text,
            arguments.join(",")
        );
        Err(self.error(Code::UnknownFunction, call.span, message))
    }

    /// The pattern that an expression asks, if it is one that asks a pattern.
    pub(super) fn asked_pattern(&self, tree: &'t tree::Expr, env: &Env<'t>) -> Option<AskedPattern<'t>> {
        let (call, path) = invoked(tree)?;
        match env.find(&call.name.text) {
            Some(Binding::Pattern { pattern, env }) => Some(AskedPattern { pattern, env, call, path }),
            _ => None,
        }
    }

    /// The table that statements end with.
    pub(crate) fn table_of(&mut self, statements: &'t [Statement], span: Span) -> Result<Relation> {
        let Some((Statement { kind: StatementKind::Expression(last), .. }, before)) = statements.split_last()
        else {
            return Err(self.error(Code::Other, span, "a table is needed at the end of this"));
        };
        before.iter().try_for_each(|statement| self.statement(statement))?;
        self.separate(last)
    }

    fn pattern_text(&mut self, tree: &'t tree::Expr) -> Result<String> {
        match self.constant(tree, "an argument of a pattern")? {
            Value::String(text) => Ok(text.to_string()),
            _ => Err(self.error(Code::Types, tree.span, "an argument of a pattern must be a string")),
        }
    }
}

/// The call, and what stands behind its dot: `p("x").y`, `p("x").["y"]`, `p("x")["y"]`.
fn invoked(tree: &tree::Expr) -> Option<(&tree::Call, Option<&str>)> {
    let (base, path) = match &tree.kind {
        ExprKind::Call(call) => return Some((call, None)),
        ExprKind::Member { base, name } => (base, name.text.as_str()),
        ExprKind::Index { base, index } => match &index.kind {
            ExprKind::Literal(Literal::String(string)) => (base, string.value.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    match &base.kind {
        ExprKind::Call(call) => Some((call, Some(path))),
        _ => None,
    }
}
