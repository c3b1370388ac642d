//! Microsoft Graph errors: an OData JSON error whose `innerError` names the request.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{ApiError, Code};
use crate::request_id::RequestIds;

pub(super) fn body(error: &ApiError, ids: &RequestIds, now: DateTime<Utc>) -> Value {
    let mut inner = json!({
        "date": now.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "request-id": ids.request().to_string(),
        "client-request-id": ids.client_or_own(),
    });
    if let Some(target) = error.target() {
        inner["target"] = target.into();
    }
    let code = match error.code() {
        // Graph has one name for every fault of a token, also for its absence.
        Code::Unauthenticated => general_code(Code::Unauthenticated),
        code => error.reason().unwrap_or_else(|| general_code(code)),
    };
    let mut body = json!({
        "code": code,
        "message": error.message(),
        "innerError": inner,
    });
    if !error.details().is_empty() {
        body["details"] = error
            .details()
            .iter()
            .map(|detail| json!({"code": detail.code, "message": detail.message, "target": detail.target}))
            .collect();
    }
    json!({ "error": body })
}

fn general_code(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "Request_BadRequest",
        Code::Unauthenticated => "InvalidAuthenticationToken",
        Code::Forbidden => "Authorization_RequestDenied",
        Code::NotFound => "Request_ResourceNotFound",
        Code::MethodNotAllowed => "Request_BadRequest",
        Code::RequestTimeout => "RequestTimeout",
        Code::Conflict => "Conflict",
        Code::PreconditionFailed => "PreconditionFailed",
        Code::PayloadTooLarge => "RequestEntityTooLarge",
        Code::UnsupportedMediaType => "UnsupportedMediaType",
        Code::TooManyRequests => "TooManyRequests",
        Code::Internal => "InternalServerError",
        Code::NotSupported => "NotImplemented",
        Code::Unavailable => "ServiceUnavailable",
    }
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "innerError"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "innerError": {
                    "type": "object",
                    "properties": {
                        "date": {"type": "string"},
                        "request-id": {"type": "string"},
                        "client-request-id": {"type": "string"}
                    }
                },
                "details": {"type": "array", "items": {"type": "object"}}
            }
        }}
    })
}
