//! `sliding_window_counts`: rows and ids within a window that moves by a step.

use super::Plugin;
use crate::{
    algorithms::SlidingCounts,
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "an id, a time, a start, an end, a window, a step, and dimensions";

pub(super) const PLUGIN: Plugin = Plugin {
    name: "sliding_window_counts",
    syntax: "sliding_window_counts(id, time, start, end, window, bin [, dimension, …])",
    about: "For each bin of time: how many rows and how many ids there were in the window up to it.",
    examples: &[(
        r#"datatable (id: string, t: datetime) ["a", datetime(2024-01-01), "b", datetime(2024-01-02)] | evaluate sliding_window_counts(id, t, datetime(2024-01-01), datetime(2024-01-03), 2d, 1d) | count"#,
        r#"3"#,
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 6, usize::MAX, TAKES)?;
    let start = binder.plugin_time(arguments[2], "the start")?;
    let end = binder.plugin_time(arguments[3], "the end")?;
    let window = binder.plugin_span(arguments[4], "the window")?;
    let step = binder.plugin_span(arguments[5], "the step")?;
    let values: Vec<_> = arguments[..2].iter().chain(&arguments[6..]).copied().collect();
    let (input, columns) = binder.plugin_timeline(input, &values, &["Count", "Dcount"])?;
    let id_type = input.columns[0].kind;
    Ok(binder.collected(input, columns, SlidingCounts { id_type, start, end, window, step }))
}
