//! `active_users_count`: ids that came back often enough.

use crate::{
    algorithms::ActiveUsers,
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

const TAKES: &str =
    "an id, a time, a start, an end, a lookback, a period, a number of periods, a step, and dimensions";

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 8, usize::MAX, TAKES)?;
    let start = binder.plugin_time(arguments[2], "the start")?;
    let end = binder.plugin_time(arguments[3], "the end")?;
    let lookback = binder.plugin_span(arguments[4], "the lookback")?;
    let period = binder.plugin_span(arguments[5], "the period")?;
    let periods = binder.plugin_count(arguments[6], 1, "the number of periods")?;
    let step = binder.plugin_span(arguments[7], "the step")?;
    let values: Vec<_> = arguments[..2].iter().chain(&arguments[8..]).copied().collect();
    let (input, columns) = binder.plugin_timeline(input, &values, &["dcount"])?;
    let id_type = input.columns[0].kind;
    let algorithm = ActiveUsers { id_type, start, end, lookback, period, periods, step };
    Ok(binder.collected(input, columns, algorithm))
}
