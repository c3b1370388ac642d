//! `preview`: some rows, and how many there are.

use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
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
