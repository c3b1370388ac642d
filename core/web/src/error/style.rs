//! The families of error bodies, and what they have in common.

use axum::body::Body;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::Value;

use super::{ApiError, Code, graph, kusto, log_analytics, oauth, resource_manager};
use crate::request_id::RequestIds;

/// How an API words its errors; chosen per route by what its clients parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// OAuth 2 as Entra answers it: RFC 6749 section 5.2 plus `AADSTS` numbers and trace ids.
    OAuth,
    /// Microsoft Graph, an OData JSON error with `innerError`.
    Graph,
    /// Resource Manager and Logs Ingestion: OData v4 with `target` and `details`. Also the style of
    /// Phalanx's own endpoints.
    ResourceManager,
    /// The Kusto query endpoints: `code`, `message` and the `@` members.
    Kusto,
    /// The Log Analytics query API: nested `innererror`.
    LogAnalytics,
}

impl Style {
    /// All styles.
    pub const ALL: [Style; 5] =
        [Style::OAuth, Style::Graph, Style::ResourceManager, Style::Kusto, Style::LogAnalytics];

    /// The name of the style's schema in the OpenAPI document.
    pub fn schema_name(self) -> &'static str {
        match self {
            Self::OAuth => "OAuthError",
            Self::Graph => "GraphError",
            Self::ResourceManager => "ResourceManagerError",
            Self::Kusto => "KustoError",
            Self::LogAnalytics => "LogAnalyticsError",
        }
    }

    /// The JSON schema of the style's error body.
    pub fn schema(self) -> Value {
        match self {
            Self::OAuth => oauth::schema(),
            Self::Graph => graph::schema(),
            Self::ResourceManager => resource_manager::schema(),
            Self::Kusto => kusto::schema(),
            Self::LogAnalytics => log_analytics::schema(),
        }
    }

    /// The error's body in this style.
    pub fn body(self, error: &ApiError, ids: &RequestIds, now: DateTime<Utc>) -> Value {
        match self {
            Self::OAuth => oauth::body(error, ids, now),
            Self::Graph => graph::body(error, ids, now),
            Self::ResourceManager => resource_manager::body(error, ids),
            Self::Kusto => kusto::body(error, ids, now),
            Self::LogAnalytics => log_analytics::body(error, ids),
        }
    }

    /// The whole response: status, body, and the headers that belong to the error.
    pub fn render(self, error: &ApiError, ids: &RequestIds, now: DateTime<Utc>) -> Response {
        let mut response = Response::new(Body::from(self.body(error, ids, now).to_string()));
        *response.status_mut() = error.code().status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        if let Some(after) = error.retry_after() {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if error.code() == Code::Unauthenticated
            && let Some(challenge) = self.challenge(error)
        {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    /// The challenge of a 401: RFC 6750 section 3 for resources, RFC 6749 section 5.2 for the token endpoint.
    fn challenge(self, error: &ApiError) -> Option<HeaderValue> {
        if self == Self::OAuth {
            return Some(HeaderValue::from_static("Basic realm=\"phalanx\", charset=\"UTF-8\""));
        }
        let text = match error.reason() {
            Some(MISSING_CREDENTIALS) => "Bearer realm=\"phalanx\"".to_owned(),
            _ => format!(
                "Bearer realm=\"phalanx\", error=\"invalid_token\", error_description=\"{}\"",
                quotable(error.message())
            ),
        };
        HeaderValue::from_str(&text).ok()
    }
}

/// The reason of a 401 to a request without any credentials: RFC 6750 then wants no error code.
pub(crate) const MISSING_CREDENTIALS: &str = "AuthenticationFailed";

/// Keeps what may stand inside a quoted string of a header.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')).collect()
}
