//! A query whose names and types are known: what the binder makes and the planner reads.
//!
//! Every column has an identity of its own ([`ColumnId`]), so that a join of a table with itself, or a column
//! that takes the name of another, needs no renaming on the way; names matter only for whoever reads the answer.
//! There are few kinds of [`Node`]: most of the language's operators are combinations of them.

mod expr;
mod prune;
mod renumber;
mod value;

pub use expr::{Expr, ExprNode, Operator};
pub use value::Value;

use std::sync::Arc;

use arrow_array::RecordBatch;
use phalanx_signal::ColumnType;

use crate::{
    aggregates::Aggregate,
    algorithms::{Algorithm, graph::GraphSource},
    windows::{Window, window},
};

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
    /// How many relations lie above one another in it.
    pub height: u32,
    /// Whether there may be more columns than are known; those that are not known are null.
    pub is_open: bool,
}

/// How the rows of a relation come about.
#[derive(Clone, Debug)]
pub enum Node {
    /// All rows of a table of the catalog; `physical` names its columns there.
    Table { name: Arc<str>, physical: Vec<Arc<str>> },
    /// Rows that are known already, column by column in the relation's order.
    Rows(Vec<RecordBatch>),
    /// One `long` column: `from`, `from + step` … as far as `rows` of them.
    Range { from: i64, step: i64, rows: u64 },
    /// The rows for which the condition is true.
    Filter { input: Box<Relation>, condition: Expr },
    /// An expression for each column.
    Project { input: Box<Relation>, expressions: Vec<Expr> },
    /// One row for each set of keys: the keys, then the aggregates. Without keys, exactly one row.
    Aggregate { input: Box<Relation>, keys: Vec<Expr>, aggregates: Vec<AggregateCall> },
    /// One row for each set of keys: the first of them, if there is an order, else any.
    First { input: Box<Relation>, keys: Vec<Expr> },
    /// Pairs of rows whose keys are equal; a condition may hold for more.
    Join { kind: JoinKind, left: Box<Relation>, right: Box<Relation>, on: Vec<(Expr, Expr)> },
    /// The rows of all.
    Union(Vec<UnionInput>),
    /// In order; at most `limit` rows if there is one.
    Sort { input: Box<Relation>, keys: Vec<SortKey>, limit: Option<usize> },
    /// Any so many rows, or the first ones if the input has an order.
    Limit { input: Box<Relation>, rows: usize },
    /// The columns of the input, and behind them one element of each array a row.
    Expand { input: Box<Relation>, expand: Expand },
    /// The columns of the input, and behind them values that look at other rows of the same partition, in the
    /// input's order or, if there are any, in that of the keys.
    Window { input: Box<Relation>, partition: Vec<Expr>, order: Vec<SortKey>, calls: Vec<WindowCall> },
    /// What an algorithm makes of all rows of its inputs; it knows their columns by their places.
    Collected { inputs: Vec<Relation>, algorithm: Arc<dyn Algorithm> },
    /// No rows, but a graph: its edges, the tables of its nodes, and how it is made of them. Only operators over
    /// graphs take it; it is in no plan.
    Graph { inputs: Vec<Relation>, source: Box<GraphSource> },
}

/// One of the tables whose rows are put together.
#[derive(Clone, Debug)]
pub struct UnionInput {
    pub relation: Relation,
    /// Which column of the union which column of the relation is; where there is none, the union's is null.
    pub columns: Vec<(ColumnId, ColumnId)>,
}

/// How arrays become rows: as many as the longest array of a row has elements.
#[derive(Clone, Debug)]
pub struct Expand {
    pub arrays: Vec<Expr>,
    /// A last column has the element's place in its array, from 0 on.
    pub with_index: bool,
    /// A row whose arrays are all null stays as one row.
    pub keep_nulls: bool,
    /// A member of a bag becomes `[name, value]` instead of a bag of its own.
    pub bags_as_pairs: bool,
    /// At most so many elements of each array.
    pub limit: Option<usize>,
}

/// An aggregate over the rows of a group. One that gives several values has as many columns.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    pub aggregate: &'static Aggregate,
    pub arguments: Vec<Expr>,
    /// The type of each column.
    pub kinds: Vec<ColumnType>,
}

/// A function of the rows around.
#[derive(Clone, Debug, PartialEq)]
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

impl WindowFunction {
    /// The function as the language knows it.
    pub fn window(self) -> &'static Window {
        let name = match self {
            Self::RowNumber => "row_number",
            Self::Previous => "prev",
            Self::Next => "next",
            Self::CumulativeSum => "row_cumsum",
            Self::RankDense => "row_rank_dense",
            Self::RankMin => "row_rank_min",
            Self::Session => "row_window_session",
        };
        window(name).expect("the table of these functions has each of them")
    }
}

impl Relation {
    pub fn new(columns: Vec<Column>, node: Node, is_serialized: bool) -> Self {
        let mut relation = Self { columns, node, is_serialized, height: 1, is_open: false };
        let inputs = relation.inputs();
        let height = 1 + inputs.iter().map(|input| input.height).max().unwrap_or(0);
        let hides = matches!(
            relation.node,
            Node::Project { .. } | Node::Aggregate { .. } | Node::Collected { .. } | Node::Graph { .. }
        );
        let is_open = !hides && inputs.iter().any(|input| input.is_open);
        (relation.height, relation.is_open) = (height, is_open);
        relation
    }

    /// The relations that this one is made from.
    pub fn inputs(&self) -> Vec<&Relation> {
        match &self.node {
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
            Node::Union(inputs) => inputs.iter().map(|input| &input.relation).collect(),
            Node::Collected { inputs, .. } | Node::Graph { inputs, .. } => inputs.iter().collect(),
        }
    }

    /// Whether there are few rows compared with what is read for them: some were aggregated or cut off.
    pub fn is_small(&self) -> bool {
        let mut relation = self;
        loop {
            relation = match &relation.node {
                Node::Aggregate { .. }
                | Node::First { .. }
                | Node::Limit { .. }
                | Node::Sort { limit: Some(_), .. } => return true,
                Node::Filter { input, .. }
                | Node::Project { input, .. }
                | Node::Sort { input, .. }
                | Node::Window { input, .. } => input,
                _ => return false,
            }
        }
    }

    /// Whether no two rows agree in these columns, as far as the steps tell.
    pub fn is_unique_by(&self, keys: &[ColumnId]) -> bool {
        let mut relation = self;
        loop {
            relation = match &relation.node {
                Node::Aggregate { keys: of, .. } => {
                    return relation.columns[..of.len()].iter().all(|column| keys.contains(&column.id));
                }
                Node::First { keys: of, .. } => {
                    return of
                        .iter()
                        .all(|key| matches!(&key.node, ExprNode::Column(id) if keys.contains(id)));
                }
                Node::Filter { input, .. }
                | Node::Project { input, .. }
                | Node::Sort { input, .. }
                | Node::Limit { input, .. } => input,
                Node::Join { kind: JoinKind::LeftSemi | JoinKind::LeftAnti, left, .. } => left,
                _ => return false,
            }
        }
    }

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
