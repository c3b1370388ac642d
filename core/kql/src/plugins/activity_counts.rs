//! `activity_counts_metrics`: how many ids are active in each span of time, and how many for the first time.

use phalanx_signal::ColumnType;

use crate::{
    algorithms::ActivityCounts,
    bind::{Binder, Names, Result},
    bound::{Column, Relation},
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "an id, a time, a start, an end, a window, and dimensions";

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 5, usize::MAX, TAKES)?;
    let start = binder.plugin_time(arguments[2], "the start")?;
    let end = binder.plugin_time(arguments[3], "the end")?;
    let step = binder.plugin_span(arguments[4], "the window")?;
    let values: Vec<_> = arguments[..2].iter().chain(&arguments[5..]).copied().collect();
    let input = binder.plugin_values(input, &values)?;
    binder.plugin_column(&input, 1, ColumnType::DateTime, values[1])?;
    let mut names = Names::default();
    let mut columns: Vec<Column> = Vec::new();
    for known in &input.columns[1..] {
        names.take(&known.name);
        columns.push(binder.fresh(&known.name, known.kind));
    }
    for name in ["count", "dcount", "new_dcount", "aggregated_dcount"] {
        let name = names.unique(name);
        columns.push(binder.fresh(&name, ColumnType::Long));
    }
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
