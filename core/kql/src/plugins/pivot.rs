//! `pivot`: a column for each value of a column.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::Plugin;
use crate::{
    aggregates::aggregate,
    bind::{Binder, Code, Names, Result, convert},
    bound::{Expr, ExprNode, Operator, Relation, Value},
    syntax::tree::{ExprKind, operators::Evaluate},
};

/// Columns that a pivot may make.
const VALUES_MAX: usize = 1_000;

pub(super) const PLUGIN: Plugin = Plugin {
    name: "pivot",
    syntax: "pivot(column [, aggregate(value) [, key, …]])",
    about: "Makes a column of each value of a column, filled with an aggregate; the other columns are the keys.",
    examples: &[(
        r#"datatable (k: string, c: string, v: long) ["a", "x", 1, "a", "y", 2, "a", "x", 3] | evaluate pivot(c, sum(v))"#,
        "a, 4, 2",
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let call = &node.call;
    let Some((pivot, rest)) = call.arguments.split_first() else {
        return Err(binder.error(Code::ArgumentCount, call.span, "`pivot()` takes a column"));
    };
    let ExprKind::Name(name) = &pivot.value.unparenthesized().kind else {
        return Err(binder.error(Code::Argument, pivot.value.span, "the name of a column is needed here"));
    };
    let pivot = binder.existing(name, &input.columns)?.clone();
    let (value_call, keys) = match rest.split_first() {
        Some((first, keys)) => match &first.value.unparenthesized().kind {
            ExprKind::Call(inner) if aggregate(&inner.name.text).is_some() => (Some(inner), keys),
            _ => (None, rest),
        },
        None => (None, rest),
    };
    // The columns that rows are grouped by: those given, else all that nothing else uses.
    let mut columns = Vec::new();
    for key in keys {
        let ExprKind::Name(name) = &key.value.unparenthesized().kind else {
            return Err(binder.error(Code::Argument, key.value.span, "the name of a column is needed here"));
        };
        columns.push(binder.existing(name, &input.columns)?.clone());
    }
    if keys.is_empty() {
        let mut used = vec![pivot.id];
        for argument in value_call.iter().flat_map(|call| &call.arguments) {
            if let ExprKind::Name(name) = &argument.value.unparenthesized().kind {
                used.push(binder.existing(name, &input.columns)?.id);
            }
        }
        columns = input.columns.iter().filter(|column| !used.contains(&column.id)).cloned().collect();
    }
    let mut names = Names::with(columns.iter().map(|column| Arc::clone(&column.name)));
    let mut by: Vec<(Arc<str>, Expr)> =
        columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
    by.push((Arc::from("\u{0}pivot"), pivot.value()));
    // The aggregate of each group and value.
    let (over, value, calls) = binder.over_groups(input, |binder, row| match value_call {
        Some(inner) => {
            let Some(known) = aggregate(&inner.name.text) else {
                return Err(binder.error(Code::UnknownFunction, inner.span, "no such aggregate"));
            };
            let columns = binder.aggregate_call(known, inner, row)?;
            Ok(columns[0].value())
        }
        None => {
            let count = binder.count_call("count_", call.span)?;
            let value = count.0[0].value();
            if let Some(calls) = &mut binder.pending.aggregates {
                calls.push(count);
            }
            Ok(value)
        }
    })?;
    let kind = value.kind;
    let grouped = binder.grouped(over, by, calls)?;
    let key_count = columns.len();
    let pivoted = grouped.columns[key_count].clone();
    // Which values there are.
    let copy = binder.renumbered(&grouped);
    let copied = copy.columns[key_count].clone();
    let (_, batches) = binder.ask(|binder| {
        let copy = binder.keep(copy, std::slice::from_ref(&copied));
        binder.different(copy, call.span)
    })?;
    let mut values: Vec<Value> = Vec::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let scalar = datafusion::scalar::ScalarValue::try_from_array(batch.column(0), row)
                .map_err(|error| binder.error(Code::Other, call.span, error.strip_backtrace()))?;
            values.push(Value::from_scalar(&scalar, pivoted.kind));
        }
    }
    if values.len() > VALUES_MAX {
        return Err(binder.error(
            Code::TooLarge,
            call.span,
            format!("there are more than {VALUES_MAX} values"),
        ));
    }
    values.sort_by_key(ToString::to_string);
    // One aggregate for each value: the group has one row at most for it.
    let keys: Vec<(Arc<str>, Expr)> = grouped.columns[..key_count]
        .iter()
        .map(|column| (Arc::clone(&column.name), column.value()))
        .collect();
    let is_number = convert::is_number(kind);
    let mut calls = Vec::new();
    let mut made = Vec::new();
    for given in values {
        let is_it = match given {
            Value::Null if pivoted.kind != ColumnType::String => {
                Expr::operator(ColumnType::Bool, Operator::IsNull, vec![pivoted.value()])
            }
            ref given => {
                let literal = Expr::literal(pivoted.kind, given.clone());
                Expr::operator(ColumnType::Bool, Operator::Equal, vec![pivoted.value(), literal])
            }
        };
        let one = Expr {
            kind,
            node: ExprNode::Case {
                branches: vec![(is_it, value.clone())],
                otherwise: Box::new(Expr::null(kind)),
            },
        };
        let name = names.unique(&given.to_string());
        let function = if is_number || matches!(kind, ColumnType::DateTime | ColumnType::TimeSpan) {
            "max"
        } else {
            "take_any"
        };
        let mut call = binder.simple_call(function, &name, vec![one], kind, call.span)?;
        if function == "max" && is_number {
            call.1.kinds = vec![kind];
        }
        let column = call.0[0].value();
        let filled = match kind {
            ColumnType::Long | ColumnType::Int | ColumnType::Real => {
                let zero = if kind == ColumnType::Real {
                    Expr::literal(kind, Value::Real(0.0))
                } else {
                    convert::implicitly(Expr::literal(ColumnType::Int, Value::Int(0)), kind)
                        .unwrap_or(Expr::long(0))
                };
                Expr { kind, node: ExprNode::Coalesce(vec![column, zero]) }
            }
            _ => column,
        };
        calls.push(call);
        made.push((name, filled));
    }
    let mut pivoted = binder.finish_groups(grouped, keys, calls, made)?;
    // Other rows may bring other values.
    pivoted.is_open = true;
    Ok(pivoted)
}
