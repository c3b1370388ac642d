//! OAuth 2 errors (RFC 6749 section 5.2) with the members Entra adds.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{ApiError, Code};
use crate::request_id::RequestIds;

pub(super) fn body(error: &ApiError, ids: &RequestIds, now: DateTime<Utc>) -> Value {
    let timestamp = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let trace_id = ids.request().to_string();
    let correlation_id = ids.correlation().to_string();
    let kind = error.aadsts_kind();
    let prefix = kind.map(|kind| format!("AADSTS{}: ", kind.number)).unwrap_or_default();
    let description = format!(
        "{prefix}{}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {timestamp}",
        error.message()
    );
    json!({
        "error": kind.map_or_else(|| general_error(error.code()), |kind| kind.error),
        "error_description": description,
        "error_codes": kind.map(|kind| vec![kind.number]).unwrap_or_default(),
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    })
}

/// The `error` member of failures that have no number of their own.
fn general_error(code: Code) -> &'static str {
    match code {
        Code::Internal => "server_error",
        Code::Unavailable | Code::TooManyRequests => "temporarily_unavailable",
        Code::Forbidden => "access_denied",
        Code::Unauthenticated => "invalid_client",
        _ => "invalid_request",
    }
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id"],
        "properties": {
            "error": {"type": "string"},
            "error_description": {"type": "string"},
            "error_codes": {"type": "array", "items": {"type": "integer"}},
            "timestamp": {"type": "string"},
            "trace_id": {"type": "string", "format": "uuid"},
            "correlation_id": {"type": "string", "format": "uuid"}
        }
    })
}
