//! `join` and `lookup`: rows of two tables that have equal keys.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result, Row, comparable},
    bound::{Column, ColumnId, Expr, ExprNode, JoinKind, Node, Relation},
    syntax::{
        Span,
        tree::{
            self, BinaryOp, ExprKind,
            operators::{Join, JoinCondition, Lookup},
        },
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new("join", "T | join [kind = innerunique] (U) on key, …", "Puts rows of two tables together that have equal keys; without a kind, rows of the left side with the same key are one.", &[(r#"let T = datatable (k: long, a: string) [1, "x", 2, "y"]; let U = datatable (k: long, b: string) [2, "z"]; T | join kind = inner (U) on k | project k, a, b"#, "2, y, z")]).takes(Takes::Table).words(&["on", "where"]).parameters(&[("kind", &["innerunique", "inner", "leftouter", "rightouter", "fullouter", "leftsemi", "leftanti", "rightsemi", "rightanti"]), ("hint.strategy", &["broadcast", "shuffle"]), ("hint.shufflekey", &[]), ("hint.remote", &["auto", "left", "local", "right"])]),
    Help::new("lookup", "T | lookup [kind = leftouter] (U) on key, …", "Adds the columns of a second, smaller table to the rows that have its keys.", &[(r#"let T = datatable (k: long, a: string) [1, "x"]; let U = datatable (k: long, b: string) [1, "z"]; T | lookup (U) on k"#, "1, x, z")]).takes(Takes::Table).words(&["on"]).parameters(&[("kind", &["leftouter", "inner"])]),
];

/// Values of the left and the right side that must be equal.
type Keys = Vec<(Expr, Expr)>;

impl<'t> Binder<'t> {
    pub(super) fn join_tables(&mut self, left: Relation, node: &'t Join, span: Span) -> Result<Relation> {
        let kind = node.kind.as_ref().map_or("innerunique", |kind| kind.text.as_str());
        let right = self.deeper(span, |binder| binder.separate(&node.right))?;
        self.see_right(&right);
        let conditions = match &node.condition {
            JoinCondition::On(conditions) => conditions.as_slice(),
            JoinCondition::None | JoinCondition::Where(_) => &[],
        };
        let on = self.join_keys(&left, &right, conditions, span)?;
        let swapped = || on.iter().cloned().map(|(left, right)| (right, left)).collect();
        Ok(match kind {
            "leftsemi" => self.join(JoinKind::LeftSemi, left, right, on),
            "leftanti" | "anti" | "leftantisemi" => self.join(JoinKind::LeftAnti, left, right, on),
            "rightsemi" => self.join(JoinKind::LeftSemi, right, left, swapped()),
            "rightanti" | "rightantisemi" => self.join(JoinKind::LeftAnti, right, left, swapped()),
            "innerunique" => {
                let left = self.unique_by(left, &on);
                self.both(JoinKind::Inner, left, right, on)
            }
            "inner" => self.both(JoinKind::Inner, left, right, on),
            "leftouter" => self.both(JoinKind::LeftOuter, left, right, on),
            "rightouter" => self.both(JoinKind::RightOuter, left, right, on),
            "fullouter" => self.both(JoinKind::FullOuter, left, right, on),
            kind => {
                let span = node.kind.as_ref().map_or(span, |kind| kind.span);
                return Err(self.error(Code::Join, span, format!("no kind of join is called `{kind}`")));
            }
        })
    }

    pub(super) fn lookup(&mut self, left: Relation, node: &'t Lookup, span: Span) -> Result<Relation> {
        let kind = match node.kind.as_ref().map_or("leftouter", |kind| kind.text.as_str()) {
            "leftouter" => JoinKind::LeftOuter,
            "inner" => JoinKind::Inner,
            kind => {
                return Err(self.error(Code::Join, span, format!("no kind of lookup is called `{kind}`")));
            }
        };
        let right = self.deeper(span, |binder| binder.separate(&node.right))?;
        self.see_right(&right);
        let on = self.join_keys(&left, &right, &node.on, span)?;
        let mut keys = Vec::new();
        on.iter().for_each(|(_, key)| key.for_each_column(&mut |id| keys.push(id)));
        let joined = self.both(kind, left, right, on);
        let kept: Vec<Column> =
            joined.columns.iter().filter(|column| !keys.contains(&column.id)).cloned().collect();
        Ok(self.keep(joined, &kept))
    }

    /// The columns of both sides; a name that the left side has gets a number on the right.
    fn both(&mut self, kind: JoinKind, left: Relation, right: Relation, on: Keys) -> Relation {
        let mut names = Names::with(left.columns.iter().map(|column| Arc::clone(&column.name)));
        let mut joined = self.join(kind, left, right, on);
        let Node::Join { left, .. } = &joined.node else { return joined };
        let count = left.columns.len();
        let mut columns = joined.columns.clone();
        for column in &mut columns[count..] {
            column.name = names.unique(&column.name);
        }
        joined.columns.clone_from(&columns);
        joined
    }

    /// One row of each set of keys, as `innerunique` wants its left side.
    fn unique_by(&mut self, left: Relation, on: &Keys) -> Relation {
        let ids: Vec<ColumnId> = on
            .iter()
            .filter_map(|(key, _)| match key.node {
                ExprNode::Column(id) => Some(id),
                _ => None,
            })
            .collect();
        if ids.len() == on.len() && left.is_unique_by(&ids) {
            return left;
        }
        let mut keys: Vec<Expr> = on.iter().map(|(key, _)| key.clone()).collect();
        keys.extend(self.partition.iter().map(Column::value));
        let columns = left.columns.clone();
        Relation::new(columns, Node::First { input: Box::new(left), keys }, false)
    }

    fn join_keys(
        &mut self,
        left: &Relation,
        right: &Relation,
        conditions: &'t [tree::Expr],
        span: Span,
    ) -> Result<Keys> {
        let mut keys = Vec::new();
        for condition in conditions {
            self.join_key(left, right, condition, &mut keys)?;
        }
        if keys.is_empty() {
            return Err(self.error(Code::Join, span, "a join needs `on` and what must be equal"));
        }
        Ok(keys)
    }

    fn join_key(
        &mut self,
        left: &Relation,
        right: &Relation,
        condition: &'t tree::Expr,
        keys: &mut Keys,
    ) -> Result<()> {
        let span = condition.span;
        let (a, b) = match &condition.unparenthesized().kind {
            ExprKind::And(all) => {
                return all.iter().try_for_each(|condition| self.join_key(left, right, condition, keys));
            }
            ExprKind::Name(name) => {
                (self.existing(name, &left.columns)?.value(), self.existing(name, &right.columns)?.value())
            }
            ExprKind::Binary { op: BinaryOp::Equal, left: a, right: b, .. } => {
                let row = Row { columns: &left.columns, right: Some(&right.columns), ..Row::NONE };
                let (a, b) = (self.scalar(a, &row)?, self.scalar(b, &row)?);
                match (side(&a, left, right), side(&b, left, right)) {
                    (Some(Side::Left), Some(Side::Right)) => (a, b),
                    (Some(Side::Right), Some(Side::Left)) => (b, a),
                    _ => {
                        let message = "one side of `==` must be of `$left`, the other one of `$right`";
                        return Err(self.error(Code::Join, span, message));
                    }
                }
            }
            _ => {
                let message = "write names of columns, or `$left.a == $right.b`, joined by `and`";
                return Err(self.error(Code::Join, span, message));
            }
        };
        let (left, right) = (a.kind, b.kind);
        let is_text = |kind| matches!(kind, ColumnType::String | ColumnType::Dynamic | ColumnType::Guid);
        if left != right && is_text(left) != is_text(right) {
            let message =
                format!("the keys have different types, {left} and {right}; convert one before the join");
            return Err(self.error(Code::Join, span, message));
        }
        let Some(pair) = comparable(a, b) else {
            let message =
                format!("the keys have different types, {left} and {right}; convert one before the join");
            return Err(self.error(Code::Join, span, message));
        };
        keys.push(pair);
        Ok(())
    }
}

enum Side {
    Left,
    Right,
}

/// The side that all columns of a value are of.
fn side(value: &Expr, left: &Relation, right: &Relation) -> Option<Side> {
    let (mut is_left, mut is_right) = (false, false);
    value.for_each_column(&mut |id| {
        is_left |= left.columns.iter().any(|column| column.id == id);
        is_right |= right.columns.iter().any(|column| column.id == id);
    });
    match (is_left, is_right) {
        (true, false) => Some(Side::Left),
        (false, true) => Some(Side::Right),
        _ => None,
    }
}
