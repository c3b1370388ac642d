//! The first version of the protocol: tables, the last of which tells what the others are.

use phalanx_signal::{ColumnType, dynamic::quote};
use serde_json::{Value, json};

use super::{push_rows, visualization};
use crate::hunting::{Answer, Rows, cells::dotnet};

/// The whole answer.
pub(super) fn write(answer: &Answer) -> String {
    let mut out = String::from("{\"Tables\":[");
    let mut contents = Vec::new();
    for (at, rows) in answer.results.iter().enumerate() {
        push_table(&format!("Table_{at}"), rows, &mut out);
        out.push(',');
        contents.push(("QueryResult", "PrimaryResult"));
    }
    let properties = visualization(answer).unwrap_or_else(|| json!({ "Visualization": null }).to_string());
    let mut push = |name: String, columns: &[(&str, ColumnType)], rows: Vec<Vec<Value>>| {
        out.push_str(&table(&name, columns, &rows));
    };
    let count = answer.results.len();
    push(format!("Table_{count}"), &[("Value", ColumnType::String)], vec![vec![properties.into()]]);
    contents.push(("QueryProperties", "@ExtendedProperties"));
    push_comma_then(&mut out, status(count + 1, answer));
    contents.push(("QueryStatus", "QueryStatus"));
    let rows = contents.iter().enumerate().map(|(at, (kind, name))| {
        vec![at.into(), (*kind).into(), (*name).into(), uuid::Uuid::new_v4().to_string().into(), "".into()]
    });
    let columns = [
        ("Ordinal", ColumnType::Long),
        ("Kind", ColumnType::String),
        ("Name", ColumnType::String),
        ("Id", ColumnType::String),
        ("PrettyName", ColumnType::String),
    ];
    push_comma_then(&mut out, table(&format!("Table_{}", count + 2), &columns, &rows.collect::<Vec<_>>()));
    out.push_str("]}");
    out
}

fn push_comma_then(out: &mut String, text: String) {
    out.push(',');
    out.push_str(&text);
}

fn status(at: usize, answer: &Answer) -> String {
    let columns = [
        ("Timestamp", ColumnType::DateTime),
        ("Severity", ColumnType::Int),
        ("SeverityName", ColumnType::String),
        ("StatusCode", ColumnType::Int),
        ("StatusDescription", ColumnType::String),
        ("Count", ColumnType::Int),
        ("RequestId", ColumnType::Guid),
        ("ActivityId", ColumnType::Guid),
        ("SubActivityId", ColumnType::Guid),
        ("ClientActivityId", ColumnType::String),
    ];
    let id = uuid::Uuid::new_v4().to_string();
    let now = crate::hunting::cells::datetime(crate::ingest::now_micros());
    let mut row: Vec<Value> = vec![now.into(), 4.into(), "Info".into(), 0.into()];
    row.push(format!("Query completed successfully in {:.3} s", answer.took.as_secs_f64()).into());
    row.push(1.into());
    row.extend((0..3).map(|_| Value::from(id.clone())));
    row.push(id.clone().into());
    table(&format!("Table_{at}"), &columns, &[row])
}

/// A table of few rows that are JSON already.
pub(super) fn table(name: &str, columns: &[(&str, ColumnType)], rows: &[Vec<Value>]) -> String {
    let columns: Vec<Value> = columns.iter().map(|(name, kind)| column(name, *kind)).collect();
    json!({ "TableName": name, "Columns": columns, "Rows": rows }).to_string()
}

fn column(name: &str, kind: ColumnType) -> Value {
    json!({ "ColumnName": name, "DataType": dotnet(kind), "ColumnType": kind.name() })
}

fn push_table(name: &str, rows: &Rows, out: &mut String) {
    let columns: Vec<Value> = rows.columns.iter().map(|(name, kind)| column(name, *kind)).collect();
    out.push_str("{\"TableName\":");
    out.push_str(&quote(name));
    out.push_str(",\"Columns\":");
    out.push_str(&Value::from(columns).to_string());
    out.push_str(",\"Rows\":[");
    push_rows(rows, out);
    out.push_str("]}");
}
