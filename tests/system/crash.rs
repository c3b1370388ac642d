//! A server that is killed loses no acknowledged row, and doubles none.

use std::collections::BTreeSet;

use serde_json::json;

use crate::context::{Api, Folder, Program};

/// Each round costs a start; every kill falls into another moment of the same load.
const ROUNDS: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_rows_survive_kills_exactly_once() {
    let folder = Folder::new().await;
    let mut acknowledged = BTreeSet::new();
    let environment = [("PHALANX_LAKE__FLUSH_SECONDS", "1")];
    for round in 0..ROUNDS {
        let program = Program::serve(&folder.data, &environment);
        let api = Api::new(&folder, format!("https://localhost:{}", program.address.port()));
        let token = api.token().await;
        for upload in 0..(5 + round * 7) {
            let ids: Vec<String> = (0..20).map(|row| format!("{round}-{upload}-{row}")).collect();
            let rows: Vec<_> = ids.iter().map(|id| json!({ "ReportId": 1, "DeviceName": id })).collect();
            if api.upload(&token, "Custom-DeviceProcessEvents", &json!(rows)).await.status() == 204 {
                acknowledged.extend(ids);
            }
        }
        program.kill();
    }
    let program = Program::serve(&folder.data, &environment);
    let api = Api::new(&folder, format!("https://localhost:{}", program.address.port()));
    let token = api.token().await;
    let found = api.query(&token, "select DeviceName from DeviceProcessEvents").await;
    let ids: Vec<_> = found.iter().filter_map(|row| row["DeviceName"].as_str().map(str::to_owned)).collect();
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), distinct.len(), "no row is there twice");
    assert_eq!(acknowledged.difference(&distinct).count(), 0, "no acknowledged row is missing");
    assert!(program.stop().success());
}
