//! Rows that are sent are there to be asked, at once and after a restart.

use serde_json::json;

use crate::context::{Folder, Server, config, run, succeed};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_uploaded_is_asked_at_once_and_after_a_restart() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let rows = json!([
        { "TimeGenerated": "2026-01-02T03:04:05Z", "DeviceName": "a", "FileName": "x.exe", "Nobody": { "knows": 1 } },
        { "TimeGenerated": "2026-01-02T03:04:06Z", "DeviceName": "b", "FileName": "y.exe" }
    ]);
    assert_eq!(api.upload(&token, "Custom-DeviceProcessEvents", &rows).await.status(), 204);
    let found = api
        .query(&token, "select DeviceName, AdditionalFields from DeviceProcessEvents order by DeviceName")
        .await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["DeviceName"], "a");
    assert_eq!(found[0]["AdditionalFields"]["Nobody"]["knows"], 1);

    let folder = server.stop().await;
    let server = Server::start_with(folder, config()).await;
    let api = server.client();
    let token = api.token().await;
    api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", 2).await;
    let found =
        api.query(&token, "select TenantId, Type from DeviceProcessEvents where FileName = 'y.exe'").await;
    assert_eq!(found[0]["Type"], "DeviceProcessEvents");
    assert_eq!(found[0]["TenantId"], server.folder.first.tenant.to_string());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_taken_is_refused_with_a_reason() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    for (stream, rows, expected) in [
        ("Custom-DeviceProcesEvents", json!([]), 400),
        ("DeviceProcessEvents", json!([]), 400),
        ("Custom-DeviceProcessEvents", json!({ "not": "an array" }), 400),
    ] {
        let answer = api.upload(&token, stream, &rows).await;
        assert_eq!(answer.status(), expected, "{stream}");
        let body: serde_json::Value = answer.json().await.expect("an error body");
        assert!(body["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", 0).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_without_a_server() {
    let folder = Folder::new().await;
    let file = folder.data.with_file_name("rows.jsonl");
    std::fs::write(
        &file,
        "{\"TimeGenerated\":\"2026-01-02T03:04:05Z\",\"Computer\":\"a\",\"Activity\":\"t\"}\n{broken\n",
    )
    .expect("it can be written");
    let path = file.to_str().expect("UTF-8");
    let output =
        run(&folder.data, &["ingest", "--json", "--format", "json-lines", "--table", "SecurityEvent", path]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["rows"]["SecurityEvent"], 1, "{report}");
    assert_eq!(report["dead_letters"], 1, "{report}");
    assert_eq!(output.status.code(), Some(2), "not everything was decoded");
    let rows = succeed(&folder.data, &["query", "--format", "jsonl", "select Computer from SecurityEvent"]);
    assert_eq!(rows, "{\"Computer\":\"a\"}\n");
    let csv = succeed(&folder.data, &["query", "--format", "csv", "select Raw from PhalanxDeadLetter"]);
    assert_eq!(csv, "Raw\r\n{broken\r\n");
    let error = run(&folder.data, &["query", "select * from SecurityEvnt"]);
    assert!(!error.status.success());
    assert!(String::from_utf8_lossy(&error.stderr).contains("`SecurityEvent`"));
}
