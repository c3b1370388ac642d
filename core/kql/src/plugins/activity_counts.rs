//! `activity_counts_metrics`: how many ids are active in each span of time, and how many for the first time.

use super::Plugin;
use crate::{
    algorithms::ActivityCounts,
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "an id, a time, a start, an end, a window, and dimensions";

pub(super) const PLUGIN: Plugin = Plugin {
    name: "activity_counts_metrics",
    syntax: "activity_counts_metrics(id, time, start, end, step [, dimension, …])",
    about: "For each step of time: how often there was something, how many ids, and how many of them were new.",
    examples: &[(
        r#"datatable (id: string, t: datetime) ["a", datetime(2024-01-01), "a", datetime(2024-01-02), "b", datetime(2024-01-02)] | evaluate activity_counts_metrics(id, t, datetime(2024-01-01), datetime(2024-01-03), 1d) | project tostring(pack_array(count, dcount, new_dcount)) | sort by Column1 asc"#,
        "[1,1,1]; [2,2,1]",
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 5, usize::MAX, TAKES)?;
    let start = binder.plugin_time(arguments[2], "the start")?;
    let end = binder.plugin_time(arguments[3], "the end")?;
    let step = binder.plugin_span(arguments[4], "the window")?;
    let values: Vec<_> = arguments[..2].iter().chain(&arguments[5..]).copied().collect();
    let (input, columns) =
        binder.plugin_timeline(input, &values, &["count", "dcount", "new_dcount", "aggregated_dcount"])?;
    let algorithm = ActivityCounts {
        id: 0,
        id_type: input.columns[0].kind,
        time: 1,
        start,
        end,
        step,
        dimensions: (2..values.len()).collect(),
    };
    Ok(binder.collected(input, columns, algorithm))
}
