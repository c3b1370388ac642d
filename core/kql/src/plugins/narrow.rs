//! `narrow`: a row for each cell.

use super::Plugin;
use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    algorithms::Narrow,
    bind::{Binder, Result, convert},
    bound::{Expr, Relation},
    syntax::tree::operators::Evaluate,
};

pub(super) const PLUGIN: Plugin = Plugin {
    name: "narrow",
    syntax: "narrow()",
    about: "Makes a row of each cell: the number of its row, the name of its column, and the value as text.",
    examples: &[(r#"print a = 1, b = "x" | evaluate narrow() | count"#, r#"2"#)],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    binder.plugin_arguments(&node.call, 0, 0, "nothing")?;
    let seen = binder.visible(&input);
    let names = seen.iter().map(|column| Arc::clone(&column.name)).collect();
    let text = |value: Expr| {
        convert::explicitly(value, ColumnType::String).unwrap_or_else(|| Expr::null(ColumnType::String))
    };
    let output = seen.iter().map(|column| (Arc::clone(&column.name), text(column.value()))).collect();
    let is_serialized = input.is_serialized;
    let input = binder.project(input, output);
    let columns = vec![
        binder.fresh("Row", ColumnType::Long),
        binder.fresh("Column", ColumnType::String),
        binder.fresh("Value", ColumnType::String),
    ];
    let mut narrow = binder.collected(input, columns, Narrow { names });
    narrow.is_serialized = is_serialized;
    Ok(narrow)
}
