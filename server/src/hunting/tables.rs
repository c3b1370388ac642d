//! The lake's tables as the language sees them.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use datafusion::{catalog::TableProvider, error::DataFusionError};
use phalanx_kql::bind::{SavedFunction, TableColumn, Tables};
use phalanx_lake::Lake;
use phalanx_signal::{Catalog, TenantId};

use super::functions::Function;

/// The tables of one tenant. Both names of a table's own time are known (`TimeGenerated`, `Timestamp`), for
/// queries of hunters and of workspaces say either.
pub struct LakeTables {
    lake: Arc<Lake>,
    catalog: Arc<Catalog>,
    tenant: TenantId,
    functions: BTreeMap<String, Function>,
}

const TIME_NAMES: [&str; 2] = ["TimeGenerated", "Timestamp"];

impl LakeTables {
    pub fn new(
        lake: Arc<Lake>,
        catalog: Arc<Catalog>,
        tenant: TenantId,
        functions: BTreeMap<String, Function>,
    ) -> Self {
        Self { lake, catalog, tenant, functions }
    }
}

#[async_trait]
impl Tables for LakeTables {
    fn columns(&self, table: &str) -> Option<Vec<TableColumn>> {
        let table = self.catalog.table(table)?;
        let column = |column: &phalanx_signal::Column| TableColumn {
            name: column.name.clone(),
            // The lake's tables are asked by the names that users know.
            physical: column.name.clone(),
            kind: column.kind,
        };
        let mut columns: Vec<TableColumn> = table.columns().iter().map(column).collect();
        let time = columns[table.time()].clone();
        for name in TIME_NAMES {
            if !columns.iter().any(|column| *column.name == *name) {
                columns.push(TableColumn { name: name.into(), ..time.clone() });
            }
        }
        Some(columns)
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.catalog.names()
    }

    fn function(&self, name: &str) -> Option<SavedFunction> {
        self.functions.get(name).map(Function::saved)
    }

    fn functions(&self) -> Vec<Arc<str>> {
        self.functions.keys().map(|name| name.as_str().into()).collect()
    }

    fn time(&self, table: &str) -> Option<Arc<str>> {
        let table = self.catalog.table(table)?;
        Some(table.columns()[table.time()].name.clone())
    }

    async fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, DataFusionError> {
        let provider = self.lake.provider(self.tenant, table).await;
        let provider = provider.map_err(|error| DataFusionError::External(Box::new(error)))?;
        provider.ok_or_else(|| DataFusionError::Plan(format!("there is no table `{table}`")))
    }
}
