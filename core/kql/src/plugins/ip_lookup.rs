//! `ipv4_lookup` and `ipv6_lookup`: the row of a table of networks that an address is in.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    bind::{Binder, Code, Names, Result},
    bound::{Expr, JoinKind, Relation, Value},
    syntax::tree::{self, ExprKind, operators::Evaluate},
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
    test: &'static str,
) -> Result<Relation> {
    let call = &node.call;
    let positional: Vec<&'t tree::Expr> = call
        .arguments
        .iter()
        .filter(|argument| argument.name.is_none())
        .map(|argument| &argument.value)
        .collect();
    let [table, address, network, rest @ ..] = positional.as_slice() else {
        let message = format!("`{}()` takes a table, an address and the table's network", call.name.text);
        return Err(binder.error(Code::ArgumentCount, call.span, message));
    };
    let mut return_unmatched = false;
    let named = call
        .arguments
        .iter()
        .find(|argument| argument.name.as_ref().is_some_and(|name| name.text == "return_unmatched"));
    let last = rest.last().copied().filter(|tree| !matches!(tree.kind, ExprKind::Name(_)));
    if let Some(tree) = named.map(|argument| &argument.value).or(last) {
        return_unmatched = binder.constant(tree, "whether unmatched rows stay")? == Value::Bool(true);
    }
    let right = binder.separate(table)?;
    let column =
        |binder: &Binder<'t>, tree: &tree::Expr, relation: &Relation| match &tree.unparenthesized().kind {
            ExprKind::Name(name) => Ok(binder.existing(name, &relation.columns)?.clone()),
            _ => Err(binder.error(Code::Argument, tree.span, "the name of a column is needed here")),
        };
    let network = column(binder, network, &right)?;
    let address = match &address.unparenthesized().kind {
        ExprKind::Name(_) => column(binder, address, &input)?.value(),
        _ => {
            return Err(binder.error(Code::Argument, address.span, "the name of a column is needed here"));
        }
    };
    let mut names = Names::with(input.columns.iter().map(|column| Arc::clone(&column.name)));
    let left_columns = input.columns.clone();
    let right_columns = right.columns.clone();
    let function = binder.builtin(test, call.span)?;
    let is_in = Expr::call(ColumnType::Bool, function, vec![address, network.value()]);
    let copy = input.clone();
    let pairs = binder.join(JoinKind::Inner, input, right, Vec::new());
    let matched = binder.filter(pairs, is_in);
    let output: Vec<(Arc<str>, Expr)> = left_columns
        .iter()
        .map(|column| (Arc::clone(&column.name), column.value()))
        .chain(right_columns.iter().map(|column| (names.unique(&column.name), column.value())))
        .collect();
    let matched = binder.project(matched, output);
    if !return_unmatched {
        return Ok(matched);
    }
    let rest = binder.renumbered(&copy);
    let known = binder.renumbered(&matched);
    let on =
        rest.columns.iter().zip(&known.columns).map(|(left, right)| (left.value(), right.value())).collect();
    let unmatched = binder.join(JoinKind::LeftAnti, rest, known, on);
    Ok(binder.union_of(vec![(String::new(), matched), (String::new(), unmatched)], false, None))
}
