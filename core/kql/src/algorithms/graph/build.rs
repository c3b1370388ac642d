//! From tables to a graph.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringViewArray, UInt32Array, cast::AsArray, new_null_array,
};
use arrow_schema::{Field, Schema};
use arrow_select::{concat::concat_batches, interleave::interleave, take::take_record_batch};
use datafusion::common::{Result, exec_datafusion_err};

use super::{Graph, components};
use crate::{
    algorithms::Work,
    bound::{Column, Expr},
    plan::{RowExpr, rows_schema},
};

/// No row.
const NONE: u32 = u32::MAX;

/// How a graph comes about. Its first input are the edges; each further one is a table of nodes.
///
/// The inputs have columns behind those that the query knows. Edges: the id of the source and of the target as text,
/// the part if there are parts, and for each of `ids` the source and the target as values of that property. Nodes: the
/// id as text, and the part if there are parts.
#[derive(Clone, Debug)]
pub struct GraphSource {
    /// The properties of edges.
    pub edges: Vec<Column>,
    pub tables: Vec<NodeTable>,
    /// The properties of nodes: those that the tables give, then those that steps add.
    pub nodes: Vec<Column>,
    /// Which of them are the ids of nodes that are in no table.
    pub ids: Vec<usize>,
    /// Whether nodes and edges have a part each, so that there is a graph of its own for each part.
    pub has_parts: bool,
    /// What becomes of the graph before it is asked.
    pub steps: Vec<GraphStep>,
}

