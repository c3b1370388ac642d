//! `extend`, and what it shares with `project`: values and the names they get.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result, Row, convert, names::own_name},
    bound::{Expr, ExprNode, Relation},
    dynamic::{Path, Step},
    functions::{Returns, part},
    syntax::{
        Span,
        tree::{ExprKind, NamedExpr, Target},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "extend",
    "T | extend column = expression, …",
    "Adds columns, or changes those of the same name.",
    &[("print a = 1 | extend b = a + 1", "1, 2")],
)
.takes(Takes::Values)];

/// A value and what it is called.
pub(super) struct Named {
    /// `None`: the operator makes a name.
    pub name: Option<Arc<str>>,
    /// Whether the query's author gave the name.
    pub is_given: bool,
    pub value: Expr,
    pub span: Span,
}

impl<'t> Binder<'t> {
    pub(super) fn extend(&mut self, input: Relation, columns: &'t [NamedExpr]) -> Result<Relation> {
        let before = input.columns.clone();
        let (over, values) = self.over(input, |binder, row| binder.named_all(columns, row))?;
        let mut output: Vec<(Arc<str>, Expr)> =
            before.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        let mut names = Names::with(output.iter().map(|(name, _)| Arc::clone(name)));
        for named in values {
            match named.name {
                Some(name) => match output.iter_mut().find(|(known, _)| *known == name) {
                    Some(place) => place.1 = named.value,
                    None => {
                        names.take(&name);
                        output.push((name, named.value));
                    }
                },
                None => output.push((names.unnamed(), named.value)),
            }
        }
        Ok(self.project_on(over, output))
    }

    /// The values of a list such as `a, b = c + 1, (x, y) = f()`.
    pub(super) fn named_all(&mut self, columns: &'t [NamedExpr], row: &Row<'_>) -> Result<Vec<Named>> {
        let mut all = Vec::with_capacity(columns.len());
        for column in columns {
            self.named_one(column, row, &mut all)?;
        }
        Ok(all)
    }

    pub(super) fn named_one(
        &mut self,
        column: &'t NamedExpr,
        row: &Row<'_>,
        out: &mut Vec<Named>,
    ) -> Result<()> {
        let span = column.span;
        if matches!(column.value.kind, ExprKind::Star) && column.target.is_none() {
            out.extend(row.columns.iter().map(|column| Named {
                name: Some(Arc::clone(&column.name)),
                is_given: false,
                value: column.value(),
                span,
            }));
            return Ok(());
        }
        let value = self.scalar(&column.value, row)?;
        match &column.target {
            Some(Target::Name(name)) => {
                out.push(Named { name: Some(Arc::from(name.text.as_str())), is_given: true, value, span });
            }
            Some(Target::Tuple(given)) => {
                for (at, name) in given.iter().enumerate() {
                    let Some(value) = element(&value, at) else {
                        let message = "the value has no such part to take apart";
                        return Err(self.error(Code::Types, name.span, message));
                    };
                    out.push(Named {
                        name: Some(Arc::from(name.text.as_str())),
                        is_given: true,
                        value,
                        span: name.span,
                    });
                }
            }
            None => self.unnamed(column, value, row, out),
        }
        Ok(())
    }

    /// Values that are named after themselves, if after anything.
    fn unnamed(&mut self, column: &'t NamedExpr, value: Expr, _: &Row<'_>, out: &mut Vec<Named>) {
        let span = column.span;
        if let ExprNode::Call(function, arguments) = &value.node {
            let call = match &column.value.unparenthesized().kind {
                ExprKind::Call(call) => Some(call),
                _ => None,
            };
            let argument =
                call.and_then(|call| call.arguments.first()).and_then(|first| own_name(&first.value));
            match function.returns {
                Returns::Columns(columns) => {
                    for (at, (name, _)) in columns.iter().enumerate() {
                        let Some(value) = element(&value, at) else { continue };
                        let called = call.map_or(function.name, |call| call.name.text.as_str());
                        let name = format!("{called}_{}_{name}", argument.as_deref().unwrap_or_default());
                        out.push(Named { name: Some(Arc::from(name)), is_given: false, value, span });
                    }
                    return;
                }
                Returns::PerArray => {
                    let arrays =
                        arguments.iter().filter(|argument| argument.kind == ColumnType::Dynamic).count();
                    for at in 0..arrays {
                        let value = if arrays == 1 { Some(value.clone()) } else { element(&value, at) };
                        let tree = call.and_then(|call| call.arguments.get(at));
                        let name = tree.and_then(|tree| own_name(&tree.value)).unwrap_or_default();
                        if let Some(value) = value {
                            let name = Some(Arc::from(format!("{name}_sorted")));
                            out.push(Named { name, is_given: false, value, span });
                        }
                    }
                    return;
                }
                _ => {}
            }
        }
        out.push(Named { name: own_name(&column.value).map(Arc::from), is_given: false, value, span });
    }
}

/// One of the values that an expression gives at once.
fn element(value: &Expr, at: usize) -> Option<Expr> {
    if value.kind != ColumnType::Dynamic {
        return (at == 0).then(|| value.clone());
    }
    let path = Path(vec![Step::Element(at as i64)]).to_text();
    let part =
        |value: &Expr| Expr::call(ColumnType::Dynamic, &part::PART, vec![value.clone(), Expr::string(&path)]);
    match &value.node {
        ExprNode::Call(function, arguments) => match function.returns {
            Returns::Columns(columns) => convert::explicitly(part(value), columns.get(at)?.1),
            Returns::PerArray if arguments.len() == 1 => (at == 0).then(|| value.clone()),
            _ => Some(part(value)),
        },
        _ => Some(part(value)),
    }
}
