//! The OpenAPI document of all APIs, made from the same tables as the router.

use std::sync::{Arc, OnceLock};

use axum::{Json, response::IntoResponse};
use phalanx_web::{
    Role,
    route::{Access, Api, Route, openapi},
};
use serde_json::{Value, json};

/// The APIs, and with them the one that describes them all.
pub(super) fn with_document(mut apis: Vec<Api>) -> Vec<Api> {
    let document = Arc::new(OnceLock::<Value>::new());
    let described = document.clone();
    apis.push(
        Api::new("Description").route(
            Route::get("/api/v1/openapi.json", "describe", Access::Role(Role::Reader), move |_| {
                let document = described.get().cloned().unwrap_or_default();
                async move { Ok(Json(document).into_response()) }
            })
            .summary("This document")
            .response_schema(json!({ "type": "object" })),
        ),
    );
    document.get_or_init(|| openapi("Phalanx", env!("CARGO_PKG_VERSION"), &apis));
    apis
}
