//! Saved functions as documents: list, read, save with `If-Match`, delete, and the versions before.
//!
//! The same functions are read and changed by Kusto's control commands (`.show functions`,
//! `.create-or-alter function`) at `/v1/rest/mgmt`.

use std::sync::Arc;

use axum::{Json, response::IntoResponse};
use http::{HeaderValue, Method, StatusCode, header::ETAG};
use phalanx_signal::TenantId;
use phalanx_state::Etag;
use phalanx_web::{
    ApiError, Role, etag,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use serde_json::{Value, json};

use crate::{
    hunting::functions::{Declaration, Expect, Function, FunctionError, Functions},
    platform::Platform,
};

const LIST: &str = "/api/v1/functions";
const ONE: &str = "/api/v1/functions/{name}";

struct Handler {
    functions: Functions,
}

pub(super) fn api(platform: &Platform) -> Api {
    let handler = Arc::new(Handler { functions: Functions::new(platform.state().clone()) });
    let route = |method: Method, path: &'static str, id: &'static str, role: Role, summary: &'static str| {
        let handler = handler.clone();
        Route::new(method.clone(), path, id, Access::Role(role), move |request| {
            let (handler, method) = (handler.clone(), method.clone());
            async move {
                match method {
                    Method::PUT => handler.save(request).await,
                    Method::DELETE => handler.delete(request).await,
                    _ if path == LIST => handler.list(request).await,
                    _ if path == ONE => handler.one(request).await,
                    _ => handler.versions(request).await,
                }
            }
        })
        .summary(summary)
        .tag("query")
    };
    Api::new("Saved functions")
        .route(route(
            Method::GET,
            LIST,
            "list_functions",
            Role::Reader,
            "All functions that queries may call",
        ))
        .route(route(Method::GET, ONE, "get_function", Role::Reader, "A function"))
        .route(route(
            Method::PUT,
            ONE,
            "save_function",
            Role::Analyst,
            "Saves a function as its next version",
        ))
        .route(route(Method::DELETE, ONE, "delete_function", Role::Analyst, "Deletes a function"))
        .route(route(
            Method::GET,
            "/api/v1/functions/{name}/versions",
            "list_function_versions",
            Role::Reader,
            "The versions before the present one, with who replaced each and when",
        ))
}

impl Handler {
    async fn list(&self, request: RequestContext) -> HandlerResult {
        let functions = self.functions.of(tenant(&request)?).await.map_err(refusal)?;
        let value: Vec<Value> = functions.values().map(document).collect();
        Ok(Json(json!({ "value": value })).into_response())
    }

    async fn one(&self, request: RequestContext) -> HandlerResult {
        let name = request.param("name")?;
        let mut functions = self.functions.of(tenant(&request)?).await.map_err(refusal)?;
        let function = functions
            .remove(name)
            .ok_or_else(|| ApiError::not_found(format!("there is no function `{name}`")))?;
        answer(&function)
    }

    async fn save(&self, mut request: RequestContext) -> HandlerResult {
        let name = request.param("name")?.to_owned();
        let (tenant, author) = (tenant(&request)?, request.principal()?.subject.clone());
        let etag = demanded(&request)?;
        let declaration: Declaration = request.json().await?;
        let saved = self.functions.save(tenant, &name, declaration, Expect::Anything, etag, &author).await;
        answer(&saved.map_err(refusal)?)
    }

    async fn delete(&self, request: RequestContext) -> HandlerResult {
        let name = request.param("name")?;
        let (tenant, author) = (tenant(&request)?, request.principal()?.subject.clone());
        let etag = demanded(&request)?;
        let was_there = self.functions.delete(tenant, name, etag, &author).await.map_err(refusal)?;
        let status = if was_there { StatusCode::OK } else { StatusCode::NO_CONTENT };
        Ok(status.into_response())
    }

    async fn versions(&self, request: RequestContext) -> HandlerResult {
        let name = request.param("name")?;
        let history = self.functions.history(tenant(&request)?, name).await.map_err(refusal)?;
        let value: Vec<Value> = history
            .into_iter()
            .map(|(version, replaced, by, declaration)| {
                json!({ "version": version, "replaced": replaced, "replacedBy": by, "declaration": declaration })
            })
            .collect();
        Ok(Json(json!({ "value": value })).into_response())
    }
}

fn tenant(request: &RequestContext) -> Result<TenantId, ApiError> {
    Ok(TenantId::new(request.tenant()?))
}

fn demanded(request: &RequestContext) -> Result<Option<Etag>, ApiError> {
    let Some(tag) = etag::if_match(request.headers())? else { return Ok(None) };
    let etag = tag.opaque().parse();
    etag.map(Some)
        .map_err(|error: phalanx_state::Error| ApiError::invalid(error.to_string()).with_target("If-Match"))
}

/// A function's failure as APIs tell it.
pub(super) fn refusal(error: FunctionError) -> ApiError {
    match error {
        FunctionError::Text(message) => ApiError::invalid(message),
        FunctionError::State(error) => super::state_error(error),
        FunctionError::Stored(error) => ApiError::internal(error),
    }
}

fn document(function: &Function) -> Value {
    let stored = function.stored.as_ref();
    json!({
        "name": function.name,
        "parameters": function.declaration.parameters,
        "body": function.declaration.body,
        "folder": function.declaration.folder,
        "docString": function.declaration.doc_string,
        "version": stored.map(|stored| stored.version),
        "etag": stored.map(|stored| &stored.etag),
        "modified": stored.map(|stored| &stored.modified),
        "modifiedBy": stored.map(|stored| &stored.modified_by),
    })
}

fn answer(function: &Function) -> HandlerResult {
    let mut response = Json(document(function)).into_response();
    if let Some(stored) = &function.stored
        && let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", stored.etag))
    {
        response.headers_mut().insert(ETAG, value);
    }
    Ok(response)
}
