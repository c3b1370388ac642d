//! Control commands that read what there is.

use phalanx_signal::{Catalog, ColumnType};
use phalanx_web::ApiError;
use serde_json::{Value, json};

use super::v1;
use crate::hunting::{DATABASE, cells::dotnet};

/// Runs a command; its table in the first version of the protocol.
pub(super) fn run(text: &str, catalog: &Catalog) -> Result<String, ApiError> {
    let lower = text.trim().to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let name =
        |at: usize| text.split_whitespace().nth(at).map(|name| name.trim_matches(['[', ']', '"', '\'']));
    let table = match words.as_slice() {
        [".show", "databases", ..] => databases(),
        [".show", "version"] => version(),
        [".show", "tables", ..] => tables(catalog),
        [".show", "database", _, "schema", "as", "json"] | [".show", "schema", "as", "json"] => {
            as_json(catalog)
        }
        [".show", "database", _, "schema", ..]
        | [".show", "database", "schema", ..]
        | [".show", "schema", ..] => schema(catalog, None),
        [".show", "table", _, "schema" | "cslschema", ..] | [".show", "table", _] => {
            schema(catalog, Some(known(catalog, name(2))?))
        }
        _ => {
            return Err(ApiError::not_supported(format!(
                "the command `{}` is not supported; these are: .show databases, .show database NAME schema \
                 [as json], .show tables, .show table NAME schema, .show functions, \
                 .show function NAME, .create[-or-alter] function, .alter function, .drop function, .show version",
                text.trim().chars().take(200).collect::<String>()
            )));
        }
    };
    Ok(format!("{{\"Tables\":[{table}]}}"))
}

fn known<'a>(catalog: &Catalog, name: Option<&'a str>) -> Result<&'a str, ApiError> {
    let name = name.unwrap_or_default();
    catalog.require(name).map_err(|error| ApiError::invalid(error.to_string()))?;
    Ok(name)
}

const TEXT: ColumnType = ColumnType::String;

fn databases() -> String {
    let columns = [
        ("DatabaseName", TEXT),
        ("PersistentStorage", TEXT),
        ("Version", TEXT),
        ("IsCurrent", ColumnType::Bool),
        ("DatabaseAccessMode", TEXT),
        ("PrettyName", TEXT),
        ("DatabaseId", ColumnType::Guid),
    ];
    let row: Vec<Value> = vec![
        DATABASE.into(),
        "".into(),
        "v1.0".into(),
        true.into(),
        "ReadOnly".into(),
        "".into(),
        uuid::Uuid::nil().to_string().into(),
    ];
    v1::table("Table_0", &columns, &[row])
}

fn version() -> String {
    let columns = [
        ("BuildVersion", TEXT),
        ("BuildTime", ColumnType::DateTime),
        ("ServiceType", TEXT),
        ("ProductVersion", TEXT),
        ("ServiceOffering", TEXT),
    ];
    let version = env!("CARGO_PKG_VERSION");
    let row: Vec<Value> =
        vec![version.into(), Value::Null, "Engine".into(), version.into(), "{\"Type\":\"Phalanx\"}".into()];
    v1::table("Table_0", &columns, &[row])
}

fn tables(catalog: &Catalog) -> String {
    let columns = [("TableName", TEXT), ("DatabaseName", TEXT), ("Folder", TEXT), ("DocString", TEXT)];
    let row = |name: std::sync::Arc<str>| -> Vec<Value> {
        vec![(*name).into(), DATABASE.into(), "".into(), "".into()]
    };
    let rows: Vec<_> = catalog.names().into_iter().map(row).collect();
    v1::table("Table_0", &columns, &rows)
}

/// A row for each column of each table.
fn schema(catalog: &Catalog, only: Option<&str>) -> String {
    let columns = [
        ("DatabaseName", TEXT),
        ("TableName", TEXT),
        ("ColumnName", TEXT),
        ("ColumnType", TEXT),
        ("IsDefaultTable", ColumnType::Bool),
        ("IsDefaultColumn", ColumnType::Bool),
        ("PrettyName", TEXT),
        ("Version", TEXT),
        ("Folder", TEXT),
        ("DocString", TEXT),
    ];
    let mut rows = Vec::new();
    let names = catalog.names().into_iter().filter(|name| only.is_none_or(|only| **name == *only));
    for table in names.filter_map(|name| catalog.table(&name)) {
        for column in table.columns() {
            let kind = match dotnet(column.kind) {
                "SqlDecimal" => "System.Data.SqlTypes.SqlDecimal".to_owned(),
                name => format!("System.{name}"),
            };
            rows.push(vec![
                DATABASE.into(),
                (**table.name()).into(),
                (*column.name).into(),
                kind.into(),
                false.into(),
                false.into(),
                "".into(),
                "v1.0".into(),
                "".into(),
                "".into(),
            ]);
        }
    }
    v1::table("Table_0", &columns, &rows)
}

fn as_json(catalog: &Catalog) -> String {
    let mut tables = serde_json::Map::new();
    for table in catalog.names().into_iter().filter_map(|name| catalog.table(&name)) {
        let columns: Vec<Value> = table
            .columns()
            .iter()
            .map(|column| {
                json!({
                    "Name": &*column.name,
                    "Type": format!("System.{}", dotnet(column.kind)),
                    "CslType": column.kind.name(),
                })
            })
            .collect();
        tables.insert(
            table.name().to_string(),
            json!({ "Name": &**table.name(), "OrderedColumns": columns, "Folder": "", "DocString": "" }),
        );
    }
    let schema = json!({ "Databases": { DATABASE: {
        "Name": DATABASE, "Tables": tables, "MajorVersion": 1, "MinorVersion": 0, "Functions": {},
    } } });
    v1::table("Table_0", &[("DatabaseSchema", TEXT)], &[vec![schema.to_string().into()]])
}
