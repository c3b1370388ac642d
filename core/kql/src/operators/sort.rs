//! `sort`, `top`: rows in an order.

use super::help::{Help, Takes};
use crate::bound::{Column, Expr, Operator};
use crate::{
    bind::{Binder, Code, Result},
    bound::{Node, Relation, SortKey, WindowCall, WindowFunction},
    syntax::tree::operators::{self, NullsOrder, Sort, SortOrder, Top},
};
use phalanx_signal::ColumnType;

pub(super) const HELP: &[Help] = &[
    Help::new(
        "sort",
        "T | sort by expression [asc | desc] [nulls first | nulls last], …",
        "Puts the rows in order, the greatest first unless `asc` is said.",
        &[("range x from 1 to 3 step 1 | sort by x", "3; 2; 1")],
    )
    .aliases(&["order"])
    .words(&["by", "asc", "desc", "nulls first", "nulls last"]),
    Help::new(
        "top",
        "T | top n by expression [asc | desc] [nulls first | nulls last]",
        "Gives the first rows of an order, the greatest unless `asc` is said.",
        &[("range x from 1 to 9 step 1 | top 2 by x", "9; 8")],
    )
    .takes(Takes::Number)
    .words(&["by", "asc", "desc", "nulls first", "nulls last"]),
];

impl<'t> Binder<'t> {
    pub(super) fn sort_by(&mut self, input: Relation, node: &'t Sort) -> Result<Relation> {
        self.sorted(input, &node.keys, None)
    }

    pub(super) fn top(&mut self, input: Relation, node: &'t Top) -> Result<Relation> {
        let count = self.count(&node.count, "the number of rows")?;
        self.sorted(input, &node.keys, Some(usize::try_from(count).unwrap_or(0)))
    }

    fn sorted(
        &mut self,
        input: Relation,
        keys: &'t [operators::SortKey],
        limit: Option<usize>,
    ) -> Result<Relation> {
        let columns = input.columns.clone();
        let (over, keys) = self.over(input, |binder, row| {
            keys.iter().map(|key| binder.sort_key(key, row)).collect::<Result<Vec<_>>>()
        })?;
        let sorted = self.in_order(over, keys, limit);
        Ok(self.keep(sorted, &columns))
    }

    pub(super) fn sort_key(
        &mut self,
        key: &'t operators::SortKey,
        row: &crate::bind::Row<'_>,
    ) -> Result<SortKey> {
        let expr = self.scalar(&key.value.value, row)?;
        if expr.kind == ColumnType::Dynamic {
            let message =
                "a dynamic value has no order; convert it, by `tostring()` or `tolong()` for example";
            return Err(self.error(Code::Types, key.value.span, message));
        }
        let is_descending = key.order != Some(SortOrder::Ascending);
        let is_nulls_first = key.nulls.map_or(!is_descending, |nulls| nulls == NullsOrder::First);
        Ok(SortKey { expr, is_descending, is_nulls_first })
    }

    /// The rows in an order, or only the first ones of it.
    pub(super) fn in_order(&mut self, input: Relation, keys: Vec<SortKey>, limit: Option<usize>) -> Relation {
        if let (Some(rows), false) = (limit, self.partition.is_empty()) {
            return self.first_of_partition(input, keys, rows);
        }
        let columns = input.columns.clone();
        let mut relation = Relation::new(columns, Node::Sort { input: Box::new(input), keys, limit }, true);
        relation.is_serialized = true;
        relation
    }

    /// At most so many rows; inside of a partition, of each.
    pub(crate) fn limit(&mut self, input: Relation, rows: usize) -> Relation {
        if !self.partition.is_empty() {
            return self.first_of_partition(input, Vec::new(), rows);
        }
        let (columns, is_serialized) = (input.columns.clone(), input.is_serialized);
        Relation::new(columns, Node::Limit { input: Box::new(input), rows }, is_serialized)
    }

    fn first_of_partition(&mut self, input: Relation, order: Vec<SortKey>, rows: usize) -> Relation {
        let partition = self.partition.iter().map(Column::value).collect();
        let before = input.columns.clone();
        let number = self.fresh("row_number", ColumnType::Long);
        let is_in = Expr::operator(
            ColumnType::Bool,
            Operator::LessOrEqual,
            vec![number.value(), Expr::long(i64::try_from(rows).unwrap_or(i64::MAX))],
        );
        let mut columns = before.clone();
        columns.push(number);
        let calls = vec![WindowCall {
            function: WindowFunction::RowNumber,
            arguments: vec![Expr::long(1)],
            kind: ColumnType::Long,
        }];
        let is_serialized = input.is_serialized || !order.is_empty();
        let numbered = if order.is_empty() {
            input
        } else {
            // The order goes on behind the operator.
            let columns = input.columns.clone();
            Relation::new(columns, Node::Sort { input: Box::new(input), keys: order, limit: None }, true)
        };
        let node = Node::Window { input: Box::new(numbered), partition, order: Vec::new(), calls };
        let numbered = Relation::new(columns, node, is_serialized);
        let first = self.filter(numbered, is_in);
        self.keep(first, &before)
    }
}
