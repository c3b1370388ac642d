//! `ipv4_lookup` and `ipv6_lookup`: the row of a table of networks that an address is in.

use super::{
    Plugin,
    lookup::{Arguments, lookup, test},
};
use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::{ExprKind, operators::Evaluate},
};

const TAKES: &str = "a table, an address and the table's network";

pub(super) const PLUGIN_V4: Plugin = Plugin {
    name: "ipv4_lookup",
    syntax: "ipv4_lookup(table, address, network [, key, …] [, return_unmatched = false])",
    about: "Adds the row of a table of networks whose network has the address in it, the narrowest if there are several.",
    examples: &[(
        r#"let N = datatable (net: string, name: string) ["10.0.0.0/8", "inside"]; print ip = "10.1.2.3" | evaluate ipv4_lookup(N, ip, net) | project name"#,
        "inside",
    )],
    bind: bind_v4,
};

pub(super) const PLUGIN_V6: Plugin = Plugin {
    name: "ipv6_lookup",
    syntax: "ipv6_lookup(table, address, network [, key, …] [, return_unmatched = false])",
    about: "Like `ipv4_lookup`, for addresses of either version.",
    examples: &[(
        r#"let N = datatable (net: string, name: string) ["fe80::/10", "link"]; print ip = "fe80::1" | evaluate ipv6_lookup(N, ip, net) | project name"#,
        "link",
    )],
    bind: bind_v6,
};

pub(super) fn bind_v4<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    bind(binder, input, node, "ipv4_is_in_range")
}

pub(super) fn bind_v6<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    bind(binder, input, node, "ipv6_is_in_range")
}

fn bind<'t>(
    binder: &mut Binder<'t>,
    input: Relation,
    node: &'t Evaluate,
    is_in: &'static str,
) -> Result<Relation> {
    let call = &node.call;
    let arguments = Arguments::new(binder, call, 3, TAKES)?;
    // Behind the network there may be more keys of the table, and then whether unmatched rows stay.
    let keys = arguments.rest(3).iter().take_while(|tree| matches!(tree.kind, ExprKind::Name(_))).count();
    let with_unmatched = arguments.flag(binder, "return_unmatched", 3 + keys)?;
    let table = match arguments.place(0) {
        Some(tree) => binder.separate(tree)?,
        None => return Ok(input),
    };
    let network = arguments.column(binder, 2, &table)?;
    let address = arguments.column(binder, 1, &input)?;
    let is_in = test(binder, is_in, call, vec![address.value(), network.value()])?;
    Ok(lookup(binder, input, table, is_in, with_unmatched, None))
}
