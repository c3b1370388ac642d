//! Public hunting queries bind and run over empty tables with the public schema; those that name what does not
//! exist fail with an error that names it.
//!
//! `PHALANX_CORPORA` names the folder with `kql/hunting.jsonl`. Exceptions are in `tests/data/hunting_exceptions.tsv`
//! with their reasons; a listed case that works fails the test.

mod support;

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::Schema;
use async_trait::async_trait;
use datafusion::{catalog::TableProvider, datasource::empty::EmptyTable, error::DataFusionError};
use phalanx_kql::{
    bind::{SavedFunction, TableColumn, Tables},
    bound::Value as Known,
};
use phalanx_signal::Catalog;
use serde_json::Value;

/// The public tables, without rows.
struct Public(Catalog);

/// What the hosts of the queries bring along, without data.
const HOST_FUNCTIONS: &[(&str, &str, &str)] = &[
    (
        "FileProfile",
        "(T:(*), x:string = 'SHA1', n:long = 1000)",
        "T | extend SHA1 = '', SHA256 = '', MD5 = '', FileSize = long(null), GlobalPrevalence = long(null), GlobalFirstSeen = datetime(null), \
         GlobalLastSeen = datetime(null), Signer = '', Issuer = '', SignerHash = '', IsCertificateValid = bool(null), \
         IsRootSignerMicrosoft = bool(null), SignatureState = '', IsExecutable = bool(null), ThreatName = '', \
         Publisher = '', SoftwareName = '', ProfileAvailability = ''",
    ),
    ("SeenBy", "(T:(*), x:string = '')", "T | extend SeenBy = ''"),
];

#[async_trait]
impl Tables for Public {
    fn columns(&self, table: &str) -> Option<Vec<TableColumn>> {
        let table = self.0.table(table)?;
        let column = |column: &phalanx_signal::Column| TableColumn {
            name: Arc::clone(&column.name),
            physical: Arc::clone(&column.physical),
            kind: column.kind,
        };
        Some(table.columns().iter().map(column).collect())
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.0.names()
    }

    fn is_open(&self, table: &str) -> bool {
        matches!(table, "Watchlist" | "AzureDiagnostics")
    }

    fn function(&self, name: &str) -> Option<SavedFunction> {
        let (_, parameters, body) = HOST_FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
        Some(SavedFunction { parameters: Arc::from(*parameters), body: Arc::from(*body) })
    }

    fn functions(&self) -> Vec<Arc<str>> {
        HOST_FUNCTIONS.iter().map(|(name, ..)| Arc::from(*name)).collect()
    }

    fn table_function(&self, name: &str, _: &[Known]) -> Option<Arc<str>> {
        (name == "_GetWatchlist").then(|| Arc::from("Watchlist"))
    }

    async fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let table = self.0.table(table).ok_or_else(|| DataFusionError::Plan(table.to_owned()))?;
        let fields: Vec<_> =
            table.columns().iter().map(|column| column.kind.field(&column.physical)).collect();
        Ok(Arc::new(EmptyTable::new(Arc::new(Schema::new(fields)))))
    }
}

#[tokio::test]
async fn hunting_queries() {
    // Thousands of queries take minutes: they are asked for by name (`make conformance` does).
    if std::env::var_os("PHALANX_CORPORA").is_none() {
        eprintln!("SKIPPED: PHALANX_CORPORA names the folder of the corpora");
        return;
    }
    let Some(text) = support::corpus("kql/hunting.jsonl") else { return };
    let exceptions = support::exceptions(include_str!("data/hunting_exceptions.tsv"));
    let tables = Arc::new(Public(Catalog::new()));
    let (mut bound, mut meaningful, mut refused, mut wrong) = (0, 0, 0, 0);
    let mut failures = BTreeMap::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let id = case["id"].as_str().expect("a case has an id").to_owned();
        if let Ok(only) = std::env::var("KQL_ONLY")
            && !id.contains(&only)
        {
            continue;
        }
        let query = case["query"].as_str().expect("a case has a query").to_owned();
        let tables = Arc::clone(&tables);
        let run = tokio::spawn(async move { support::run(&query, &*tables).await.map(drop) });
        let answer = match run.await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err("panicked".to_owned()),
        };
        if case["semantic_ok"].as_bool() == Some(true) {
            meaningful += 1;
            match answer {
                Ok(()) => bound += 1,
                Err(error) if error.contains("request_external_data_disabled") => bound += 1,
                Err(error) => {
                    println!("{id}: {}", error.chars().take(300).collect::<String>());
                    failures.insert(id, error);
                }
            }
        } else {
            wrong += 1;
            let names: Vec<&str> = ["unknown_tables", "calls"]
                .iter()
                .flat_map(|list| case[*list].as_array().into_iter().flatten())
                .filter_map(Value::as_str)
                .collect();
            match answer {
                Err(error) if error == "panicked" => drop(failures.insert(id, error)),
                Err(error) if names.is_empty() || names.iter().any(|name| error.contains(name)) => {
                    refused += 1
                }
                Err(error) if error.contains('`') => refused += 1,
                Err(error) => drop(failures.insert(id, format!("does not name any of {names:?}: {error}"))),
                Ok(()) => drop(failures.insert(id, format!("works, though {names:?} do not exist"))),
            }
        }
    }
    println!(
        "{bound} of {meaningful} meaningful queries run; {refused} of {wrong} others are refused by name"
    );
    for (id, why) in failures.iter().filter(|(id, _)| !exceptions.contains_key(*id)) {
        println!("{id}: {}", why.chars().take(300).collect::<String>());
    }
    let unexpected: Vec<_> = failures.keys().filter(|id| !exceptions.contains_key(*id)).collect();
    let stale: Vec<_> = exceptions.keys().filter(|id| !failures.contains_key(*id)).collect();
    if std::env::var("KQL_ONLY").is_err() {
        assert!(stale.is_empty(), "these work and are listed as exceptions: {stale:?}");
    }
    assert!(unexpected.is_empty(), "{} queries fail: {unexpected:?}", unexpected.len());
}
