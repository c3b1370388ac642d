//! The HTTP APIs, as declared tables: one file per API, one list of them here.
//!
//! The same router serves the TLS port and the local socket. Who may do what stands in the routes; the
//! gate of `phalanx-web` enforces it before a handler runs.

mod backup;
mod dead_letters;
mod ingest;
mod logs_ingestion;
mod operations;
mod query;
pub mod rows;
mod services;
mod tables;

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use phalanx_web::{
    oauth,
    route::{self, Api, Gate, RequestObserver, RequestRecord},
};

use crate::{metrics::Metrics, platform::Platform};

/// Every API.
pub fn apis(platform: &Platform) -> Vec<Api> {
    vec![
        operations::api(platform),
        oauth::api(platform.oauth().clone()),
        logs_ingestion::api(platform),
        ingest::api(platform),
        query::api(platform),
        tables::api(platform),
        services::api(platform),
        dead_letters::api(platform),
        backup::api(platform),
    ]
}

/// The router of all APIs.
pub fn router(platform: &Platform) -> anyhow::Result<Router> {
    let gate: Arc<Gate> = platform.gate().clone();
    route::router(&apis(platform), gate).context("the route tables contradict themselves")
}

/// Percent-encodes a path segment or query value.
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Counts requests by operation and status.
pub struct RequestCounter(pub Arc<Metrics>);

impl RequestObserver for RequestCounter {
    fn observe(&self, request: &RequestRecord<'_>) {
        let status = request.status.to_string();
        self.0.requests.with_label_values(&[request.operation, &status]).inc();
        self.0.request_seconds.observe(request.duration.as_secs_f64());
    }
}
