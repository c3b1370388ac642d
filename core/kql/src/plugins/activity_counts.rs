//! `activity_counts_metrics`: how many ids are active in each span of time, and how many for the first time.

use crate::{
    algorithms::ActivityCounts,
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "an id, a time, a start, an end, a window, and dimensions";

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
