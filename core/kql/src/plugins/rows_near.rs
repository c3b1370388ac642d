//! `rows_near`: the rows around those for which a condition is true.

use std::sync::Arc;

use super::Plugin;
use crate::{
    algorithms::RowsNear,
    bind::{Binder, Code, Result},
    bound::{Column, Relation},
    syntax::tree::operators::Evaluate,
};

const TAKES: &str = "a condition, a number of rows, and perhaps another number for those behind";

pub(super) const PLUGIN: Plugin = Plugin {
    name: "rows_near",
    syntax: "rows_near(condition, before [, after [, key, …]])",
    about: "Keeps the rows for which a condition is true, and so many rows before and behind each of them.",
    examples: &[("range x from 1 to 9 step 1 | sort by x asc | evaluate rows_near(x == 4, 1)", "3; 4; 5")],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let call = &node.call;
    let arguments = binder.plugin_arguments(call, 2, 3, TAKES)?;
    if !input.is_serialized {
        let message = "`rows_near()` needs rows in an order; put `sort by` or `serialize` before it";
        return Err(binder.error(Code::NotSerialized, call.span, message));
    }
    let before = binder.plugin_count(arguments[1], 0, "the number of rows")?;
    let after = match arguments.get(2) {
        Some(tree) => binder.plugin_count(tree, 0, "the number of rows behind")?,
        None => before,
    };
    let shown: Vec<Column> = binder.visible(&input);
    let (over, condition) = binder.over(input, |binder, row| binder.condition(arguments[0], row))?;
    let mut output: Vec<_> = shown.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
    output.push((Arc::from("\u{0}condition"), condition));
    let input = binder.project(over, output);
    let columns = shown.iter().map(|column| binder.fresh(&column.name, column.kind)).collect();
    let mut near = binder.collected(input, columns, RowsNear { before, after });
    near.is_serialized = true;
    Ok(near)
}
