//! A copy of a relation with columns of its own.

use std::collections::HashMap;

use super::{Column, ColumnId, Expr, ExprNode, Node, Relation};

impl Relation {
    /// Gives every column that the relation makes a new identity.
    pub fn renumber(&mut self, fresh: &mut impl FnMut(&Column) -> ColumnId) {
        self.renumber_with(fresh, &mut HashMap::new());
    }

    fn renumber_with(
        &mut self,
        fresh: &mut impl FnMut(&Column) -> ColumnId,
        known: &mut HashMap<ColumnId, ColumnId>,
    ) {
        for input in self.inputs_mut() {
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || input.renumber_with(fresh, known));
        }
        for expression in self.expressions_mut() {
            expression.rename(known);
        }
        for column in &mut self.columns {
            column.id = *known.entry(column.id).or_insert_with(|| fresh(column));
        }
        if let Node::Union(inputs) = &mut self.node {
            for (to, from) in inputs.iter_mut().flat_map(|input| &mut input.columns) {
                for id in [to, from] {
                    *id = known.get(id).copied().unwrap_or(*id);
                }
            }
        }
    }

    fn inputs_mut(&mut self) -> Vec<&mut Relation> {
        match &mut self.node {
            Node::Table { .. } | Node::Rows(_) | Node::Range { .. } => Vec::new(),
            Node::Filter { input, .. }
            | Node::Project { input, .. }
            | Node::Aggregate { input, .. }
            | Node::First { input, .. }
            | Node::Sort { input, .. }
            | Node::Limit { input, .. }
            | Node::Expand { input, .. }
            | Node::Window { input, .. } => vec![input],
            Node::Join { left, right, .. } => vec![left, right],
            Node::Union(inputs) => inputs.iter_mut().map(|input| &mut input.relation).collect(),
            Node::Collected { inputs, .. } | Node::Graph { inputs, .. } => inputs.iter_mut().collect(),
        }
    }

    fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.node {
            Node::Table { .. }
            | Node::Rows(_)
            | Node::Range { .. }
            | Node::Union(_)
            | Node::Limit { .. }
            | Node::Collected { .. }
            | Node::Graph { .. } => Vec::new(),
            Node::Filter { condition, .. } => vec![condition],
            Node::Project { expressions, .. } => expressions.iter_mut().collect(),
            Node::Aggregate { keys, aggregates, .. } => {
                let arguments = aggregates.iter_mut().flat_map(|call| &mut call.arguments);
                keys.iter_mut().chain(arguments).collect()
            }
            Node::First { keys, .. } => keys.iter_mut().collect(),
            Node::Join { on, .. } => on.iter_mut().flat_map(|(left, right)| [left, right]).collect(),
            Node::Sort { keys, .. } => keys.iter_mut().map(|key| &mut key.expr).collect(),
            Node::Expand { expand, .. } => expand.arrays.iter_mut().collect(),
            Node::Window { partition, order, calls, .. } => {
                let order = order.iter_mut().map(|key| &mut key.expr);
                let arguments = calls.iter_mut().flat_map(|call| &mut call.arguments);
                partition.iter_mut().chain(order).chain(arguments).collect()
            }
        }
    }
}

impl Expr {
    fn rename(&mut self, known: &HashMap<ColumnId, ColumnId>) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match &mut self.node {
            ExprNode::Literal(_) => {}
            ExprNode::Column(id) => {
                if let Some(new) = known.get(id) {
                    *id = *new;
                }
            }
            ExprNode::Operator(_, arguments)
            | ExprNode::Call(_, arguments)
            | ExprNode::Coalesce(arguments) => {
                arguments.iter_mut().for_each(|argument| argument.rename(known));
            }
            ExprNode::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    condition.rename(known);
                    value.rename(known);
                }
                otherwise.rename(known);
            }
            ExprNode::In { value, .. } | ExprNode::Cast(value) => value.rename(known),
        });
    }
}
