//! Matches as rows: their properties, and what is asked of them.

use std::{collections::HashSet, sync::Arc};

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringViewArray, UInt32Array};
use arrow_schema::Schema;
use arrow_select::{filter::filter_record_batch, take::take};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{Graph, pattern::Match};
use crate::{
    aggregates::render::Cells,
    bound::{Column, ColumnId, Expr},
    plan::RowExpr,
};

/// What becomes of each match.
#[derive(Debug)]
pub struct Output {
    /// For each node of the pattern its columns: the properties and [`super::NODE_EXTRAS`].
    pub nodes: Vec<Vec<Column>>,
    /// For each hop the properties of its edge, where it is a single one.
    pub edges: Vec<Vec<Column>>,
    pub folds: Vec<Fold>,
    /// Which matches count.
    pub condition: Option<Expr>,
    pub project: Vec<Expr>,
}

/// A value made of all edges, or inner nodes, of a hop.
#[derive(Clone, Debug)]
pub struct Fold {
    pub hop: usize,
    /// Over the nodes between the edges instead of the edges.
    pub of_nodes: bool,
    /// The columns of an edge or node.
    pub columns: Vec<Column>,
    /// A value of each; it may use the match's columns too.
    pub value: Expr,
    pub kind: FoldKind,
    /// What the match's row calls the answer.
    pub column: Column,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// The values as an array.
    Map,
    /// Whether all are true; so if there are none.
    All,
    /// Whether any is true.
    Any,
}

/// Where a column of a match's row comes from.
#[derive(Clone, Copy, Debug)]
enum Place {
    Node { of: usize, at: usize },
    Edge { of: usize, at: usize },
}

/// The output over one graph.
pub(super) struct MatchRows<'a> {
    graph: &'a Graph,
    node_rows: &'a RecordBatch,
    plain: Vec<(Column, Place)>,
    folds: Vec<ReadyFold<'a>>,
    condition: Option<RowExpr>,
    project: Vec<RowExpr>,
}

struct ReadyFold<'a> {
    fold: &'a Fold,
    /// The columns of the row and of the element that the value needs.
    outer: Vec<usize>,
    own: Vec<usize>,
    value: RowExpr,
}

impl<'a> MatchRows<'a> {
    pub fn new(output: &'a Output, graph: &'a Graph, node_rows: &'a RecordBatch) -> Result<Self> {
        let used = output.used();
        let mut plain = Vec::new();
        let places = [(&output.nodes, true), (&output.edges, false)];
        for (lists, is_node) in places {
            for (of, columns) in lists.iter().enumerate() {
                for (at, column) in columns.iter().enumerate().filter(|(_, column)| used.contains(&column.id))
                {
                    let place = if is_node { Place::Node { of, at } } else { Place::Edge { of, at } };
                    plain.push((column.clone(), place));
                }
            }
        }
        let columns: Vec<Column> = plain.iter().map(|(column, _)| column.clone()).collect();
        let folds = output.folds.iter().map(|fold| ReadyFold::new(fold, &columns)).collect::<Result<_>>()?;
        let all: Vec<Column> =
            columns.iter().cloned().chain(output.folds.iter().map(|fold| fold.column.clone())).collect();
        let condition = output.condition.as_ref().map(|condition| RowExpr::condition(condition, &all));
        let project =
            output.project.iter().map(|value| RowExpr::value(value, &all)).collect::<Result<_>>()?;
        Ok(Self { graph, node_rows, plain, folds, condition: condition.transpose()?, project })
    }

    /// The rows of matches, and which of them count.
    pub fn rows(&self, matches: &[Match]) -> Result<(RecordBatch, BooleanArray)> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.plain.len() + self.folds.len());
        let mut fields = Vec::with_capacity(columns.capacity());
        for (column, place) in &self.plain {
            columns.push(self.plain_values(*place, matches)?);
            fields.push(column.kind.field(&format!("{}", fields.len())));
        }
        for fold in &self.folds {
            let values = fold.values(matches, &columns, self)?;
            columns.push(values);
            fields.push(fold.fold.column.kind.field(&format!("{}", fields.len())));
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(matches.len()));
        let rows = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let counts = match &self.condition {
            Some(condition) => condition.holds(&rows)?,
            None => BooleanArray::from(vec![true; matches.len()]),
        };
        Ok((rows, counts))
    }

    /// The columns that are asked for, of the rows that count.
    pub fn projected(&self, rows: &RecordBatch, counts: &BooleanArray) -> Result<Vec<ArrayRef>> {
        let rows = filter_record_batch(rows, counts)?;
        self.project.iter().map(|value| value.evaluate(&rows)).collect()
    }

    fn plain_values(&self, place: Place, matches: &[Match]) -> Result<ArrayRef> {
        let (values, numbers): (&ArrayRef, UInt32Array) = match place {
            Place::Node { of, at } => {
                (self.node_rows.column(at), matches.iter().map(|found| Some(found.nodes[of])).collect())
            }
            Place::Edge { of, at } => (
                self.graph.edges.column(at),
                matches.iter().map(|found| found.edges[of].first().copied()).collect(),
            ),
        };
        Ok(take(values, &numbers, None)?)
    }
}

