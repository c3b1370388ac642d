//! The tables: which there are, their columns, and declaring custom ones.
//!
//! Custom tables are declared with Log Analytics' own document at a Resource Manager path
//! (`PUT …/workspaces/{w}/tables/{name}`), or with the same body at `/api/v1/tables/{name}`.

use std::sync::Arc;

use axum::{Json, response::IntoResponse};
use http::Method;
use phalanx_lake::Lake;
use phalanx_signal::{
    Catalog, Table,
    schema::{ColumnDeclaration, TableDeclaration},
};
use phalanx_state::{Author, Key, Precondition, State};
use phalanx_web::{
    ApiError, Role,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::Platform;

/// The collection of declared custom tables.
pub const COLLECTION: &str = "tables";

/// Log Analytics' table document, as far as a custom table needs it.
#[derive(Deserialize)]
struct TableDocument {
    properties: TableProperties,
}

/// Days that are 0 or less, or not given, mean those of the configuration.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableProperties {
    schema: TableSchema,
    retention_in_days: Option<i64>,
    /// Rows are kept in one place, so the longer of the two counts.
    total_retention_in_days: Option<i64>,
}

#[derive(Deserialize)]
struct TableSchema {
    name: Option<String>,
    columns: Vec<ColumnDocument>,
}

/// A column; what else is said of it (its description, how portals show it) changes nothing here.
#[derive(Deserialize)]
struct ColumnDocument {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// A custom table as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredTable {
    name: String,
    columns: Vec<ColumnDeclaration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention_days: Option<u32>,
}

impl TableProperties {
    fn retention_days(&self) -> Result<Option<u32>, ApiError> {
        let days = self.retention_in_days.max(self.total_retention_in_days).filter(|days| *days > 0);
        let days = days.map(|days| u32::try_from(days).ok().filter(|days| *days <= RETENTION_MAX));
        match days {
            None => Ok(None),
            Some(Some(days)) => Ok(Some(days)),
            Some(None) => Err(ApiError::invalid(format!("rows are kept for at most {RETENTION_MAX} days"))
                .with_target("properties.retentionInDays")),
        }
    }
}

/// Twelve years, the most that Log Analytics keeps.
const RETENTION_MAX: u32 = 4_383;

struct Handler {
    catalog: Arc<Catalog>,
    lake: Arc<Lake>,
    state: Arc<dyn State>,
}

pub(super) fn api(platform: &Platform) -> Api {
    const WORKSPACE: &str = "/subscriptions/{subscription}/resourceGroups/{group}/providers/\
                             Microsoft.OperationalInsights/workspaces/{workspace}/tables/{name}";
    let handler = Arc::new(Handler {
        catalog: platform.intake().catalog().clone(),
        lake: platform.lake().clone(),
        state: platform.state().clone(),
    });
    let (list, show, show_arm) = (handler.clone(), handler.clone(), handler.clone());
    let (declare, declare_arm) = (handler.clone(), handler.clone());
    let reader = Access::Role(Role::Reader);
    // Clients write the group's word in both ways.
    let lists = ["resourceGroups", "resourcegroups"].map(|word| {
        let handler = handler.clone();
        let path = format!(
            "/subscriptions/{{subscription}}/{word}/{{group}}/providers/Microsoft.OperationalInsights/workspaces/\
             {{workspace}}/tables"
        );
        let id = if word == "resourceGroups" { "arm_list_tables" } else { "arm_list_tables_lower" };
        Route::get(path, id, reader, move |_| {
            let handler = handler.clone();
            async move { handler.list_all() }
        })
        .summary("All tables with their columns, as Log Analytics shows them")
        .tag("tables")
    });
    let [list_arm, list_arm_lower] = lists;
    let administrator = Access::Role(Role::Administrator);
    Api::new("Tables")
        .route(
            Route::get("/api/v1/tables", "list_tables", reader, move |request| {
                let handler = list.clone();
                async move { handler.list(&request) }
            })
            .summary("The tables that have rows, or with `all=true` every known one")
            .tag("tables"),
        )
        .route(
            Route::get("/api/v1/tables/{name}", "show_table", reader, move |request| {
                let handler = show.clone();
                async move { handler.show(&request) }
            })
            .summary("A table's columns and types")
            .tag("tables"),
        )
        .route(
            Route::new(
                Method::PUT,
                "/api/v1/tables/{name}",
                "declare_table",
                administrator,
                move |request| {
                    let handler = declare.clone();
                    async move { handler.declare(request).await }
                },
            )
            .summary("Declares a custom table, or appends columns to one")
            .tag("tables"),
        )
        .route(list_arm)
        .route(list_arm_lower)
        .route(
            Route::get(WORKSPACE, "arm_get_table", reader, move |request| {
                let handler = show_arm.clone();
                async move { handler.show(&request) }
            })
            .summary("A table, as Log Analytics shows it")
            .tag("tables"),
        )
        .route(
            Route::new(Method::PUT, WORKSPACE, "arm_put_table", administrator, move |request| {
                let handler = declare_arm.clone();
                async move { handler.declare(request).await }
            })
            .summary("Declares a custom table, as Log Analytics takes it")
            .tag("tables"),
        )
}

