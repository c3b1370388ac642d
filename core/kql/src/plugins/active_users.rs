//! `active_users_count`: ids that came back often enough.

use super::Plugin;
use crate::{
    algorithms::ActiveUsers,
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

const TAKES: &str =
    "an id, a time, a start, an end, a lookback, a period, a number of periods, a step, and dimensions";

pub(super) const PLUGIN: Plugin = Plugin {
    name: "active_users_count",
    syntax: "active_users_count(id, time, start, end, lookback, period, active_periods, bin [, dimension, …])",
    about: "For each bin of time: how many ids were active in enough periods of the time before it.",
    examples: &[(
        r#"datatable (id: string, t: datetime) ["a", datetime(2024-01-01), "b", datetime(2024-01-02)] | evaluate active_users_count(id, t, datetime(2024-01-01), datetime(2024-01-03), 2d, 1d, 1, 1d) | count"#,
        r#"2"#,
    )],
    bind,
};

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
