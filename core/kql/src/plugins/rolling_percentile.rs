//! `rolling_percentile`: a percentile over the last so many spans of time.

use phalanx_signal::ColumnType;

use super::Plugin;
use crate::{
    algorithms::RollingPercentile,
    bind::{Binder, Code, Names, Result, convert::is_number},
    bound::{Column, Relation, Value},
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "a value, a percent, a time, a span, a number of spans, and dimensions";

pub(super) const PLUGIN: Plugin = Plugin {
    name: "rolling_percentile",
    syntax: "rolling_percentile(value, percent, time, span, spans [, dimension, …])",
    about: "For each span of time: a percentile of the values in it and the spans before it, so many in all.",
    examples: &[(
        "range x from 1 to 4 step 1 | extend at = datetime(2024-01-01) + 1d * x | evaluate rolling_percentile(x, 0, at, 1d, 2) | project-away at",
        "1; 1; 2; 3",
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 5, usize::MAX, TAKES)?;
    let percent = match binder.constant(arguments[1], "the percent")? {
        Value::Real(value) => value,
        Value::Long(value) => value as f64,
        Value::Int(value) => value.into(),
        _ => return Err(binder.error(Code::Argument, arguments[1].span, "the percent must be a number")),
    };
    if !(0.0..=100.0).contains(&percent) {
        return Err(binder.error(Code::Argument, arguments[1].span, "the percent must be from 0 to 100"));
    }
    let span = binder.plugin_span(arguments[3], "the span")?;
    let spans = binder.plugin_count(arguments[4], 1, "the number of spans")?;
    let values: Vec<_> =
        [arguments[0], arguments[2]].into_iter().chain(arguments[5..].iter().copied()).collect();
    let input = binder.plugin_values(input, &values)?;
    let value = input.columns[0].clone();
    if !is_number(value.kind) && !matches!(value.kind, ColumnType::DateTime | ColumnType::TimeSpan) {
        let message =
            format!("`{}` must be a number, datetime or timespan, not a {}", value.name, value.kind);
        return Err(binder.error(Code::Argument, values[0].span, message));
    }
    binder.plugin_column(&input, 1, ColumnType::DateTime, values[1])?;
    let mut names = Names::default();
    let mut columns: Vec<Column> = Vec::new();
    for known in &input.columns[1..values.len()] {
        names.take(&known.name);
        columns.push(binder.fresh(&known.name, known.kind));
    }
    let shown = percent.to_string().replace('.', "_");
    let name = names.unique(&format!("rolling_{spans}_percentile_{}_{shown}", value.name));
    columns.push(binder.fresh(&name, value.kind));
    let algorithm = RollingPercentile {
        value: 0,
        value_type: value.kind,
        percent,
        time: 1,
        span,
        spans: u32::try_from(spans).unwrap_or(u32::MAX),
        dimensions: (2..values.len()).collect(),
    };
    Ok(binder.collected(input, columns, algorithm))
}
