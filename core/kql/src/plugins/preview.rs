//! `preview`: some rows, and how many there are.

use super::Plugin;
use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

pub(super) const PLUGIN: Plugin = Plugin {
    name: "preview",
    syntax: "preview(n)",
    about: "Gives so many rows, and as a second result how many there are.",
    examples: &[(r#"range x from 1 to 9 step 1 | evaluate preview(2) | count"#, r#"2"#)],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let arguments = binder.plugin_arguments(&node.call, 1, 1, "a number of rows")?;
    let rows = binder.plugin_count(arguments[0], 0, "the number of rows")?;
    let copy = binder.renumbered(&input);
    let first = binder.limit(input, rows);
    let call = binder.count_call("Count", node.call.span)?;
    let count = binder.aggregate(copy, Vec::new(), vec![call]);
    binder.several = Some((vec![first.clone(), count], false));
    Ok(first)
}
