//! One taxonomy of failures for all protocols.
//!
//! A handler returns an [`ApiError`]: a [`Code`] that callers can act on, a message written for the caller,
//! and a source that only the log sees. How it looks on the wire is a [`Style`], one file per family of
//! clients; a style renames and wraps, it never adds a kind of failure of its own.

mod aadsts;
mod graph;
mod kusto;
mod log_analytics;
mod oauth;
mod resource_manager;
mod style;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

pub use aadsts::Aadsts;
pub(crate) use style::MISSING_CREDENTIALS;
pub use style::Style;

/// What went wrong, as far as the caller would act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is malformed or a value in it is not acceptable.
    InvalidArgument,
    /// The caller is not known: no credentials, or credentials that do not hold.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// What the request is about does not exist.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// The client sent its request too slowly.
    RequestTimeout,
    /// The request contradicts the present state.
    Conflict,
    /// The state is not the one the request was conditional on.
    PreconditionFailed,
    /// The request body is larger than the operation accepts.
    PayloadTooLarge,
    /// The request body has a type or encoding the operation does not read.
    UnsupportedMediaType,
    /// The caller asks too often; later it may succeed.
    TooManyRequests,
    /// A fault on this side.
    Internal,
    /// Phalanx does not have this.
    NotSupported,
    /// The operation cannot be done now; later it may succeed.
    Unavailable,
}

impl Code {
    /// All codes.
    pub const ALL: [Code; 14] = [
        Code::InvalidArgument,
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::RequestTimeout,
        Code::Conflict,
        Code::PreconditionFailed,
        Code::PayloadTooLarge,
        Code::UnsupportedMediaType,
        Code::TooManyRequests,
        Code::Internal,
        Code::NotSupported,
        Code::Unavailable,
    ];

    /// The HTTP status; the only place where codes become statuses.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotSupported => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the same request may succeed later without being changed.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::TooManyRequests | Self::Unavailable | Self::RequestTimeout | Self::Internal)
    }

    /// The name used in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RequestTimeout => "request_timeout",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooManyRequests => "too_many_requests",
            Self::Internal => "internal",
            Self::NotSupported => "not_supported",
            Self::Unavailable => "unavailable",
        }
    }
}

/// One of several things wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The API's own name for the kind of problem, such as `InvalidRecord`.
    pub code: Cow<'static, str>,
    /// What is wrong, for the caller.
    pub message: String,
    /// The part of the request that is wrong.
    pub target: Option<String>,
}

/// The finer name an API has for an error, where its clients know one.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    Named(Cow<'static, str>),
    Aadsts(&'static Aadsts),
}

/// A failed request: a part for the caller and a part for the log.
///
/// The source is never rendered. [`Code::Internal`] always shows the same sentence and a request id, by
/// which the log entry can be found.
pub struct ApiError(Box<Inner>);

struct Inner {
    code: Code,
    message: Cow<'static, str>,
    target: Option<String>,
    details: Vec<Detail>,
    reason: Option<Reason>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error with a message for the caller: lower case, no full stop, values in backticks.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            target: None,
            details: Vec::new(),
            reason: None,
            retry_after: None,
            source: None,
        }))
    }

    /// A malformed request or an unacceptable value.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// Missing or unacceptable credentials.
    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unauthenticated, message)
    }

    /// A caller without the right to do this.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// Something that does not exist.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// A request that contradicts the present state.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// A capability that Phalanx does not have.
    pub fn not_supported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotSupported, message)
    }

    /// Asked too often; may be asked again after `retry_after`.
    pub fn too_many_requests(message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(Code::TooManyRequests, message).with_retry_after(retry_after)
    }

    /// Not possible now; may be asked again after `retry_after`.
    pub fn unavailable(message: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::new(Code::Unavailable, message).with_retry_after(retry_after)
    }

    /// A fault on this side. The caller learns nothing of `source`; the log does.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            Code::Internal,
            "an internal error occurred; the request id identifies it in the server's log",
        )
        .with_source(source)
    }

    /// An error of the token endpoint that has a number in Entra's list.
    pub fn aadsts(kind: &'static Aadsts, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(kind.code, message);
        error.0.reason = Some(Reason::Aadsts(kind));
        error
    }

    /// Names the part of the request that is wrong, such as a parameter or property.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.0.target = Some(target.into());
        self
    }

    /// Adds one of several problems.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Gives the finer name that this API's clients know, in place of the style's general one.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.0.reason = Some(Reason::Named(reason.into()));
        self
    }

    /// Tells when to try again; rendered as `Retry-After`, rounded up to whole seconds.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence for the caller.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The part of the request that is wrong.
    pub fn target(&self) -> Option<&str> {
        self.0.target.as_deref()
    }

    /// The single problems, where there are several.
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// When to try again. `TooManyRequests` and `Unavailable` always say so.
    pub fn retry_after(&self) -> Option<Duration> {
        match (self.0.retry_after, self.0.code) {
            (None, Code::TooManyRequests | Code::Unavailable) => Some(DEFAULT_RETRY_AFTER),
            (given, _) => given,
        }
    }

    /// The finer name given by [`ApiError::with_reason`].
    pub fn reason(&self) -> Option<&str> {
        match &self.0.reason {
            Some(Reason::Named(name)) => Some(name),
            _ => None,
        }
    }

    /// The number in Entra's list, for errors of the token endpoint.
    pub fn aadsts_kind(&self) -> Option<&'static Aadsts> {
        match self.0.reason {
            Some(Reason::Aadsts(kind)) => Some(kind),
            _ => None,
        }
    }

    /// The chain of causes as one line for the log, or nothing. Not for callers.
    pub fn causes(&self) -> Option<String> {
        let mut cause: Option<&(dyn StdError + 'static)> = self.0.source.as_deref().map(|s| s as _);
        let mut line = String::new();
        while let Some(error) = cause {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&error.to_string());
            cause = error.source();
        }
        (!line.is_empty()).then_some(line)
    }
}

/// What a 429 or 503 says when the place that raised it had no better estimate.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("target", &self.0.target)
            .field("details", &self.0.details)
            .field("reason", &self.0.reason)
            .field("retry_after", &self.0.retry_after)
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests;
