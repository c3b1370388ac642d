//! The API document comes from the same tables as the router.

use axum::response::IntoResponse;
use http::Method;
use phalanx_web::route::{Access, Api, Route, openapi};
use phalanx_web::{Role, Style};
use serde_json::json;

use crate::context::Context;

#[tokio::test]
async fn the_document_says_what_the_tables_say() {
    let api = Api::new("ingestion").route(
        Route::new(
            Method::POST,
            "/dataCollectionRules/{id}/streams/{stream}",
            "ingest",
            Access::Role(Role::Sender),
            |_| async { Ok(().into_response()) },
        )
        .summary("takes records in")
        .request_schema(json!({"type": "array"})),
    );
    let document = openapi("Phalanx", "1.2.3", &[api, Context::new().await.oauth()]);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"], json!({"title": "Phalanx", "version": "1.2.3"}));
    let ingest = &document["paths"]["/dataCollectionRules/{id}/streams/{stream}"]["post"];
    assert_eq!(ingest["operationId"], "ingest");
    assert_eq!(ingest["summary"], "takes records in");
    assert_eq!(ingest["tags"], json!(["ingestion"]));
    assert_eq!(ingest["x-required-role"], "Sender");
    assert_eq!(ingest["security"], json!([{"bearer": []}]));
    assert_eq!(ingest["parameters"][1]["name"], "stream");
    assert_eq!(ingest["requestBody"]["content"]["application/json"]["schema"], json!({"type": "array"}));
    assert_eq!(
        ingest["responses"]["default"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/ResourceManagerError"
    );
    let token = &document["paths"]["/{tenant}/oauth2/v2.0/token"]["post"];
    assert_eq!(token["security"], json!([]), "public");
    for style in Style::ALL {
        assert_eq!(document["components"]["schemas"][style.schema_name()]["type"], "object");
    }
}
