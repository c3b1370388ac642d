//! The second version of the protocol: frames.
//!
//! Readers that stream look for `FrameType` first and for `Columns` before `Rows`, so the members of a frame have
//! an order.

use phalanx_signal::{ColumnType, dynamic::quote};
use serde_json::json;

use super::{Ids, push_rows, visualization};
use crate::hunting::{Answer, cells::datetime};

/// The whole answer.
pub(super) fn write(answer: &Answer, ids: &Ids) -> String {
    let mut out =
        String::from("[{\"FrameType\":\"DataSetHeader\",\"IsProgressive\":false,\"Version\":\"v2.0\"},");
    let properties =
        [("TableId", ColumnType::Int), ("Key", ColumnType::String), ("Value", ColumnType::Dynamic)];
    let rows = visualization(answer)
        .map_or_else(String::new, |chart| format!("[1,\"Visualization\",{}]", quote(&chart)));
    push_frame(0, "QueryProperties", "@ExtendedProperties", &properties, &mut out, |out| out.push_str(&rows));
    for (at, rows) in answer.results.iter().enumerate() {
        let columns: Vec<(&str, ColumnType)> =
            rows.columns.iter().map(|(name, kind)| (&**name, *kind)).collect();
        push_frame(at + 1, "PrimaryResult", "PrimaryResult", &columns, &mut out, |out| push_rows(rows, out));
    }
    let completion = [
        ("Timestamp", ColumnType::DateTime),
        ("ClientRequestId", ColumnType::String),
        ("ActivityId", ColumnType::Guid),
        ("SubActivityId", ColumnType::Guid),
        ("ParentActivityId", ColumnType::Guid),
        ("Level", ColumnType::Int),
        ("LevelName", ColumnType::String),
        ("StatusCode", ColumnType::Int),
        ("StatusCodeName", ColumnType::String),
        ("EventType", ColumnType::Int),
        ("EventTypeName", ColumnType::String),
        ("Payload", ColumnType::String),
    ];
    let last = answer.results.len() + 1;
    push_frame(
        last,
        "QueryCompletionInformation",
        "QueryCompletionInformation",
        &completion,
        &mut out,
        |out| {
            let done = json!({ "Count": 1, "Text": "Query completed successfully" });
            out.push_str(&event(ids, 4, "Info", 4, "QueryInfo", &done));
            out.push(',');
            out.push_str(&event(ids, 6, "Stats", 0, "QueryResourceConsumption", &consumption(answer)));
        },
    );
    out.push_str("{\"FrameType\":\"DataSetCompletion\",\"HasErrors\":false,\"Cancelled\":false}]");
    out
}

fn push_frame(
    id: usize,
    kind: &str,
    name: &str,
    columns: &[(&str, ColumnType)],
    out: &mut String,
    rows: impl FnOnce(&mut String),
) {
    out.push_str(&format!(
        "{{\"FrameType\":\"DataTable\",\"TableId\":{id},\"TableKind\":\"{kind}\",\"TableName\":\"{name}\",\"Columns\":["
    ));
    for (at, (name, kind)) in columns.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str("{\"ColumnName\":");
        out.push_str(&quote(name));
        out.push_str(&format!(",\"ColumnType\":\"{kind}\"}}"));
    }
    out.push_str("],\"Rows\":[");
    rows(out);
    out.push_str("]},");
}

fn event(
    ids: &Ids,
    level: u8,
    level_name: &str,
    kind: u8,
    kind_name: &str,
    payload: &serde_json::Value,
) -> String {
    let now = datetime(crate::ingest::now_micros());
    json!([
        now,
        ids.client,
        ids.activity,
        ids.activity,
        ids.activity,
        level,
        level_name,
        0,
        "S_OK (0)",
        kind,
        kind_name,
        payload.to_string(),
    ])
    .to_string()
}

/// What the query has used, as clients show it.
fn consumption(answer: &Answer) -> serde_json::Value {
    let rows: usize = answer.results.iter().map(crate::hunting::Rows::count).sum();
    json!({
        "QueryHash": "",
        "ExecutionTime": answer.took.as_secs_f64(),
        "PlanningTime": answer.planning.as_secs_f64(),
        "resource_usage": { "memory": { "peak_per_node": 0 } },
        "dataset_statistics": [{ "table_row_count": rows }],
    })
}
