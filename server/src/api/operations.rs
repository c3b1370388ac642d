//! What operators and their tools ask: is it alive, is it ready, how is it doing.

use std::sync::Arc;

use axum::{Json, response::IntoResponse};
use http::header::CONTENT_TYPE;
use phalanx_web::{
    ApiError, Role,
    route::{Access, Api, Route},
};
use serde_json::json;

use crate::platform::Platform;

pub(super) fn api(platform: &Platform) -> Api {
    let vitals = Arc::new(platform.vitals());
    let readiness = vitals.clone();
    Api::new("Operations")
        .route(
            Route::get("/healthz", "healthz", Access::Public, |_| async {
                Ok(Json(json!({ "status": "alive" })).into_response())
            })
            .summary("Whether the process answers")
            .tag("operations"),
        )
        .route(
            Route::get("/readyz", "readyz", Access::Public, move |_| {
                let vitals = readiness.clone();
                async move {
                    match vitals.not_ready().await {
                        None => Ok(Json(json!({ "status": "ready" })).into_response()),
                        Some(reason) => Err(ApiError::unavailable(reason, std::time::Duration::from_secs(1))),
                    }
                }
            })
            .summary("Whether input is taken and queries are answered")
            .tag("operations"),
        )
        .route(
            Route::get("/metrics", "metrics", Access::Role(Role::MetricsReader), move |_| {
                let vitals = vitals.clone();
                async move {
                    let text = vitals.metrics();
                    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
                }
            })
            .summary("Metrics in the Prometheus text format")
            .tag("operations"),
        )
}
