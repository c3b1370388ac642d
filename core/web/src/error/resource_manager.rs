//! Errors of Resource Manager and of Logs Ingestion: OData v4 with `target` and `details`.

use serde_json::{Value, json};

use super::{ApiError, Code};
use crate::request_id::RequestIds;

pub(super) fn body(error: &ApiError, ids: &RequestIds) -> Value {
    // This body has no member for a request id; clients show the message, so an internal error names it there.
    let message = match error.code() {
        Code::Internal => format!("{} (request id `{}`)", error.message(), ids.request()),
        _ => error.message().to_owned(),
    };
    let mut body = json!({
        "code": error.reason().unwrap_or_else(|| general_code(error.code())),
        "message": message,
    });
    if let Some(target) = error.target() {
        body["target"] = target.into();
    }
    if !error.details().is_empty() {
        body["details"] = error.details().iter().map(detail).collect();
    }
    json!({ "error": body })
}

fn detail(detail: &super::Detail) -> Value {
    let mut value = json!({"code": detail.code, "message": detail.message});
    if let Some(target) = &detail.target {
        value["target"] = target.as_str().into();
    }
    value
}

fn general_code(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "BadRequest",
        Code::Unauthenticated => "InvalidAuthenticationToken",
        Code::Forbidden => "AuthorizationFailed",
        Code::NotFound => "NotFound",
        Code::MethodNotAllowed => "MethodNotAllowed",
        Code::RequestTimeout => "RequestTimeout",
        Code::Conflict => "Conflict",
        Code::PreconditionFailed => "PreconditionFailed",
        Code::PayloadTooLarge => "ContentLengthLimitExceeded",
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
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "target": {"type": "string"},
                "details": {"type": "array", "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "target": {"type": "string"}
                    }
                }}
            }
        }}
    })
}