impl Output {
    /// The columns that anything uses.
    fn used(&self) -> HashSet<ColumnId> {
        let mut used = HashSet::new();
        let values = self.folds.iter().map(|fold| &fold.value);
        for expression in self.project.iter().chain(&self.condition).chain(values) {
            expression.for_each_column(&mut |id| {
                used.insert(id);
            });
        }
        used
    }
}

impl<'a> ReadyFold<'a> {
    fn new(fold: &'a Fold, row: &[Column]) -> Result<Self> {
        let mut used = HashSet::new();
        fold.value.for_each_column(&mut |id| {
            used.insert(id);
        });
        let of = |columns: &[Column]| -> Vec<usize> {
            (0..columns.len()).filter(|at| used.contains(&columns[*at].id)).collect()
        };
        let (outer, own) = (of(row), of(&fold.columns));
        let columns: Vec<Column> = outer
            .iter()
            .map(|at| row[*at].clone())
            .chain(own.iter().map(|at| fold.columns[*at].clone()))
            .collect();
        let value = match fold.kind {
            FoldKind::Map => RowExpr::value(&fold.value, &columns)?,
            FoldKind::All | FoldKind::Any => RowExpr::condition(&fold.value, &columns)?,
        };
        Ok(Self { fold, outer, own, value })
    }

    /// The answer for each match; `row` are the columns of the matches' rows.
    fn values(&self, matches: &[Match], row: &[ArrayRef], rows: &MatchRows<'_>) -> Result<ArrayRef> {
        let fold = self.fold;
        let lists: Vec<&Vec<u32>> = matches
            .iter()
            .map(|found| if fold.of_nodes { &found.inner[fold.hop] } else { &found.edges[fold.hop] })
            .collect();
        let elements: UInt32Array = lists.iter().copied().flatten().copied().map(Some).collect();
        let owners: UInt32Array =
            (0..).zip(&lists).flat_map(|(owner, list)| list.iter().map(move |_| Some(owner))).collect();
        let source = if fold.of_nodes { rows.node_rows } else { &rows.graph.edges };
        let mut columns: Vec<ArrayRef> = Vec::new();
        for at in &self.outer {
            columns.push(take(&row[*at], &owners, None)?);
        }
        for at in &self.own {
            columns.push(take(source.column(*at), &elements, None)?);
        }
        let fields: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| arrow_schema::Field::new(format!("{at}"), column.data_type().clone(), true))
            .collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(elements.len()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let lengths = lists.iter().map(|list| list.len());
        match fold.kind {
            FoldKind::Map => arrays(fold.value.kind, &self.value.evaluate(&batch)?, lengths),
            FoldKind::All => {
                let flags = self.value.holds(&batch)?;
                Ok(flags_of(lengths, |from, to| (from..to).all(|at| flags.value(at))))
            }
            FoldKind::Any => {
                let flags = self.value.holds(&batch)?;
                Ok(flags_of(lengths, |from, to| (from..to).any(|at| flags.value(at))))
            }
        }
    }
}

/// The values as JSON arrays of so many elements each.
fn arrays(kind: ColumnType, values: &ArrayRef, lengths: impl Iterator<Item = usize>) -> Result<ArrayRef> {
    let cells = Cells::new(kind, values).map_err(|error| exec_datafusion_err!("{error}"))?;
    let mut from = 0;
    let array = |length: usize| {
        let mut text = String::from("[");
        for at in from..from + length {
            if at > from {
                text.push(',');
            }
            if cells.is_null(at) {
                text.push_str("null");
            } else {
                cells.push_json(at, &mut text);
            }
        }
        text.push(']');
        from += length;
        text
    };
    Ok(Arc::new(StringViewArray::from_iter_values(lengths.map(array))))
}

fn flags_of(lengths: impl Iterator<Item = usize>, is_true: impl Fn(usize, usize) -> bool) -> ArrayRef {
    let mut from = 0;
    let flags: BooleanArray = lengths
        .map(|length| {
            from += length;
            Some(is_true(from - length, from))
        })
        .collect();
    Arc::new(flags)
}
