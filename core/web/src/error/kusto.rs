//! Errors of the Kusto query endpoints. Clients read `code`, `message`, `@message` and `@permanent`, and
//! quote `@context` when they report a problem.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{ApiError, Code};
use crate::request_id::RequestIds;

pub(super) fn body(error: &ApiError, ids: &RequestIds, now: DateTime<Utc>) -> Value {
    let (code, summary, kind) = general(error.code());
    let mut body = json!({
        "code": error.reason().unwrap_or(code),
        "message": summary,
        "@type": kind,
        "@message": error.message(),
        "@context": {
            "timestamp": now.to_rfc3339_opts(SecondsFormat::Micros, true),
            "serviceAlias": "phalanx",
            "clientRequestId": ids.client_or_own(),
            "activityId": ids.request().to_string(),
        },
        "@permanent": !error.code().is_transient(),
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

/// The general code, the short message and the exception type that Kusto's clients map.
fn general(code: Code) -> (&'static str, &'static str, &'static str) {
    match code {
        Code::InvalidArgument => (
            "General_BadRequest",
            "Request is invalid and cannot be executed.",
            "Kusto.Data.Exceptions.KustoBadRequestException",
        ),
        Code::Unauthenticated => (
            "Unauthorized",
            "Caller is not authenticated.",
            "Kusto.Data.Exceptions.KustoUnauthorizedRequestException",
        ),
        Code::Forbidden => (
            "Forbidden",
            "Caller is not authorized to perform this action.",
            "Kusto.Data.Exceptions.KustoRequestDeniedException",
        ),
        Code::NotFound => {
            ("General_NotFound", "Entity was not found.", "Kusto.Data.Exceptions.KustoBadRequestException")
        }
        Code::MethodNotAllowed => (
            "General_MethodNotAllowed",
            "Method is not allowed on this path.",
            "Kusto.Data.Exceptions.KustoBadRequestException",
        ),
        Code::RequestTimeout => (
            "General_RequestTimeout",
            "Request was not received in time.",
            "Kusto.Data.Exceptions.KustoServiceTimeoutException",
        ),
        Code::Conflict => (
            "Conflict",
            "Request conflicts with the current state.",
            "Kusto.Data.Exceptions.KustoConflictException",
        ),
        Code::PreconditionFailed => (
            "PreconditionFailed",
            "A condition of the request does not hold.",
            "Kusto.Data.Exceptions.KustoConflictException",
        ),
        Code::PayloadTooLarge => (
            "General_PayloadTooLarge",
            "Request is too large.",
            "Kusto.Data.Exceptions.KustoBadRequestException",
        ),
        Code::UnsupportedMediaType => (
            "General_UnsupportedMediaType",
            "Request has an unsupported content type.",
            "Kusto.Data.Exceptions.KustoBadRequestException",
        ),
        Code::TooManyRequests => (
            "TooManyRequests",
            "Request is denied due to throttling.",
            "Kusto.Data.Exceptions.KustoRequestThrottledException",
        ),
        Code::Internal => {
            ("General_InternalServerError", "Unknown error.", "Kusto.Data.Exceptions.KustoServiceException")
        }
        Code::NotSupported => (
            "General_NotSupported",
            "Request is not supported.",
            "Kusto.Data.Exceptions.KustoBadRequestException",
        ),
        Code::Unavailable => (
            "General_ServiceUnavailable",
            "Service is temporarily unavailable.",
            "Kusto.Data.Exceptions.KustoServicePartialQueryFailureException",
        ),
    }
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "@type", "@message", "@context", "@permanent"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "@type": {"type": "string"},
                "@message": {"type": "string"},
                "@context": {"type": "object"},
                "@permanent": {"type": "boolean"},
                "details": {"type": "array", "items": {"type": "object"}}
            }
        }}
    })
}
