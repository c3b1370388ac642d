//! What is told about each request, once, when it is over: one log event and one call of the observer.

use std::time::Duration;

use uuid::Uuid;

use crate::error::{ApiError, Code};
use crate::principal::Principal;

/// A request that is over.
#[derive(Clone, Copy, Debug)]
pub struct RequestRecord<'r> {
    /// The operation, or `unmatched` if no route matched: never text from the client.
    pub operation: &'r str,
    /// The HTTP method, `OTHER` for methods outside the standard.
    pub method: &'r str,
    /// The HTTP status; 499 if the client went away before there was one.
    pub status: u16,
    /// What went wrong, if something did.
    pub code: Option<Code>,
    /// From the head of the request to the head of the response.
    pub duration: Duration,
    /// Who asked, if known.
    pub principal: Option<&'r Principal>,
    /// The request's id.
    pub request_id: Uuid,
    /// Bytes of the response body, if known in advance.
    pub response_bytes: Option<u64>,
}

/// Counts requests. Called on the request's task: it must not block.
pub trait RequestObserver: Send + Sync {
    /// A request is over.
    fn observe(&self, request: &RequestRecord<'_>);
}

/// Observes nothing.
impl RequestObserver for () {
    fn observe(&self, _: &RequestRecord<'_>) {}
}

/// Writes the log event of a request. Faults on this side are errors and carry their causes.
pub(super) fn log(record: &RequestRecord<'_>, client_request_id: Option<&str>, error: Option<&ApiError>) {
    let causes = error.and_then(ApiError::causes);
    let tenant = record.principal.map(|principal| principal.tenant.to_string());
    macro_rules! event {
        ($level:ident) => {
            tracing::$level!(
                operation = record.operation,
                method = record.method,
                status = record.status,
                duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
                request_id = %record.request_id,
                client_request_id,
                tenant,
                subject = record.principal.map(|principal| principal.subject.as_str()),
                code = record.code.map(Code::as_str),
                message_to_caller = error.map(ApiError::message),
                causes,
                "request"
            )
        };
    }
    match record.status {
        500.. => event!(error),
        _ => event!(info),
    }
}
