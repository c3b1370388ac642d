//! What an editor wants to know of a place: the columns, tables and values that may be named there.
//!
//! The text is cut at the place, so the operator that is being written is the one that goes up to the end. The binder
//! notes its input; operators that have no meaning are passed over.

use std::{rc::Rc, sync::Arc};

use phalanx_signal::ColumnType;

use super::{Binder, Binding, Result, Row};
use crate::{
    bound::{Column, Expr, Relation},
    syntax::tree::{FunctionDecl, LetValue, Operator, ParameterType, StatementKind},
};

/// What may be named at the end of a text.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The end of the last token.
    end: u32,
    /// The columns of the operator's input.
    pub columns: Vec<(Arc<str>, ColumnType)>,
    /// In a join: those of the right side.
    pub right: Vec<(Arc<str>, ColumnType)>,
    /// What `let` has declared.
    pub names: Vec<(String, Named)>,
}

/// What a name of `let` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Value(ColumnType),
    Table,
    Function,
}

impl Probe {
    pub fn new(end: u32) -> Self {
        Self { end, columns: Vec::new(), right: Vec::new(), names: Vec::new() }
    }
}

impl<'t> Binder<'t> {
    /// Notes the input of an operator, if it is the one that is being written.
    pub fn see(&mut self, input: &Relation, operator: &Operator) {
        let columns = described(&self.visible(input));
        let Some(probe) = &mut self.probe else { return };
        if operator.span.end >= probe.end {
            probe.columns = columns;
            probe.right.clear();
            self.see_names();
        }
    }

    /// Notes the right side of a join.
    pub fn see_right(&mut self, right: &Relation) {
        if let Some(probe) = &mut self.probe {
            probe.right = described(&right.columns);
        }
    }

    /// Notes the names that can be used here, besides those that are known.
    pub fn see_names(&mut self) {
        let mut names: Vec<(String, Named)> = Vec::new();
        for name in self.env.names() {
            let named = match self.env.find(name) {
                Some(Binding::Scalar(value)) => Named::Value(value.kind),
                Some(Binding::Function { .. }) => Named::Function,
                Some(_) => Named::Table,
                None => continue,
            };
            names.push((name.to_owned(), named));
        }
        let Some(probe) = &mut self.probe else { return };
        for (name, named) in names {
            if !probe.names.iter().any(|(known, _)| *known == name) {
                probe.names.push((name, named));
            }
        }
    }

    /// Binds the value of a `let` that is being written: nothing else uses it.
    pub fn look_into(&mut self, value: &'t LetValue) {
        let Some(end) = self.probe.as_ref().map(|probe| probe.end) else { return };
        // What has no meaning yet is no mistake.
        let _unfinished = match value {
            LetValue::Expr(tree) if tree.span.end >= end && self.is_tabular(tree) => {
                self.tabular(tree).map(drop)
            }
            LetValue::Function(declaration) if declaration.span.end >= end => {
                self.look_into_body(declaration)
            }
            _ => Ok(()),
        };
    }

    /// Binds a function's body with parameters that have types and no values.
    fn look_into_body(&mut self, declaration: &'t FunctionDecl) -> Result<()> {
        let mut inner = self.env.inner();
        for parameter in &declaration.parameters {
            let binding = match &parameter.of {
                ParameterType::Scalar(type_name) => Binding::Scalar(Expr::null(self.kind(type_name)?)),
                ParameterType::Table { columns, .. } => {
                    let mut known = Vec::with_capacity(columns.len());
                    for column in columns {
                        let kind = self.kind(&column.type_name)?;
                        known.push(self.fresh(&column.name.text, kind));
                    }
                    Binding::Relation(Rc::new(self.rows(known, Vec::new())))
                }
            };
            inner.declare(&parameter.name.text, binding);
        }
        self.deeper(declaration.span, |binder| {
            binder.within(inner, |binder| {
                for statement in &declaration.body {
                    match &statement.kind {
                        StatementKind::Expression(tree) if binder.is_tabular(tree) => {
                            binder.tabular(tree)?;
                        }
                        StatementKind::Expression(tree) => drop(binder.scalar(tree, &Row::NONE)?),
                        _ => binder.statement(statement)?,
                    }
                }
                binder.see_names();
                Ok(())
            })
        })
    }
}

fn described(columns: &[Column]) -> Vec<(Arc<str>, ColumnType)> {
    columns.iter().map(|column| (Arc::clone(&column.name), column.kind)).collect()
}
