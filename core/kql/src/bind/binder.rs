//! The state of binding, and the steps that all operators are made from.

use std::{collections::HashMap, sync::Arc};

use arrow_array::RecordBatch;
use phalanx_signal::ColumnType;

use super::{BindError, Code, Env, GraphScope, Probe, Settings, Tables, row::Pending};
use crate::{
    algorithms::{Algorithm, EachPart},
    bound::{Column, ColumnId, Expr, ExprNode, JoinKind, Node, Relation},
    syntax::{
        Span,
        tree::{FunctionDecl, Parameter, Query},
    },
};

/// How deep calls of functions and subqueries may go into one another.
const DEPTH_MAX: usize = 100;
/// How many steps a query may have, counted with the bodies of its functions at every use.
const STEPS_MAX: usize = 20_000;

/// What binding gives.
#[derive(Debug)]
pub enum Bound {
    /// The query's answer.
    Ready(Answer),
    /// Something that must be known first: run it, and bind again with its rows behind the answers so far.
    Needs(Relation),
}

/// What the query asks for.
#[derive(Debug)]
pub struct Answer {
    /// Of each statement that has an answer.
    pub relations: Vec<Relation>,
    /// How the last one is to be shown: the chart and its properties.
    pub render: Option<Render>,
    /// `set name = value`, in order.
    pub options: Vec<(String, String)>,
}

/// `render`, for whoever draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Render {
    pub chart: String,
    pub properties: Vec<(String, String)>,
}

/// Why binding does not go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Error(BindError),
    Needs(Box<Relation>),
}

impl From<BindError> for Stop {
    fn from(error: BindError) -> Self {
        Self::Error(error)
    }
}

pub(crate) type Result<T> = std::result::Result<T, Stop>;

