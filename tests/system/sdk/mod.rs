//! The vendors' published client libraries work unchanged. `scripts/setup test` installs them.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::context::{Credentials, Server};

#[tokio::test(flavor = "multi_thread")]
async fn azure_monitor_ingestion_uploads() {
    let server = Server::start().await;
    let (url, who) = (server.url(), Credentials::of(&server.folder.first));
    let output = tokio::task::spawn_blocking(move || {
        Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/system/sdk/upload.py"))
            .args([&url, &who.tenant, &who.id, &who.secret])
            .env("REQUESTS_CA_BUNDLE", &who.ca_file)
            .env("SSL_CERT_FILE", &who.ca_file)
            .output()
            .expect("Python runs")
    });
    let output = output.await.expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_str(&told).expect("the script prints JSON");
    assert_eq!(told["failures"][0]["status"], 400, "{told}");
    assert!(told["failures"][0]["message"].as_str().is_some_and(|m| m.contains("NoSuchTable")), "{told}");
    assert_eq!(told["refused"], "ClientAuthenticationError", "{told}");
    let api = server.client();
    let token = api.token().await;
    api.wait_for(&token, "select count(distinct \"ReportId\") as n from DeviceProcessEvents", 5_001).await;
    api.wait_for(&token, "select count(*) as n from DeviceProcessEvents", 5_001).await;
    server.stop().await;
}

/// The Python that has the published packages.
fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let python = cache.unwrap_or_default().join("phalanx/test-venv/bin/python");
    assert!(python.is_file(), "`{}` is missing: run `scripts/setup test`", python.display());
    python
}
