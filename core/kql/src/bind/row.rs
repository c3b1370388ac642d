//! The row that an expression sees, and what else an expression asks of its operator.

use super::{Binder, Result};
use crate::{
    bound::{AggregateCall, Column, Expr, JoinKind, Node, Relation, WindowCall},
    syntax::Span,
};

/// The columns that an expression may name.
#[derive(Clone, Copy, Default)]
pub(crate) struct Row<'r> {
    pub columns: &'r [Column],
    /// In a join: the columns of the other side, behind `$right`.
    pub right: Option<&'r [Column]>,
    /// Whether rows have an order, so that an expression may look at its neighbours.
    pub is_serialized: bool,
    /// Whether there may be more columns than are known.
    pub is_open: bool,
    /// Whether there is a row at all; else a name that is unknown is no column.
    pub is_some: bool,
}

impl<'r> Row<'r> {
    /// No row: a constant.
    pub const NONE: Row<'static> =
        Row { columns: &[], right: None, is_serialized: false, is_open: false, is_some: false };

    pub fn column(&self, name: &str) -> Option<&'r Column> {
        self.columns.iter().find(|column| *column.name == *name)
    }
}

/// What the expressions of an operator need besides the row.
#[derive(Default)]
pub(crate) struct Pending {
    /// Aggregates and their columns; `None` where there can be none.
    pub aggregates: Option<Vec<(Vec<Column>, AggregateCall)>>,
    /// Values that look at other rows, in steps: a later one may use columns of those before.
    pub windows: Vec<(Column, WindowCall)>,
    /// Tables that tell by `value in (table)`: the table of different keys with a mark behind, and the value.
    pub marks: Vec<(Relation, Expr)>,
    /// Whether the operator can take windows and marks.
    pub is_open: bool,
}

impl Binder<'_> {
    /// Binds expressions over the rows of `input`. Whatever they need besides becomes columns of the relation that
    /// is given back, behind the input's own.
    pub fn over<T>(
        &mut self,
        input: Relation,
        f: impl FnOnce(&mut Self, &Row<'_>) -> Result<T>,
    ) -> Result<(Relation, T)> {
        let (answer, pending) = self.bind_within(&input, None, f)?;
        Ok((self.with_pending(input, pending), answer))
    }

    /// As [`Self::over`], with aggregates allowed; those found are given back.
    #[expect(clippy::type_complexity, reason = "a column list for each call")]
    pub fn over_groups<T>(
        &mut self,
        input: Relation,
        f: impl FnOnce(&mut Self, &Row<'_>) -> Result<T>,
    ) -> Result<(Relation, T, Vec<(Vec<Column>, AggregateCall)>)> {
        let (answer, mut pending) = self.bind_within(&input, Some(Vec::new()), f)?;
        let calls = pending.aggregates.take().unwrap_or_default();
        Ok((self.with_pending(input, pending), answer, calls))
    }

    /// Binds over the rows of `input`; what the expressions need besides is given back.
    fn bind_within<T>(
        &mut self,
        input: &Relation,
        aggregates: Option<Vec<(Vec<Column>, AggregateCall)>>,
        f: impl FnOnce(&mut Self, &Row<'_>) -> Result<T>,
    ) -> Result<(T, Pending)> {
        let pending = Pending { is_open: true, aggregates, ..Pending::default() };
        let outer = std::mem::replace(&mut self.pending, pending);
        let visible = self.visible(input);
        let row = Row {
            columns: &visible,
            right: None,
            is_serialized: input.is_serialized,
            is_open: input.is_open,
            is_some: true,
        };
        let answer = f(self, &row);
        let pending = std::mem::replace(&mut self.pending, outer);
        Ok((answer?, pending))
    }

    fn with_pending(&mut self, mut input: Relation, pending: Pending) -> Relation {
        for (table, value) in pending.marks {
            let key = table.columns[0].value();
            input = self.join(JoinKind::LeftOuter, input, table, vec![(value, key)]);
        }
        let partition: Vec<Expr> = self.partition.iter().map(Column::value).collect();
        for (column, call) in pending.windows {
            input = add_window(input, &partition, column, call);
        }
        input
    }

    /// A column that looks at other rows, for an expression of the operator at hand.
    pub fn window_value(&mut self, row: &Row<'_>, span: Span, what: &str, call: WindowCall) -> Result<Expr> {
        if !self.pending.is_open {
            return Err(self.error(
                super::Code::NotSerialized,
                span,
                format!(
                    "`{what}()` looks at other rows, which can't be done here; put it into an `extend` before"
                ),
            ));
        }
        if !row.is_serialized {
            let message =
                format!("`{what}()` needs rows in an order; put `sort by` or `serialize` before it");
            return Err(self.error(super::Code::NotSerialized, span, message));
        }
        let column = self.fresh(what, call.kind);
        let value = column.value();
        self.pending.windows.push((column, call));
        Ok(value)
    }
}

/// Adds to the last step if the call does not depend on it.
fn add_window(mut input: Relation, partition: &[Expr], column: Column, call: WindowCall) -> Relation {
    if let Node::Window { input: before, calls, order, .. } = &mut input.node
        && order.is_empty()
    {
        let mut depends = false;
        let added = &input.columns[before.columns.len()..];
        for argument in &call.arguments {
            argument.for_each_column(&mut |id| depends |= added.iter().any(|column| column.id == id));
        }
        if !depends {
            calls.push(call);
            input.columns.push(column);
            return input;
        }
    }
    let mut columns = input.columns.clone();
    columns.push(column);
    let is_serialized = input.is_serialized;
    let node = Node::Window {
        input: Box::new(input),
        partition: partition.to_vec(),
        order: Vec::new(),
        calls: vec![call],
    };
    Relation::new(columns, node, is_serialized)
}