/// Declares the custom tables that were stored before; the days that their rows are kept, where one said so.
pub async fn load(
    state: &dyn State,
    catalog: &Catalog,
    tenant: phalanx_state::TenantId,
) -> anyhow::Result<Vec<(String, u32)>> {
    let mut retention = Vec::new();
    let mut query = phalanx_state::Query::new(tenant, COLLECTION).page_size(1_000);
    loop {
        let page = state.query(&query).await?;
        for document in page.documents {
            let StoredTable { name, columns, retention_days } = serde_json::from_value(document.body)?;
            retention.extend(retention_days.map(|days| (name.clone(), days)));
            catalog.declare(&TableDeclaration { name, columns })?;
        }
        match page.next {
            Some(next) => query = query.after(next),
            None => return Ok(retention),
        }
    }
}

impl Handler {
    fn list(&self, request: &RequestContext) -> HandlerResult {
        let tenant = phalanx_signal::TenantId::new(request.tenant()?);
        let with_all = request.query("all")?.is_some_and(|value| value == "true");
        let status = self.lake.status();
        let mut tables = Vec::new();
        for name in self.catalog.names() {
            let kept = status.tables.iter().find(|t| t.tenant == tenant && t.table == name);
            if kept.is_none() && !with_all {
                continue;
            }
            let Some(table) = self.catalog.table(&name) else { continue };
            let family: Vec<&str> = table.families().iter().map(|family| family.name()).collect();
            tables.push(json!({
                "name": &*name,
                "family": family.join(", "),
                "columns": table.columns().len(),
                "rows": kept.map_or(0, |t| t.file_rows + t.hot_rows),
                "hot_rows": kept.map_or(0, |t| t.hot_rows),
                "files": kept.map_or(0, |t| t.files),
                "bytes": kept.map_or(0, |t| t.file_bytes),
            }));
        }
        Ok(Json(json!({ "tables": tables })).into_response())
    }

    fn show(&self, request: &RequestContext) -> HandlerResult {
        let table =
            self.catalog.require(request.param("name")?).map_err(|e| ApiError::not_found(e.to_string()))?;
        Ok(Json(document(&table, self.lake.retention_days_of(table.name()))).into_response())
    }

    fn list_all(&self) -> HandlerResult {
        let names = self.catalog.names();
        let tables = names.iter().filter_map(|name| self.catalog.table(name));
        let value: Vec<Value> =
            tables.map(|table| document(&table, self.lake.retention_days_of(table.name()))).collect();
        Ok(Json(json!({ "value": value })).into_response())
    }

    async fn declare(&self, mut request: RequestContext) -> HandlerResult {
        let name = request.param("name")?.to_owned();
        let author = request.principal()?.subject.clone();
        let tenant = phalanx_state::TenantId::from(request.tenant()?);
        let document: TableDocument = request.json().await?;
        let retention_days = document.properties.retention_days()?;
        let schema = document.properties.schema;
        if schema.name.as_ref().is_some_and(|inner| *inner != name) {
            return Err(ApiError::invalid(format!("the path says `{name}`, the schema another name"))
                .with_target("properties.schema.name"));
        }
        let columns = schema.columns.into_iter();
        let columns =
            columns.map(|column| ColumnDeclaration { name: column.name, kind: column.kind }).collect();
        let declaration = TableDeclaration { name, columns };
        let invalid = |error: phalanx_signal::schema::DeclarationError| {
            ApiError::invalid(error.to_string()).with_target("properties.schema")
        };
        // Checked against what there is, stored, and only then known: a crash leaves all or nothing.
        let table = self.catalog.check(&declaration).map_err(invalid)?;
        let columns = table.declared_columns();
        let whole = StoredTable { name: declaration.name.clone(), columns, retention_days };
        let key = Key::new(tenant, COLLECTION, declaration.name.as_str())
            .map_err(|error| ApiError::invalid(error.to_string()))?;
        let body = serde_json::to_value(&whole).map_err(ApiError::internal)?;
        let author = Author::new(author).map_err(ApiError::internal)?;
        self.state.put(&key, body, Precondition::None, &author).await.map_err(super::state_error)?;
        let table = self.catalog.declare(&declaration).map_err(invalid)?;
        if let Some(days) = retention_days {
            self.lake.set_retention(table.name(), days);
        }
        Ok(Json(self::document(&table, self.lake.retention_days_of(table.name()))).into_response())
    }
}

/// A table as Log Analytics shows it, with its columns at the top as well.
fn document(table: &Table, retention_days: u32) -> Value {
    let columns: Vec<Value> = table
        .columns()
        .iter()
        .map(|column| json!({ "name": &*column.name, "type": column.kind.name() }))
        .collect();
    let (standard, custom) = match table.name().ends_with("_CL") {
        true => (Vec::new(), columns.clone()),
        false => (columns.clone(), Vec::new()),
    };
    let families: Vec<&str> = table.families().iter().map(|family| family.name()).collect();
    json!({
        "name": &**table.name(),
        "families": families,
        "columns": columns,
        "properties": {
            "schema": {
                "name": &**table.name(), "columns": columns, "standardColumns": standard, "customColumns": custom,
            },
            "retentionInDays": retention_days,
            "totalRetentionInDays": retention_days,
            "provisioningState": "Succeeded",
        },
    })
}
