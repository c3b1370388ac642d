//! `basket` and `autocluster`: sets of values that many rows have in common.

use super::Plugin;
use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    algorithms::{Basket, Choice},
    bind::{Binder, Code, Names, Result, Row, convert::is_number},
    bound::{Column, Expr, Relation, Value},
    syntax::tree::{self, ExprKind, operators::Evaluate},
};

const TAKES: &str = "a number from 0 to 1, the column of a weight, a number, and wildcards";
const THRESHOLD: f64 = 0.05;
const THRESHOLD_LEAST: f64 = 0.015;
const DIMENSIONS: usize = 5;
const SIZE_WEIGHT: f64 = 0.5;
const CLUSTERS: usize = 25;
/// What stands for an argument that keeps its default.
const DEFAULT: &str = "~";

pub(super) const PLUGIN_CLUSTERS: Plugin = Plugin {
    name: "autocluster",
    syntax: "autocluster([size_weight [, weight_column [, number_of_values]]])",
    about: "Finds patterns of values that many rows share, the telling ones first.",
    examples: &[(r#"range x from 1 to 8 step 1 | project a = "x" | evaluate autocluster() | count"#, r#"1"#)],
    bind: bind_clusters,
};

pub(super) const PLUGIN_SETS: Plugin = Plugin {
    name: "basket",
    syntax: "basket([threshold [, weight_column [, max_dimensions]]])",
    about: "Finds all patterns of values that more than a share of the rows have.",
    examples: &[(r#"range x from 1 to 8 step 1 | project a = "x" | evaluate basket() | count"#, r#"1"#)],
    bind: bind_sets,
};

pub(super) fn bind_sets<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
) -> Result<Relation> {
    let threshold = share(binder, node, THRESHOLD_LEAST, THRESHOLD)?;
    let dimensions_max = count(binder, node, DIMENSIONS)?;
    bind(binder, input, node, threshold, Choice::Sets { dimensions_max })
}

pub(super) fn bind_clusters<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
) -> Result<Relation> {
    let size_weight = share(binder, node, 0.0, SIZE_WEIGHT)?;
    let count_max = count(binder, node, CLUSTERS)?;
    bind(binder, input, node, THRESHOLD, Choice::Clusters { size_weight, count_max })
}

/// An argument that is there and does not keep its default.
fn given(node: &Evaluate, at: usize) -> Option<&tree::Expr> {
    node.call
        .arguments
        .get(at)
        .map(|argument| &argument.value)
        .filter(|tree| tree.as_string() != Some(DEFAULT))
}

fn share<'t>(binder: &mut Binder<'t>, node: &'t Evaluate, least: f64, default: f64) -> Result<f64> {
    let Some(tree) = given(node, 0) else { return Ok(default) };
    let value = match binder.constant(tree, "the first argument")? {
        Value::Real(value) => value,
        Value::Long(value) => value as f64,
        Value::Int(value) => value.into(),
        _ => f64::NAN,
    };
    match (least..=1.0).contains(&value) {
        true => Ok(value),
        false => {
            let message = format!("a number from {least} to 1 is needed here");
            Err(binder.error(Code::Argument, tree.span, message))
        }
    }
}

fn count<'t>(binder: &mut Binder<'t>, node: &'t Evaluate, default: usize) -> Result<usize> {
    given(node, 2).map_or(Ok(default), |tree| binder.plugin_count(tree, 1, "this number"))
}

fn bind<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
    threshold: f64,
    choice: Choice,
) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 0, usize::MAX, TAKES)?;
    let columns = binder.visible(&input);
    let weight = given(node, 1).map(|tree| weight(binder, tree, &columns)).transpose()?;
    let values: Vec<Column> = columns
        .into_iter()
        .filter(|column| weight.as_ref().is_none_or(|weight| weight.id != column.id))
        .collect();
    let wildcards = wildcards(binder, arguments.get(3..).unwrap_or_default(), &values)?;
    let mut output: Vec<(Arc<str>, Expr)> =
        values.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
    output.extend(weight.iter().map(|column| (Arc::clone(&column.name), column.value())));
    let input = binder.project(input, output);
    let mut names = Names::default();
    let mut made = Vec::new();
    for (name, kind) in
        [("SegmentId", ColumnType::Long), ("Count", ColumnType::Long), ("Percent", ColumnType::Real)]
    {
        names.take(name);
        made.push(binder.fresh(name, kind));
    }
    for column in &values {
        made.push(binder.fresh(&names.unique(&column.name), column.kind));
    }
    let algorithm = Basket {
        columns: values.len(),
        weight: weight.map(|column| column.kind),
        threshold,
        choice,
        wildcards: wildcards.iter().zip(&values).map(|(value, column)| value.scalar(column.kind)).collect(),
    };
    Ok(binder.collected(input, made, algorithm))
}

fn weight(binder: &Binder<'_>, tree: &tree::Expr, columns: &[Column]) -> Result<Column> {
    let ExprKind::Name(name) = &tree.unparenthesized().kind else {
        return Err(binder.error(Code::Argument, tree.span, "the name of a column is needed here"));
    };
    let column = binder.existing(name, columns)?;
    match is_number(column.kind) {
        true => Ok(column.clone()),
        false => {
            let message = format!("a weight must be a number, not a {}", column.kind);
            Err(binder.error(Code::Argument, tree.span, message))
        }
    }
}

/// What stands in each column where a set has no value: the argument of the column's type, else null.
fn wildcards<'t>(
    binder: &mut Binder<'t>,
    trees: &[&'t tree::Expr],
    columns: &[Column],
) -> Result<Vec<Value>> {
    let mut wildcards = vec![Value::Null; columns.len()];
    for tree in trees.iter().filter(|tree| tree.as_string() != Some(DEFAULT)) {
        let kind = binder.scalar(tree, &Row::NONE)?.kind;
        let value = binder.constant(tree, "a wildcard")?;
        for (wildcard, _) in wildcards.iter_mut().zip(columns).filter(|(_, column)| column.kind == kind) {
            *wildcard = value.clone();
        }
    }
    Ok(wildcards)
}
