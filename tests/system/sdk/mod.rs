//! The vendors' published client libraries work unchanged. `scripts/setup test` installs them.

use std::{path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::context::{Credentials, Server};

#[tokio::test(flavor = "multi_thread")]
async fn azure_monitor_ingestion_uploads() {
    let server = Server::start().await;
    let told = run(&server, "upload.py").await;
    assert_eq!(told["failures"][0]["status"], 400, "{told}");
    assert!(told["failures"][0]["message"].as_str().is_some_and(|m| m.contains("NoSuchTable")), "{told}");
    assert_eq!(told["refused"], "ClientAuthenticationError", "{told}");
    let api = server.client();
    let token = api.token().await;
    api.wait_for(&token, "select count(distinct \"ReportId\") as n from DeviceProcessEvents", 5_001).await;
    api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", 5_001).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kusto_and_log_analytics_clients_ask() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let rows: Vec<Value> = (0..10)
        .map(|n| json!({ "TimeGenerated": "2020-01-02T03:04:05Z", "Computer": format!("host-{}", n % 3) }))
        .collect();
    assert_eq!(api.upload(&token, "Microsoft-SecurityEvent", &json!(rows)).await.status(), 204);
    let told = run(&server, "queries.py").await;
    let kusto = &told["kusto"];
    let summary = json!([
        { "Computer": "host-0", "n": 4 }, { "Computer": "host-1", "n": 3 }, { "Computer": "host-2", "n": 3 },
    ]);
    assert_eq!(kusto["summary"], summary, "{told}");
    assert_eq!(kusto["types"], json!(["int", "bool", "str", "timedelta", "datetime", "float"]), "{told}");
    let types = json!(["long", "bool", "string", "timespan", "datetime", "real"]);
    assert_eq!(kusto["column_types"], types, "{told}");
    assert_eq!(kusto["parameter"], json!([{ "Count": 3 }]), "{told}");
    assert_eq!(kusto["databases"], json!(["NetDefaultDB"]), "{told}");
    assert!(kusto["schema_tables"].as_u64().is_some_and(|tables| tables > 1_000), "{told}");
    let error = kusto["error"].as_str().expect("an error");
    assert!(error.contains("Semantic error:") && error.contains("SecurityEvent"), "{error}");
    assert_eq!(kusto["streamed"].as_array().map(Vec::len), Some(10), "{told}");
    assert_eq!(told["kusto_async"], json!([{ "Count": 10 }]), "{told}");
    let analytics = &told["log_analytics"];
    assert_eq!(analytics["count"], json!([[10]]), "{told}");
    assert_eq!(analytics["recent"], json!([[0]]), "the rows are older than a day: {told}");
    assert_eq!(analytics["statistics"], true, "{told}");
    assert_eq!(analytics["error"][0], 400, "{told}");
    assert!(analytics["error"][1].as_str().is_some_and(|text| text.contains("Nothing")), "{told}");
    let statuses = analytics["batch"].as_array().expect("a list");
    assert!(statuses[0].as_str().is_some_and(|status| status.to_uppercase().contains("SUCCESS")), "{told}");
    assert!(statuses[1].as_str().is_some_and(|status| status.to_uppercase().contains("FAILURE")), "{told}");
    server.stop().await;
}

/// Runs a script against the server; what it prints.
async fn run(server: &Server, script: &'static str) -> Value {
    let (url, who) = (server.url(), Credentials::of(&server.folder.first));
    let output = tokio::task::spawn_blocking(move || {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/system/sdk"));
        Command::new(python())
            .arg(folder.join(script))
            .args([&url, &who.tenant, &who.id, &who.secret])
            .env("REQUESTS_CA_BUNDLE", &who.ca_file)
            .env("SSL_CERT_FILE", &who.ca_file)
            .output()
            .expect("Python runs")
    });
    let output = output.await.expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&told).expect("the script prints JSON")
}

/// The Python that has the published packages.
fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let python = cache.unwrap_or_default().join("phalanx/test-venv/bin/python");
    assert!(python.is_file(), "`{}` is missing: run `scripts/setup test`", python.display());
    python
}
