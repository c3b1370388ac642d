//! What plugins take: columns of their input, and constants.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    bind::{Binder, Code, Names, Result, Row, convert, names::own_name},
    bound::{Column, Expr, Relation, Value},
    syntax::tree::{self, Call},
};

const TICKS_PER_MICROSECOND: i64 = 10;

impl<'t> Binder<'t> {
    /// The arguments of a plugin, of which there are so many.
    pub(super) fn plugin_arguments(
        &self,
        call: &'t Call,
        least: usize,
        most: usize,
        takes: &str,
    ) -> Result<Vec<&'t tree::Expr>> {
        let given = call.arguments.len();
        if given < least || given > most {
            let message = format!("`{}()` takes {takes}, not {given} arguments", call.name.text);
            return Err(self.error(Code::ArgumentCount, call.span, message));
        }
        Ok(call.arguments.iter().map(|argument| &argument.value).collect())
    }

    /// A relation with nothing but these values of the input's rows, called after themselves.
    pub(super) fn plugin_values(&mut self, input: Relation, trees: &[&'t tree::Expr]) -> Result<Relation> {
        let (over, values) = self.over(input, |binder, row| {
            trees.iter().map(|tree| binder.scalar(tree, row)).collect::<Result<Vec<_>>>()
        })?;
        let mut names = Names::default();
        let name = |(tree, value): (&&tree::Expr, Expr)| {
            let name = match own_name(tree) {
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            };
            (name, value)
        };
        let output: Vec<(Arc<str>, Expr)> = trees.iter().zip(values).map(name).collect();
        Ok(self.project(over, output))
    }

    /// A constant of a type.
    fn plugin_constant(&mut self, tree: &'t tree::Expr, kind: ColumnType, what: &str) -> Result<Value> {
        let value = self.scalar(tree, &Row::NONE)?;
        let given = value.kind;
        let converted = convert::implicitly(value, kind).ok_or_else(|| {
            self.error(Code::Argument, tree.span, format!("{what} must be a {kind}, not a {given}"))
        })?;
        Ok(convert::constant(&converted, &tree.span.range(), what)?)
    }

    /// A point in time, in microseconds.
    pub(super) fn plugin_time(&mut self, tree: &'t tree::Expr, what: &str) -> Result<i64> {
        match self.plugin_constant(tree, ColumnType::DateTime, what)? {
            Value::DateTime(micros) => Ok(micros),
            _ => Err(self.error(Code::Argument, tree.span, format!("{what} must be a datetime"))),
        }
    }

    /// A length of time above nothing, in microseconds.
    pub(super) fn plugin_span(&mut self, tree: &'t tree::Expr, what: &str) -> Result<i64> {
        match self.plugin_constant(tree, ColumnType::TimeSpan, what)? {
            Value::TimeSpan(ticks) if ticks >= TICKS_PER_MICROSECOND => Ok(ticks / TICKS_PER_MICROSECOND),
            _ => {
                let message = format!("{what} must be a timespan longer than nothing, such as `1d`");
                Err(self.error(Code::Argument, tree.span, message))
            }
        }
    }

    /// A number of things, one of them at least if there must be any.
    pub(super) fn plugin_count(&mut self, tree: &'t tree::Expr, least: usize, what: &str) -> Result<usize> {
        let count = self.count(tree, what)?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count >= least)
            .ok_or_else(|| self.error(Code::Argument, tree.span, format!("{what} must be {least} or more")))
    }

    /// An id, a time and dimensions of the input's rows, and the columns of an answer that has the time, the dimensions
    /// and numbers behind them.
    pub(super) fn plugin_timeline(
        &mut self,
        input: Relation,
        trees: &[&'t tree::Expr],
        numbers: &[&str],
    ) -> Result<(Relation, Vec<Column>)> {
        let input = self.plugin_values(input, trees)?;
        self.plugin_column(&input, 1, ColumnType::DateTime, trees[1])?;
        let mut names = Names::default();
        let mut columns = Vec::new();
        for known in &input.columns[1..trees.len()] {
            names.take(&known.name);
            columns.push(self.fresh(&known.name, known.kind));
        }
        for name in numbers {
            let name = names.unique(name);
            columns.push(self.fresh(&name, ColumnType::Long));
        }
        Ok((input, columns))
    }

    /// Checks that a value of the input is of a type.
    pub(super) fn plugin_column(
        &self,
        input: &Relation,
        at: usize,
        kind: ColumnType,
        tree: &tree::Expr,
    ) -> Result<()> {
        let column = &input.columns[at];
        if column.kind == kind {
            return Ok(());
        }
        let message = format!("`{}` must be a {kind}, not a {}", column.name, column.kind);
        Err(self.error(Code::Argument, tree.span, message))
    }
}
