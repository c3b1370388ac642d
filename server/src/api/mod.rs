//! The HTTP APIs, as declared tables: one file per API, one list of them here.
//!
//! The same router serves the TLS port and the local socket. Who may do what stands in the routes; the
//! gate of `phalanx-web` enforces it before a handler runs.

mod backup;
mod cloud;
mod dead_letters;
mod document;
mod editor;
mod export;
mod functions;
mod graph_hunting;
mod ingest;
mod kusto;
mod log_analytics;
mod logs_ingestion;
mod operations;
mod query;
pub mod rows;
mod services;
mod tables;
mod timespan;

pub use query::INCOMPLETE;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use phalanx_web::{
    ApiError, Code,
    oauth::OAuth,
    route::{self, Api, RequestObserver, RequestRecord},
};

use crate::{hunting::Hunting, metrics::Metrics, platform::Platform};

/// Every API.
pub fn apis(platform: &Platform, oauth: Arc<OAuth>, base: &str) -> Vec<Api> {
    let hunting = Arc::new(Hunting::new(platform, &platform.config().query));
    document::with_document(vec![
        operations::api(platform),
        cloud::api(base),
        oauth.api(),
        logs_ingestion::api(platform),
        ingest::api(platform),
        query::api(platform, hunting.clone()),
        kusto::api(platform, hunting.clone(), base),
        log_analytics::api(platform, hunting.clone()),
        graph_hunting::api(platform, hunting),
        tables::api(platform),
        functions::api(platform),
        services::api(platform),
        dead_letters::api(platform),
        backup::api(platform),
    ])
}

/// The router of all APIs, for a server that is reached at `address`.
pub async fn router(platform: &Platform, address: SocketAddr) -> anyhow::Result<Router> {
    let (oauth, gate) = platform.authority(address).await?;
    route::router(&apis(platform, oauth, &platform.base(address)), gate)
        .context("the route tables contradict themselves")
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

/// What a caller is told when the store of documents says no.
fn state_error(error: phalanx_state::Error) -> ApiError {
    use phalanx_state::Error;
    match &error {
        Error::Conflict { .. } => ApiError::new(Code::PreconditionFailed, error.to_string()),
        Error::AlreadyExists { .. } | Error::Duplicate { .. } => ApiError::conflict(error.to_string()),
        Error::Invalid(_) | Error::NotIndexed { .. } => ApiError::invalid(error.to_string()),
        Error::Unavailable { .. } => {
            ApiError::unavailable("nothing can be stored at the moment", Duration::from_secs(5))
                .with_source(error)
        }
        _ => ApiError::internal(error),
    }
}

pub use tables::load as load_tables;

/// Counts requests by operation and status.
pub struct RequestCounter(pub Arc<Metrics>);

impl RequestObserver for RequestCounter {
    fn observe(&self, request: &RequestRecord<'_>) {
        let status = request.status.to_string();
        self.0.requests.with_label_values(&[request.operation, &status]).inc();
        self.0.request_seconds.observe(request.duration.as_secs_f64());
    }
}
