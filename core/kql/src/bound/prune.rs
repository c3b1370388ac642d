//! Leaving out what nobody asks for.
//!
//! The engine prunes columns too, but only after it was given all of them: with hundreds of tables of a hundred
//! columns each, `union *` would drown it.

use std::collections::HashSet;

use super::{Column, ColumnId, Expr, JoinKind, Node, Relation};

impl Relation {
    /// Leaves out columns below the top that nothing above uses.
    pub fn prune(&mut self) {
        let needed = self.columns.iter().map(|column| column.id).collect();
        self.prune_to(&needed);
    }

    fn prune_to(&mut self, needed: &HashSet<ColumnId>) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.prune_node(needed));
    }

    fn prune_node(&mut self, needed: &HashSet<ColumnId>) {
        let columns = &mut self.columns;
        match &mut self.node {
            Node::Rows(_) | Node::Range { .. } => {}
            Node::Table { physical, .. } => {
                let mut kept = columns.iter().map(|column| needed.contains(&column.id));
                physical.retain(|_| kept.next().unwrap_or(false));
                columns.retain(|column| needed.contains(&column.id));
            }
            Node::Filter { input, condition } => {
                input.prune_to(&with(needed, [&*condition]));
                follow(columns, &[input]);
            }
            Node::Project { input, expressions } => {
                let mut kept = columns.iter().map(|column| needed.contains(&column.id));
                expressions.retain(|_| kept.next().unwrap_or(false));
                columns.retain(|column| needed.contains(&column.id));
                input.prune_to(&with(&HashSet::new(), expressions.iter()));
            }
            Node::Aggregate { input, keys, aggregates } => {
                let mut rest = columns.split_off(keys.len()).into_iter();
                let is_all = keys.is_empty();
                aggregates.retain(|call| {
                    let made: Vec<Column> = rest.by_ref().take(call.kinds.len()).collect();
                    let is_used = is_all || made.iter().any(|column| needed.contains(&column.id));
                    if is_used {
                        columns.extend(made);
                    }
                    is_used
                });
                let arguments = aggregates.iter().flat_map(|call| &call.arguments);
                input.prune_to(&with(&HashSet::new(), keys.iter().chain(arguments)));
            }
            Node::First { input, keys } => {
                input.prune_to(&with(needed, keys.iter()));
                columns.retain(|column| needed.contains(&column.id));
            }
            Node::Join { kind, left, right, on } => {
                let is_one_sided = matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti);
                left.prune_to(&with(needed, on.iter().map(|(left, _)| left)));
                let of_right = if is_one_sided { HashSet::new() } else { needed.clone() };
                right.prune_to(&with(&of_right, on.iter().map(|(_, right)| right)));
                if is_one_sided {
                    follow(columns, &[left]);
                } else {
                    follow(columns, &[left, right]);
                }
            }
            Node::Union(inputs) => {
                columns.retain(|column| needed.contains(&column.id));
                for input in inputs {
                    input.columns.retain(|(to, _)| needed.contains(to));
                    let used = input.columns.iter().map(|(_, from)| *from).collect();
                    input.relation.prune_to(&used);
                }
            }
            Node::Sort { input, keys, .. } => {
                input.prune_to(&with(needed, keys.iter().map(|key| &key.expr)));
                follow(columns, &[input]);
            }
            Node::Limit { input, .. } => {
                input.prune_to(needed);
                follow(columns, &[input]);
            }
            Node::Expand { input, expand } => {
                let added = columns.split_off(input.columns.len());
                input.prune_to(&with(needed, expand.arrays.iter()));
                columns.clone_from(&input.columns);
                columns.extend(added);
            }
            Node::Collected { inputs, .. } | Node::Graph { inputs, .. } => {
                inputs.iter_mut().for_each(Relation::prune);
            }
            Node::Window { input, partition, order, calls } => {
                let added = columns.split_off(input.columns.len());
                let order = order.iter().map(|key| &key.expr);
                let arguments = calls.iter().flat_map(|call| &call.arguments);
                input.prune_to(&with(needed, partition.iter().chain(order).chain(arguments)));
                columns.clone_from(&input.columns);
                columns.extend(added);
            }
        }
    }
}

/// What is needed, and what the expressions need.
fn with<'a>(
    needed: &HashSet<ColumnId>,
    expressions: impl IntoIterator<Item = &'a Expr>,
) -> HashSet<ColumnId> {
    let mut all = needed.clone();
    for expression in expressions {
        expression.for_each_column(&mut |id| {
            all.insert(id);
        });
    }
    all
}

/// Keeps the columns that the inputs still have; those that they had to keep come along.
fn follow(columns: &mut Vec<Column>, inputs: &[&mut Box<Relation>]) {
    let known: HashSet<ColumnId> =
        inputs.iter().flat_map(|input| &input.columns).map(|column| column.id).collect();
    columns.retain(|column| known.contains(&column.id));
}