/// Where the properties of nodes are in a table.
#[derive(Clone, Debug)]
pub struct NodeTable {
    /// How many columns the query knows.
    pub width: usize,
    /// The table's column for each property.
    pub properties: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
pub enum GraphStep {
    /// Gives nodes another property, the number of the component that they are in.
    Components { is_strong: bool },
    /// Keeps the nodes for which the condition is true, and the edges between them. The columns are the nodes'
    /// properties at this step and [`super::NODE_EXTRAS`].
    WhereNodes { columns: Vec<Column>, condition: Expr },
    /// Keeps the edges for which the condition is true.
    WhereEdges { columns: Vec<Column>, condition: Expr },
}

impl GraphSource {
    /// The graph of the inputs' rows.
    pub(crate) fn graph(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<Graph> {
        let edges = inputs.first().map(|batches| all(batches)).transpose()?.flatten();
        let mut tables = Vec::new();
        for batches in &inputs[1.min(inputs.len())..] {
            tables.push(all(batches)?);
        }
        let mut graph = self.built(edges, &tables, work)?;
        for step in &self.steps {
            match step {
                GraphStep::Components { is_strong } => {
                    let numbers = components::number(&graph, *is_strong, work)?;
                    graph.nodes = with_column(&graph.nodes, Arc::new(Int64Array::from(numbers)))?;
                }
                GraphStep::WhereNodes { columns, condition } => {
                    let kept = RowExpr::condition(condition, columns)?.holds(&graph.node_rows()?)?;
                    graph = graph.with_nodes(&kept.values().iter().collect::<Vec<_>>())?;
                }
                GraphStep::WhereEdges { columns, condition } => {
                    let kept = RowExpr::condition(condition, columns)?.holds(&graph.edges)?;
                    graph = graph.with_edges(|at| kept.value(at))?;
                }
            }
            work.step(graph.node_count() + graph.ends.len())?;
        }
        Ok(graph)
    }

    fn built(
        &self,
        edges: Option<RecordBatch>,
        tables: &[Option<RecordBatch>],
        work: &mut Work<'_>,
    ) -> Result<Graph> {
        let mut numbers = Numbers { has_parts: self.has_parts, ..Numbers::default() };
        // For each table, the node of each of its rows.
        let mut rows: Vec<Vec<u32>> = Vec::new();
        for (table, batch) in self.tables.iter().zip(tables) {
            rows.push(match batch {
                Some(batch) => numbers.of(batch, table.width, table.width + 1, work)?,
                None => Vec::new(),
            });
        }
        let from_tables = numbers.ids.len();
        let width = self.edges.len();
        let mut ends = Vec::new();
        // The edge where a node was met for the first time, and at which end of it.
        let mut met: Vec<(u32, bool)> = Vec::new();
        if let Some(edges) = &edges {
            let sources = text(edges, width)?;
            let targets = text(edges, width + 1)?;
            let parts = if self.has_parts { Some(text(edges, width + 2)?) } else { None };
            work.hold(edges.num_rows() * size_of::<(u32, u32)>())?;
            for edge in 0..edges.num_rows() {
                work.step(1)?;
                let part = parts.map_or("", |parts| cell(parts, edge));
                let mut end = |id: &str, is_target: bool| -> Result<u32> {
                    let node = numbers.number(id, part, work)?;
                    if node as usize >= from_tables + met.len() {
                        met.push((edge as u32, is_target));
                    }
                    Ok(node)
                };
                ends.push((end(cell(sources, edge), false)?, end(cell(targets, edge), true)?));
            }
        }
        let nodes = self.properties(&numbers, from_tables, tables, &rows, edges.as_ref(), &met)?;
        work.hold(nodes.get_array_memory_size())?;
        let properties = match &edges {
            Some(edges) => edges.project(&(0..width).collect::<Vec<_>>())?,
            None => RecordBatch::new_empty(rows_schema(&self.edges)),
        };
        let ids = StringViewArray::from_iter_values(numbers.ids.iter());
        Ok(Graph { nodes, ids, parts: numbers.parts, edges: properties, ends })
    }

    /// A row for each node: of each property the first value that a table has.
    fn properties(
        &self,
        numbers: &Numbers,
        from_tables: usize,
        tables: &[Option<RecordBatch>],
        rows: &[Vec<u32>],
        edges: Option<&RecordBatch>,
        met: &[(u32, bool)],
    ) -> Result<RecordBatch> {
        let count = numbers.ids.len();
        let is_number = |step: &&GraphStep| matches!(step, GraphStep::Components { .. });
        let given = &self.nodes[..self.nodes.len() - self.steps.iter().filter(is_number).count()];
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(given.len());
        for (at, property) in given.iter().enumerate() {
            let nothing = new_null_array(&property.kind.arrow(), 1);
            let mut values: Vec<ArrayRef> = vec![nothing];
            let mut places = vec![(0, 0); count];
            for ((table, batch), rows) in self.tables.iter().zip(tables).zip(rows) {
                let (Some(batch), Some(column)) = (batch, table.properties[at]) else { continue };
                let column = batch.column(column);
                for (row, node) in rows.iter().enumerate() {
                    let place = &mut places[*node as usize];
                    if place.0 == 0 && has_value(column, row) {
                        *place = (values.len(), row);
                    }
                }
                values.push(Arc::clone(column));
            }
            if let (Some(edges), Some(id)) = (edges, self.ids.iter().position(|id| *id == at)) {
                let first = self.edges.len() + 2 + usize::from(self.has_parts) + 2 * id;
                for (place, (edge, is_target)) in places[from_tables..].iter_mut().zip(met) {
                    *place = (values.len() + usize::from(*is_target), *edge as usize);
                }
                values.extend([Arc::clone(edges.column(first)), Arc::clone(edges.column(first + 1))]);
            }
            let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
            columns.push(interleave(&values, &places)?);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(rows_schema(given), columns, &options)?)
    }
}

impl Graph {
    fn with_nodes(self, kept: &[bool]) -> Result<Self> {
        let mut next = 0;
        let numbers: Vec<u32> = kept
            .iter()
            .map(|is_kept| {
                let number = if *is_kept { next } else { NONE };
                next += u32::from(*is_kept);
                number
            })
            .collect();
        let mut graph = self.with_edges_between(kept)?;
        for (from, to) in &mut graph.ends {
            (*from, *to) = (numbers[*from as usize], numbers[*to as usize]);
        }
        let rows: UInt32Array =
            (0..).zip(kept).filter(|(_, is_kept)| **is_kept).map(|(row, _)| Some(row)).collect();
        graph.nodes = taken(&graph.nodes, &rows)?;
        graph.ids = arrow_select::take::take(&graph.ids, &rows, None)?.as_string_view().clone();
        graph.parts = rows.values().iter().map(|row| graph.parts[*row as usize]).collect();
        Ok(graph)
    }

