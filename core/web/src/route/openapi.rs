//! The OpenAPI 3.1 document of the declared tables.

use serde_json::{Map, Value, json};

use super::path::Template;
use super::{Access, Api, Route};
use crate::error::Style;

/// The document that describes all routes of `apis`.
pub fn openapi(title: &str, version: &str, apis: &[Api]) -> Value {
    let mut paths = Map::new();
    for (api, route) in apis.iter().flat_map(|api| api.routes().map(move |route| (api, route))) {
        let Some(template) = Template::parse(&route.path) else {
            continue;
        };
        let place = paths.entry(template.openapi()).or_insert_with(|| json!({}));
        place[route.method.as_str().to_ascii_lowercase()] = operation(api, route, &template);
    }
    let schemas: Map<String, Value> =
        Style::ALL.into_iter().map(|style| (style.schema_name().to_owned(), style.schema())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    })
}

fn operation(api: &Api, route: &Route, template: &Template) -> Value {
    let tags = if route.tags.is_empty() { vec![api.name.clone()] } else { route.tags.clone() };
    let parameters: Vec<Value> = template
        .names()
        .into_iter()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
        .collect();
    let mut success = json!({"description": "success"});
    if let Some(schema) = &route.response_schema {
        success["content"] = json!({"application/json": {"schema": schema}});
    }
    let failure = json!({
        "description": "failure",
        "content": {"application/json": {"schema": {
            "$ref": format!("#/components/schemas/{}", route.style.schema_name()),
        }}},
    });
    let mut operation = json!({
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": tags,
        "parameters": parameters,
        "responses": {"2XX": success, "default": failure},
        "security": [],
    });
    if let Access::Role(role) = route.access {
        operation["security"] = json!([{"bearer": []}]);
        operation["x-required-role"] = role.as_str().into();
    }
    if let Some(schema) = &route.request_schema {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}