/// Binds a query. `functions` are the saved functions that it may call; `answers` those to the needs so far.
///
/// # Errors
/// The query has no meaning, or none here.
pub fn bind<'t>(
    query: &'t Query,
    functions: &'t HashMap<String, FunctionDecl>,
    tables: &'t dyn Tables,
    settings: &'t Settings,
    answers: &'t [Vec<RecordBatch>],
) -> std::result::Result<Bound, BindError> {
    let mut binder = Binder::new(functions, tables, settings, answers);
    match binder.query(query) {
        Ok(relations) => {
            Ok(Bound::Ready(Answer { relations, render: binder.render, options: binder.options }))
        }
        Err(Stop::Needs(relation)) => Ok(Bound::Needs(*relation)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Binds what can be bound of a query that is being written, and tells what may be named at its end.
pub(crate) fn probe<'t>(
    query: &'t Query,
    functions: &'t HashMap<String, FunctionDecl>,
    tables: &'t dyn Tables,
    settings: &'t Settings,
    end: u32,
) -> Probe {
    let mut binder = Binder::new(functions, tables, settings, &[]);
    binder.probe = Some(Probe::new(end));
    // A query that is being written has no meaning yet.
    let _unfinished = binder.query(query);
    binder.see_names();
    binder.probe.take().unwrap_or_else(|| Probe::new(end))
}

pub(crate) struct Binder<'t> {
    pub tables: &'t dyn Tables,
    pub functions: &'t HashMap<String, FunctionDecl>,
    pub settings: &'t Settings,
    answers: &'t [Vec<RecordBatch>],
    asked: usize,
    next_column: u32,
    depth: usize,
    steps: usize,
    /// The names that `let` and parameters give.
    pub env: Env<'t>,
    /// What the operator at hand needs besides its expressions.
    pub pending: Pending,
    /// Inside of `partition` and `mv-apply`: what tells apart the rows that operators run over separately.
    pub partition: Vec<Column>,
    /// Where a graph is asked: the variables of the pattern.
    pub graph_scope: Option<GraphScope>,
    /// The tables that the statement gives where it gives several, and whether all have names that others use.
    pub several: Option<(Vec<Relation>, bool)>,
    pub render: Option<Render>,
    pub options: Vec<(String, String)>,
    /// What an editor wants to know of a place.
    pub probe: Option<Probe>,
}

impl<'t> Binder<'t> {
    fn new(
        functions: &'t HashMap<String, FunctionDecl>,
        tables: &'t dyn Tables,
        settings: &'t Settings,
        answers: &'t [Vec<RecordBatch>],
    ) -> Self {
        Self {
            tables,
            functions,
            settings,
            answers,
            asked: 0,
            next_column: 0,
            depth: 0,
            steps: 0,
            env: Env::root(),
            pending: Pending::default(),
            partition: Vec::new(),
            graph_scope: None,
            several: None,
            render: None,
            options: Vec::new(),
            probe: None,
        }
    }

    /// Runs `f` one level deeper.
    pub fn deeper<T>(&mut self, span: Span, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.error(Code::TooLarge, span, "functions and subqueries are nested too deeply"));
        }
        self.depth += 1;
        let answer = stacker::maybe_grow(512 * 1024, 4 * 1024 * 1024, || f(self));
        self.depth -= 1;
        answer
    }

    /// Runs `f` for what has nothing to do with the rows at hand.
    pub fn alone<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let partition = std::mem::take(&mut self.partition);
        let graph = self.graph_scope.take();
        let several = self.several.take();
        let render = self.render.take();
        let answer = f(self);
        self.partition = partition;
        self.graph_scope = graph;
        self.several = several;
        self.render = render;
        answer
    }

    /// Counts a step.
    pub fn step(&mut self, span: Span) -> Result<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            let message =
                format!("the query has more than {STEPS_MAX} steps, counting functions at every use");
            return Err(self.error(Code::TooLarge, span, message));
        }
        Ok(())
    }

    pub fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Stop {
        Stop::Error(BindError::new(code, span.range(), message))
    }

    /// The rows of a relation, which have to be known to go on.
    pub fn ask(
        &mut self,
        relation: impl FnOnce(&mut Self) -> Result<Relation>,
    ) -> Result<(Relation, Vec<RecordBatch>)> {
        let relation = relation(self)?;
        let number = self.asked;
        self.asked += 1;
        match self.answers.get(number) {
            Some(batches) => Ok((relation, batches.clone())),
            None => Err(Stop::Needs(Box::new(relation))),
        }
    }

    pub fn fresh(&mut self, name: &str, kind: ColumnType) -> Column {
        let id = ColumnId(self.next_column);
        self.next_column += 1;
        Column { id, name: Arc::from(name), kind }
    }

    pub fn filter(&mut self, input: Relation, condition: Expr) -> Relation {
        let (columns, is_serialized) = (input.columns.clone(), input.is_serialized);
        Relation::new(columns, Node::Filter { input: Box::new(input), condition }, is_serialized)
    }

    /// A column for each expression; one that is a column already stays it, under the name.
    /// What tells partitions apart stays without being named.
    pub fn project(&mut self, input: Relation, mut output: Vec<(Arc<str>, Expr)>) -> Relation {
        for column in &self.partition {
            let is_missing = !output.iter().any(|(name, _)| *name == column.name);
            if is_missing && input.columns.iter().any(|known| known.id == column.id) {
                output.push((Arc::clone(&column.name), column.value()));
            }
        }
        let mut columns: Vec<Column> = Vec::with_capacity(output.len());
        let mut expressions = Vec::with_capacity(output.len());
        for (name, expression) in output {
            let id = match expression.node {
                ExprNode::Column(id) if columns.iter().all(|column| column.id != id) => id,
                _ => self.fresh(&name, expression.kind).id,
            };
            columns.push(Column { id, name, kind: expression.kind });
            expressions.push(expression);
        }
        let is_serialized = input.is_serialized;
        Relation::new(columns, Node::Project { input: Box::new(input), expressions }, is_serialized)
    }

    /// As [`Self::project`], where columns that nobody knows yet go on being there.
    pub fn project_on(&mut self, input: Relation, output: Vec<(Arc<str>, Expr)>) -> Relation {
        let is_open = input.is_open;
        let mut relation = self.project(input, output);
        relation.is_open = is_open;
        relation
    }

    /// Only these columns, which the input has, under their names.
    pub fn keep(&mut self, input: Relation, columns: &[Column]) -> Relation {
        if input.columns == columns || (self.visible(&input) == columns) {
            return input;
        }
        let output = columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        self.project_on(input, output)
    }

    /// The input's columns, and others behind them.
    pub fn append(&mut self, input: Relation, added: Vec<(Arc<str>, Expr)>) -> Relation {
        let mut output: Vec<_> =
            input.columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        output.extend(added);
        self.project(input, output)
    }

    pub fn aggregate(
        &mut self,
        input: Relation,
        keys: Vec<(Arc<str>, Expr)>,
        calls: Vec<(Vec<Column>, crate::bound::AggregateCall)>,
    ) -> Relation {
        let mut columns: Vec<Column> = keys.iter().map(|(name, key)| self.fresh(name, key.kind)).collect();
        let mut aggregates = Vec::with_capacity(calls.len());
        for (given, call) in calls {
            columns.extend(given);
            aggregates.push(call);
        }
        let keys = keys.into_iter().map(|(_, key)| key).collect();
        let node = Node::Aggregate { input: Box::new(input), keys, aggregates };
        Relation::new(columns, node, false)
    }

    /// Both sides' columns; of semi and anti joins, the left one's.
    pub fn join(
        &mut self,
        kind: JoinKind,
        left: Relation,
        right: Relation,
        on: Vec<(Expr, Expr)>,
    ) -> Relation {
        let mut columns = left.columns.clone();
        if !matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
            columns.extend(right.columns.iter().cloned());
        }
        let node = Node::Join { kind, left: Box::new(left), right: Box::new(right), on };
        Relation::new(columns, node, false)
    }

    /// What an algorithm makes of all rows of its input; inside of `partition`, of each part's.
    pub fn collected(
        &mut self,
        input: Relation,
        mut columns: Vec<Column>,
        algorithm: impl Algorithm + 'static,
    ) -> Relation {
        let is_part = |column: &&Column| self.partition.iter().any(|part| part.id == column.id);
        let parts: Vec<Column> = input.columns.iter().filter(is_part).cloned().collect();
        let algorithm: Arc<dyn Algorithm> = match parts.len() {
            0 => Arc::new(algorithm),
            keys => Arc::new(EachPart { algorithm, keys }),
        };
        let mut seen: Vec<Column> = self.visible(&input);
        seen.extend(parts.iter().cloned());
        columns.extend(parts);
        let input = self.keep(input, &seen);
        Relation::new(columns, Node::Collected { inputs: vec![input], algorithm }, false)
    }

    /// Rows that are known.
    pub fn rows(&mut self, columns: Vec<Column>, batches: Vec<RecordBatch>) -> Relation {
        Relation::new(columns, Node::Rows(batches), true)
    }

    /// No rows, no columns; `rows` of them.
    pub fn one_row(&mut self) -> Relation {
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(1));
        let schema = Arc::new(arrow_schema::Schema::empty());
        let batch = RecordBatch::try_new_with_options(schema, vec![], &options);
        self.rows(Vec::new(), vec![batch.expect("a batch without columns has any number of rows")])
    }

    /// The columns that a query may name: without those that tell partitions apart.
    pub fn visible(&self, relation: &Relation) -> Vec<Column> {
        let is_hidden = |column: &Column| self.partition.iter().any(|hidden| hidden.id == column.id);
        relation.columns.iter().filter(|column| !is_hidden(column)).cloned().collect()
    }

    /// The value of an operator's parameter as a word or text.
    pub fn parameter<'a>(&self, parameters: &'a [Parameter], name: &str) -> Option<&'a str> {
        let parameter = parameters.iter().find(|parameter| parameter.name.text.eq_ignore_ascii_case(name))?;
        parameter.value.as_name().map(|name| name.text.as_str()).or_else(|| parameter.value.as_string())
    }
}
