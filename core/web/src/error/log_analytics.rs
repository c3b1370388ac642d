//! Errors of the Log Analytics query API: a general code, and what exactly is wrong nested in `innererror`.

use serde_json::{Value, json};

use super::{ApiError, Code, Detail};
use crate::request_id::RequestIds;

pub(super) fn body(error: &ApiError, ids: &RequestIds) -> Value {
    let (mut code, summary) = general(error.code());
    if error.code() == Code::Unauthenticated {
        code = error.reason().unwrap_or(code);
    }
    let mut body = json!({
        "message": summary.unwrap_or(error.message()),
        "code": code,
        "correlationId": ids.correlation().to_string(),
    });
    if let Some(inner) = inner(error, summary.is_some()) {
        body["innererror"] = inner;
    }
    json!({ "error": body })
}

/// The finer description: the reason with the message, and inside it the first detail.
fn inner(error: &ApiError, message_is_elsewhere: bool) -> Option<Value> {
    let deepest = error.details().first().map(detail);
    let is_said_above = error.reason().is_none() || error.code() == Code::Unauthenticated;
    if is_said_above && !message_is_elsewhere {
        return deepest;
    }
    let mut inner = json!({
        "code": error.reason().unwrap_or_else(|| general(error.code()).0),
        "message": error.message(),
    });
    if let Some(target) = error.target() {
        inner["target"] = target.into();
    }
    if let Some(deepest) = deepest {
        inner["innererror"] = deepest;
    }
    Some(inner)
}

fn detail(detail: &Detail) -> Value {
    let mut value = json!({"code": detail.code, "message": detail.message});
    if let Some(target) = &detail.target {
        value["target"] = target.as_str().into();
    }
    value
}

/// The general code and, where the API words it so, a general sentence with the particulars below it.
fn general(code: Code) -> (&'static str, Option<&'static str>) {
    match code {
        Code::InvalidArgument => ("BadArgumentError", Some("The request had some invalid properties")),
        Code::Unauthenticated => ("InvalidAuthenticationToken", None),
        Code::Forbidden => (
            "InsufficientAccessError",
            Some("The provided credentials have insufficient access to perform the requested operation"),
        ),
        Code::NotFound => ("PathNotFoundError", None),
        Code::MethodNotAllowed => ("MethodNotAllowedError", None),
        Code::RequestTimeout => ("RequestTimeoutError", None),
        Code::Conflict => ("ConflictError", None),
        Code::PreconditionFailed => ("PreconditionFailedError", None),
        Code::PayloadTooLarge => ("PayloadTooLargeError", None),
        Code::UnsupportedMediaType => ("UnsupportedMediaTypeError", None),
        Code::TooManyRequests => ("ThrottledError", None),
        Code::Internal => ("InternalServerError", None),
        Code::NotSupported => ("NotImplementedError", None),
        Code::Unavailable => ("ServiceUnavailableError", None),
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
                "correlationId": {"type": "string", "format": "uuid"},
                "innererror": {"type": "object"}
            }
        }}
    })
}
