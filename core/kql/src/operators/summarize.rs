//! `summarize`: aggregates of groups of rows.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::extend::Named;
use super::help::{Help, Takes};
use crate::{
    aggregates::{Gives, aggregate},
    bind::{Binder, Code, Names, Result, Row, names::own_name},
    bound::{AggregateCall, Column, Expr, Relation},
    syntax::tree::{self, ExprKind, NamedExpr, Target, operators::Summarize},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "summarize",
    "T | summarize [Name =] aggregate, … [by [Name =] expression, …]",
    "Makes one row of each group of rows: its keys, and aggregates over it.",
    &[(
        "range x from 1 to 4 step 1 | summarize n = count(), s = sum(x) by odd = x % 2 | sort by odd asc",
        "0, 2, 6; 1, 2, 4",
    )],
)
.takes(Takes::Aggregates)
.words(&["by"])
.parameters(&[("hint.strategy", &["shuffle"]), ("hint.shufflekey", &[])])];

/// Aggregates with their columns.
pub(crate) type Calls = Vec<(Vec<Column>, AggregateCall)>;

impl<'t> Binder<'t> {
    pub(super) fn summarize(&mut self, input: Relation, node: &'t Summarize) -> Result<Relation> {
        let mut names = Names::default();
        let (over, keys) = self.over(input, |binder, row| {
            let mut keys = binder.named_all(&node.by, row)?;
            if let (Some(step), Some(last)) = (&node.bin, keys.last_mut()) {
                let step = binder.scalar(step, row)?;
                let function = binder.builtin("bin", last.span)?;
                last.value = Expr::call(last.value.kind, function, vec![last.value.clone(), step]);
            }
            Ok(keys)
        })?;
        let keys = self.group_keys(keys, &mut names)?;
        let (over, output, calls) = self.over_groups(over, |binder, row| {
            let mut output = Vec::new();
            // Names that are given come first: what is named by itself gives way.
            for name in node.aggregates.iter().flat_map(given_names) {
                binder.take_name(&mut names, name)?;
            }
            for column in &node.aggregates {
                binder.aggregated(column, row, &keys, &mut names, &mut output)?;
            }
            Ok(output)
        })?;
        self.finish_groups(over, keys, calls, output)
    }

    /// The names of keys; what is no key is refused.
    pub(super) fn group_keys(
        &mut self,
        keys: Vec<Named>,
        names: &mut Names,
    ) -> Result<Vec<(Arc<str>, Expr)>> {
        let mut named = Vec::with_capacity(keys.len());
        for key in keys {
            if key.value.kind == ColumnType::Dynamic {
                let message = "a dynamic value is no key; convert it, by `tostring()` for example";
                return Err(self.error(Code::Types, key.span, message));
            }
            let name = match key.name {
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            };
            named.push((name, key.value));
        }
        Ok(named)
    }

    /// The groups' keys and the values made of their aggregates.
    pub(crate) fn finish_groups(
        &mut self,
        input: Relation,
        keys: Vec<(Arc<str>, Expr)>,
        calls: Calls,
        output: Vec<(Arc<str>, Expr)>,
    ) -> Result<Relation> {
        let count = keys.len();
        let grouped = self.grouped(input, keys, calls)?;
        let mut all: Vec<(Arc<str>, Expr)> = grouped.columns[..count]
            .iter()
            .map(|column| (Arc::clone(&column.name), column.value()))
            .collect();
        all.extend(output);
        all.extend(self.partition_keys());
        Ok(self.project(grouped, all))
    }

    /// Groups by the keys, inside of each partition; the partition's columns are last and stay themselves.
    pub(crate) fn grouped(
        &mut self,
        input: Relation,
        mut keys: Vec<(Arc<str>, Expr)>,
        calls: Calls,
    ) -> Result<Relation> {
        let count = keys.len();
        let partition = self.partition.clone();
        keys.extend(self.partition_keys());
        let mut grouped = self.aggregate(input, keys, calls);
        for (column, same) in grouped.columns[count..].iter_mut().zip(partition) {
            *column = same;
        }
        Ok(grouped)
    }

    /// One entry of `summarize`: an aggregate, several of one call, or an expression of some.
    pub(super) fn aggregated(
        &mut self,
        column: &'t NamedExpr,
        row: &Row<'_>,
        keys: &[(Arc<str>, Expr)],
        names: &mut Names,
        output: &mut Vec<(Arc<str>, Expr)>,
    ) -> Result<()> {
        if let ExprKind::Call(call) = &column.value.unparenthesized().kind
            && self.env.find(&call.name.text).is_none()
            && let Some(known) = aggregate(&call.name.text)
        {
            let is_star = call.arguments.iter().any(|argument| matches!(argument.value.kind, ExprKind::Star));
            let mut columns = self.aggregate_call(known, call, row)?;
            if is_star {
                // The keys are in the answer already.
                columns.retain(|column| !keys.iter().any(|(name, _)| *name == column.name));
            }
            let given = given_names(column);
            let is_choice = matches!(known.gives, Gives::EachArgument);
            for (at, column) in columns.iter().enumerate() {
                let name = match given.get(at) {
                    Some(name) => Arc::from(name.text.as_str()),
                    None if is_choice && matches!(column.name.as_ref(), "") => names.unnamed(),
                    None => names.unique(&column.name),
                };
                output.push((name, column.value()));
            }
            return Ok(());
        }
        let value = self.scalar(&column.value, row)?;
        let name = match &column.target {
            Some(Target::Name(name)) => Arc::from(name.text.as_str()),
            Some(Target::Tuple(_)) => {
                return Err(self.error(Code::Types, column.span, "the value has no parts to take apart"));
            }
            None => match own_name(&column.value) {
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            },
        };
        output.push((name, value));
        Ok(())
    }

    /// Takes a name that the query's author gives.
    pub(super) fn take_name(&self, names: &mut Names, name: &tree::Name) -> Result<()> {
        if names.take(&name.text) {
            return Ok(());
        }
        let message = format!("the column `{}` is given twice", name.text);
        Err(self.error(Code::DuplicateName, name.span, message))
    }
}

/// The names that an entry gives.
pub(super) fn given_names(column: &NamedExpr) -> Vec<&tree::Name> {
    match &column.target {
        None => Vec::new(),
        Some(Target::Name(name)) => vec![name],
        Some(Target::Tuple(names)) => names.iter().collect(),
    }
}
