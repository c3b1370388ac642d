//! Where the interfaces of this "cloud" are: all of them here.
//!
//! `GET /metadata/endpoints` is what Resource Manager's clients ask first, to learn where to sign in, and where Graph
//! and Log Analytics answer. Public, as it must be known before there is a token.

use axum::{Json, response::IntoResponse};
use phalanx_web::route::{Access, Api, Route};
use serde_json::json;

pub(super) fn api(base: &str) -> Api {
    let base = base.trim_end_matches('/');
    let rooted = format!("{base}/");
    let endpoints = json!({
        "name": "Phalanx",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, rooted],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": rooted,
        "graph": rooted,
        "graphAudience": rooted,
        "microsoftGraphResourceId": rooted,
        "logAnalyticsResourceId": base,
        "suffixes": {},
    });
    Api::new("Cloud").route(
        Route::get("/metadata/endpoints", "cloud_endpoints", Access::Public, move |_| {
            let endpoints = endpoints.clone();
            async move { Ok(Json(endpoints).into_response()) }
        })
        .summary("Where the interfaces are, as Resource Manager tells its clients")
        .tag("platform"),
    )
}
