//! Tables in memory, and running queries over them.
#![allow(dead_code, reason = "each test file uses a part of this")]

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use arrow_array::{ArrayRef, RecordBatch};
use async_trait::async_trait;
use datafusion::{
    catalog::{MemTable, TableProvider},
    error::DataFusionError,
    execution::context::SessionContext,
    logical_expr::LogicalPlan,
    prelude::SessionConfig,
    scalar::ScalarValue,
};
use phalanx_kql::{
    Error, ResultColumn,
    bind::{Render, SavedFunction, Settings, TableColumn, Tables},
    bound::Value as Known,
    prepare,
};
use phalanx_signal::ColumnType;
use serde_json::Value;

/// 2024-06-01T12:00:00Z.
pub const NOW: i64 = 1_717_243_200_000_000;

/// Tables that tests make up.
#[derive(Default)]
pub struct Memory {
    tables: HashMap<String, (Vec<TableColumn>, Arc<dyn TableProvider>)>,
    pub functions: HashMap<String, SavedFunction>,
}

impl Memory {
    pub fn add(&mut self, name: &str, columns: &[(&str, ColumnType)], batches: Vec<RecordBatch>) {
        let fields: Vec<_> = columns.iter().map(|(name, kind)| kind.field(name)).collect();
        let schema = Arc::new(arrow_schema::Schema::new(fields));
        let columns = columns
            .iter()
            .map(|(name, kind)| TableColumn {
                name: Arc::from(*name),
                physical: Arc::from(*name),
                kind: *kind,
            })
            .collect();
        let table = MemTable::try_new(schema, vec![batches]).expect("batches of the schema");
        self.tables.insert(name.to_owned(), (columns, Arc::new(table)));
    }
}

#[async_trait]
impl Tables for Memory {
    fn columns(&self, table: &str) -> Option<Vec<TableColumn>> {
        Some(self.tables.get(table)?.0.clone())
    }

    fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.tables.keys().map(|name| Arc::from(name.as_str())).collect();
        names.sort();
        names
    }

    fn function(&self, name: &str) -> Option<SavedFunction> {
        self.functions.get(name).cloned()
    }

    fn functions(&self) -> Vec<Arc<str>> {
        self.functions.keys().map(|name| Arc::from(name.as_str())).collect()
    }

    async fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let (_, provider) = self.tables.get(table).ok_or_else(|| DataFusionError::Plan(table.to_owned()))?;
        Ok(Arc::clone(provider))
    }
}

/// The rows of a result.
pub struct Output {
    pub columns: Vec<ResultColumn>,
    pub batches: Vec<RecordBatch>,
    pub render: Option<Render>,
}

/// Runs a query; the last result is the answer.
pub async fn run(text: &str, tables: &dyn Tables) -> Result<Output, Error> {
    run_at(text, tables, NOW).await
}

pub async fn run_at(text: &str, tables: &dyn Tables, now: i64) -> Result<Output, Error> {
    let context = context();
    let settings = Settings { now, ..Settings::default() };
    let prepared = prepare(text, tables, &settings, |plan| collect(&context, plan)).await?;
    let result = prepared.results.into_iter().last().expect("a query has a result");
    let batches = collect(&context, result.plan).await?;
    Ok(Output { columns: result.columns, batches, render: prepared.render })
}

fn context() -> SessionContext {
    // The metadata of fields, which says a column's type, is lost where the engine drops an empty input.
    let mut config = SessionConfig::new().with_target_partitions(1);
    config.options_mut().execution.skip_physical_aggregate_schema_check = true;
    SessionContext::new_with_config(config)
}

async fn collect(context: &SessionContext, plan: LogicalPlan) -> Result<Vec<RecordBatch>, DataFusionError> {
    context.execute_logical_plan(plan).await?.collect().await
}

/// Checks the rows of queries, written as JSON; an expectation without a bracket is a part of the error.
pub async fn check(tables: &dyn Tables, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        let given = match run(query, tables).await {
            Ok(output) => serde_json::to_string(&cells(&output)).expect("cells are JSON"),
            Err(error) => format!("{error}"),
        };
        let is_same = if expected.starts_with('[') { given == *expected } else { given.contains(expected) };
        assert!(is_same, "{query}\n   gives {given}\n     not {expected}");
    }
}

/// The cells as JSON, in the corpora's forms.
pub fn cells(output: &Output) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for batch in &output.batches {
        for row in 0..batch.num_rows() {
            let cell = |(at, column): (usize, &ResultColumn)| cell(batch.column(at), row, column.kind);
            rows.push(output.columns.iter().enumerate().map(cell).collect());
        }
    }
    rows
}

fn cell(array: &ArrayRef, row: usize, kind: ColumnType) -> Value {
    let scalar = ScalarValue::try_from_array(array, row).expect("a cell is a scalar");
    match Known::from_scalar(&scalar, kind) {
        Known::Null if kind == ColumnType::String => "".into(),
        Known::Null => Value::Null,
        Known::Bool(value) => value.into(),
        Known::Int(value) => value.into(),
        Known::Long(value) => value.into(),
        Known::Real(value) if value.is_nan() => "NaN".into(),
        Known::Real(value) if value.is_infinite() => {
            if value > 0.0 {
                "Infinity".into()
            } else {
                "-Infinity".into()
            }
        }
        Known::Real(value) => value.into(),
        Known::Decimal(value) => {
            let text = format!("{}.{:018}", value / 10i128.pow(18), (value % 10i128.pow(18)).abs());
            serde_json::from_str(text.trim_end_matches('0').trim_end_matches('.')).unwrap_or(Value::Null)
        }
        Known::Dynamic(text) => serde_json::from_str(&text).unwrap_or(Value::String(text.to_string())),
        value => value.to_string().into(),
    }
}

/// The text of a corpus; `None`, and a word about it, where there is none.
pub fn corpus(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let path = std::env::var("PHALANX_CORPORA").map_or_else(|_| beside(), PathBuf::from).join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!(
            "SKIPPED: {} is not there; PHALANX_CORPORA names the folder of the corpora",
            path.display()
        );
    }
    text
}

/// Ids and reasons of what is known to differ.
pub fn exceptions(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once('\t').expect("an id, a tab, a reason"))
        .map(|(id, reason)| (id.to_owned(), reason.to_owned()))
        .collect()
}