    fn with_edges_between(self, kept: &[bool]) -> Result<Self> {
        let ends = self.ends.clone();
        self.with_edges(|at| kept[ends[at].0 as usize] && kept[ends[at].1 as usize])
    }

    fn with_edges(mut self, is_kept: impl Fn(usize) -> bool) -> Result<Self> {
        let rows: UInt32Array =
            (0..self.ends.len()).filter(|at| is_kept(*at)).map(|at| Some(at as u32)).collect();
        self.edges = taken(&self.edges, &rows)?;
        self.ends = rows.values().iter().map(|row| self.ends[*row as usize]).collect();
        Ok(self)
    }
}

/// Which number a node has, by its id and part.
#[derive(Default)]
struct Numbers {
    has_parts: bool,
    known: HashMap<Box<str>, u32>,
    ids: Vec<Box<str>>,
    parts: Vec<u32>,
    known_parts: HashMap<Box<str>, u32>,
    key: String,
}

impl Numbers {
    /// The node of each row.
    fn of(&mut self, batch: &RecordBatch, id: usize, part: usize, work: &mut Work<'_>) -> Result<Vec<u32>> {
        let ids = text(batch, id)?;
        let parts = if self.has_parts { Some(text(batch, part)?) } else { None };
        let mut nodes = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            work.step(1)?;
            nodes.push(self.number(cell(ids, row), parts.map_or("", |parts| cell(parts, row)), work)?);
        }
        Ok(nodes)
    }

    fn number(&mut self, id: &str, part: &str, work: &mut Work<'_>) -> Result<u32> {
        let key = if self.has_parts {
            self.key.clear();
            self.key.extend([part, "\0", id]);
            self.key.as_str()
        } else {
            id
        };
        if let Some(number) = self.known.get(key) {
            return Ok(*number);
        }
        let number = self.ids.len() as u32;
        if number == NONE {
            return Err(exec_datafusion_err!("a graph can't have more than {NONE} nodes"));
        }
        work.hold(2 * (key.len() + 32))?;
        self.known.insert(key.into(), number);
        self.ids.push(id.into());
        let next = self.known_parts.len() as u32;
        let part = match self.known_parts.get(part) {
            Some(part) => *part,
            None => *self.known_parts.entry(part.into()).or_insert(next),
        };
        self.parts.push(part);
        Ok(number)
    }
}

/// All rows of an input; none if there are none.
fn all(batches: &[RecordBatch]) -> Result<Option<RecordBatch>> {
    let Some(first) = batches.first() else { return Ok(None) };
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if u32::try_from(rows).is_err() {
        return Err(exec_datafusion_err!("a graph can't be made of {rows} rows"));
    }
    Ok(Some(concat_batches(&first.schema(), batches)?))
}

/// Some rows of a batch, which may have no columns.
fn taken(batch: &RecordBatch, rows: &UInt32Array) -> Result<RecordBatch> {
    if batch.num_columns() > 0 {
        return Ok(take_record_batch(batch, rows)?);
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), Vec::new(), &options)?)
}

fn text(batch: &RecordBatch, at: usize) -> Result<&StringViewArray> {
    batch.column(at).as_string_view_opt().ok_or_else(|| exec_datafusion_err!("the id of a node is no text"))
}

fn cell(texts: &StringViewArray, row: usize) -> &str {
    if texts.is_null(row) { "" } else { texts.value(row) }
}

fn has_value(column: &ArrayRef, row: usize) -> bool {
    column.is_valid(row) && column.as_string_view_opt().is_none_or(|texts| !texts.value(row).is_empty())
}

fn with_column(batch: &RecordBatch, column: ArrayRef) -> Result<RecordBatch> {
    let mut columns = batch.columns().to_vec();
    let own = batch.schema();
    let mut fields: Vec<_> = own.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(format!("{}", columns.len()), column.data_type().clone(), true)));
    columns.push(column);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}
