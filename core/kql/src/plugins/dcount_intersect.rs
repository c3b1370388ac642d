//! `dcount_intersect`: how many values sets have in common, of which there are sketches.

use super::Plugin;
use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    bind::{Binder, Code, Result, convert},
    bound::{Expr, Relation},
    dynamic::{Path, Step},
    functions::{intersect, part},
    syntax::tree::operators::Evaluate,
};

pub(super) const PLUGIN: Plugin = Plugin {
    name: "dcount_intersect",
    syntax: "dcount_intersect(hll, hll [, …])",
    about: "How many values sketches have in common, in each order of theirs.",
    examples: &[(
        r#"range x from 1 to 9 step 1 | summarize a = hll(x), b = hll(x) | evaluate dcount_intersect(a, b) | count"#,
        r#"1"#,
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let trees = binder.plugin_arguments(&node.call, 2, 16, "2 to 16 columns that `hll()` made")?;
    let input = binder.plugin_values(input, &trees)?;
    let mut sketches = Vec::with_capacity(trees.len());
    for (at, tree) in trees.iter().enumerate() {
        binder.plugin_column(&input, at, ColumnType::Dynamic, tree)?;
        sketches.push(input.columns[at].value());
    }
    let counts = Expr::call(ColumnType::Dynamic, &intersect::HLL_INTERSECT, sketches);
    let counted = binder.append(input, vec![(Arc::from("\0counts"), counts)]);
    let Some(counts) = counted.columns.iter().find(|column| &*column.name == "\0counts").cloned() else {
        return Err(binder.error(Code::Other, node.call.span, "the counts are not there"));
    };
    let mut output = Vec::with_capacity(trees.len());
    for at in 0..trees.len() {
        let path = Path(vec![Step::Element(at as i64)]).to_text();
        let count = Expr::call(ColumnType::Dynamic, &part::PART, vec![counts.value(), Expr::string(&path)]);
        let count =
            convert::explicitly(count, ColumnType::Long).unwrap_or_else(|| Expr::null(ColumnType::Long));
        output.push((Arc::from(format!("s{at}")), count));
    }
    Ok(binder.project(counted, output))
}
