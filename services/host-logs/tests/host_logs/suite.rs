//! The suite that every service passes, with a file to follow and without.

use std::sync::Arc;

use phalanx_host_logs::HostLogs;
use phalanx_hub::{
    Service,
    testsuite::{Fixture, run},
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A host with one log file, which no one writes to.
struct Quiet(TempDir);

impl Fixture for Quiet {
    fn service(&self) -> Arc<dyn Service> {
        Arc::new(HostLogs::new())
    }

    fn settings(&self) -> Map<String, Value> {
        let files = json!([{"path": self.0.path().join("auth.log")}, {"path": self.0.path().join("none")}]);
        let settings = json!({"journald": "never", "files": files, "look_ms": 10});
        settings.as_object().expect("an object").clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_keeps_the_contract() {
    let folder = TempDir::new().expect("a temporary folder");
    let lines = "May  1 10:00:01 host sshd[1]: message 1\nMay  1 10:00:02 host sshd[1]: message 2\n";
    std::fs::write(folder.path().join("auth.log"), lines).expect("it is written");
    run(Arc::new(Quiet(folder))).await;
}
