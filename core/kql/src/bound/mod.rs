//! A query whose names and types are known: what the binder makes and the planner reads.
//!
//! Every column has an identity of its own ([`ColumnId`]), so that a join of a table with itself, or a column
//! that takes the name of another, needs no renaming on the way; names matter only for whoever reads the answer.
//! There are few kinds of [`Node`]: most of the language's operators are combinations of them.

mod expr;
mod value;

pub use expr::{Expr, ExprNode, Operator};
pub use value::Value;

use std::sync::Arc;

use arrow_array::RecordBatch;
use phalanx_signal::ColumnType;

use crate::aggregates::Aggregate;

/// Which column, in the whole query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// A column of a relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub id: ColumnId,
    pub name: Arc<str>,
    pub kind: ColumnType,
}

/// Rows, as yet to be computed.
#[derive(Clone, Debug)]
pub struct Relation {
    pub columns: Vec<Column>,
    pub node: Node,
    /// Whether the rows have an order that functions such as `prev` may rely on.
    pub is_serialized: bool,
}

/// How the rows of a relation come about.
#[derive(Clone, Debug)]
pub enum Node {
    /// All rows of a table of the catalog; `physical` names its columns there.
    Table { name: Arc<str>, physical: Vec<Arc<str>> },
    /// Rows that are known already.
    Rows(RecordBatch),
    /// The rows for which the condition is true.
    Filter { input: Box<Relation>, condition: Expr },
    /// An expression for each column.
    Project { input: Box<Relation>, expressions: Vec<Expr> },
    /// One row for each set of keys: the keys, then the aggregates. Without keys, exactly one row.
    Aggregate { input: Box<Relation>, keys: Vec<Expr>, aggregates: Vec<AggregateCall> },
    /// Pairs of rows whose keys are equal; a condition may hold for more.
    Join { kind: JoinKind, left: Box<Relation>, right: Box<Relation>, on: Vec<(Expr, Expr)> },
    /// The rows of all, column by column.
    Union(Vec<Relation>),
    /// In order; at most `limit` rows if there is one.
    Sort { input: Box<Relation>, keys: Vec<SortKey>, limit: Option<usize> },
    /// Any so many rows, or the first ones if the input has an order.
    Limit { input: Box<Relation>, rows: usize },
    /// The columns of the input, and behind them one element of each array a row: as many rows as the longest
    /// array of a row has elements. With `keep_empty`, a row whose arrays are all null stays as one.
    Expand { input: Box<Relation>, arrays: Vec<Expr>, keep_empty: bool },
    /// The columns of the input, and behind them values that look at other rows, in the input's order.
    Window { input: Box<Relation>, calls: Vec<WindowCall> },
}

/// An aggregate over the rows of a group.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    pub aggregate: &'static Aggregate,
    pub arguments: Vec<Expr>,
    pub kind: ColumnType,
    /// Of an aggregate that gives several values at once, which one.
    pub field: Option<usize>,
}

/// A function of the rows around.
#[derive(Clone, Debug)]
pub struct WindowCall {
    pub function: WindowFunction,
    pub arguments: Vec<Expr>,
    pub kind: ColumnType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowFunction {
    /// From the given number on; begins again where the second argument is true.
    RowNumber,
    /// The value so many rows before.
    Previous,
    /// The value so many rows behind.
    Next,
    /// The sum so far; begins again where the second argument is true.
    CumulativeSum,
    /// The rank, without gaps; begins again where the second argument is true.
    RankDense,
    /// The rank, with gaps.
    RankMin,
    /// The beginning of the session that the row belongs to.
    Session,
}

/// What becomes of rows without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
}

/// One of the values that rows are ordered by.
#[derive(Clone, Debug)]
pub struct SortKey {
    pub expr: Expr,
    pub is_descending: bool,
    pub is_nulls_first: bool,
}

impl Relation {
    /// A column by its name, which is case-sensitive.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| *column.name == *name)
    }
}

impl Column {
    /// The column's value.
    pub fn value(&self) -> Expr {
        Expr { kind: self.kind, node: ExprNode::Column(self.id) }
    }
}
