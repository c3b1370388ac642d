//! APIs as declared tables.
//!
//! A [`Route`] says method, path, who may call it, and how its errors look; an [`Api`] is a list of routes. From
//! the same list come the router ([`router`]), the OpenAPI document ([`openapi`]) and the walk that proves that
//! no route answers a caller without the right ([`walk`]). Authentication and authorisation happen before a
//! handler runs, and a handler is reachable only through a [`RequestContext`], which only the router makes.

mod context;
mod gate;
mod nearest;
mod observe;
mod openapi;
mod path;
mod router;
mod serve;
pub mod walk;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::Method;
use serde_json::Value;

use crate::error::{ApiError, Style};
use crate::role::Role;
use crate::token::Audiences;

pub use context::RequestContext;
pub use gate::{Gate, Limits};
pub use observe::{RequestObserver, RequestRecord};
pub use openapi::openapi;
pub use router::{RouteTableError, router};

/// What a handler gives back.
pub type HandlerResult = Result<Response, ApiError>;

/// A running handler.
pub type HandlerFuture = Pin<Box<dyn Future<Output = HandlerResult> + Send>>;

type Handler = Box<dyn Fn(RequestContext) -> HandlerFuture + Send + Sync>;

/// Who may call a route. There is no default: every route says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without credentials.
    Public,
    /// Callers whose roles include this one.
    Role(Role),
}

/// What happens to a running handler when its client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUp {
    /// It is dropped: nobody wants the answer.
    Cancel,
    /// It runs to its end, so that no change is left half done.
    Finish,
}

/// One operation of an API.
pub struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) operation_id: String,
    pub(crate) access: Access,
    pub(crate) style: Style,
    pub(crate) summary: String,
    pub(crate) tags: Vec<String>,
    pub(crate) max_body_bytes: usize,
    pub(crate) timeout: Duration,
    pub(crate) hang_up: HangUp,
    pub(crate) request_schema: Option<Value>,
    pub(crate) response_schema: Option<Value>,
    handler: Handler,
}

/// Bytes a request body may have unless the route says otherwise: the limit of the Logs Ingestion API.
const DEFAULT_BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long a handler may take unless the route says otherwise: less than common clients wait.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl Route {
    /// Declares an operation. In `path`, `{name}` stands for one segment and a last `{*name}` for the rest.
    pub fn new<H, F>(
        method: Method,
        path: impl Into<String>,
        operation_id: impl Into<String>,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Fn(RequestContext) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        let hang_up = if method.is_safe() { HangUp::Cancel } else { HangUp::Finish };
        Self {
            method,
            path: path.into(),
            operation_id: operation_id.into(),
            access,
            style: Style::ResourceManager,
            summary: String::new(),
            tags: Vec::new(),
            max_body_bytes: DEFAULT_BODY_BYTES_MAX,
            timeout: DEFAULT_TIMEOUT,
            hang_up,
            request_schema: None,
            response_schema: None,
            handler: Box::new(move |context| Box::pin(handler(context))),
        }
    }

    /// Declares a `GET` operation, which also answers `HEAD`.
    pub fn get<H, F>(
        path: impl Into<String>,
        operation_id: impl Into<String>,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Fn(RequestContext) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        Self::new(Method::GET, path, operation_id, access, handler)
    }

    /// Declares a `POST` operation.
    pub fn post<H, F>(
        path: impl Into<String>,
        operation_id: impl Into<String>,
        access: Access,
        handler: H,
    ) -> Self
    where
        H: Fn(RequestContext) -> F + Send + Sync + 'static,
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        Self::new(Method::POST, path, operation_id, access, handler)
    }

    /// How the operation words its errors; [`Style::ResourceManager`] unless set.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// One sentence for the API document.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Groups the operation in the API document.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Largest request body, after unpacking, in bytes; 1 MiB unless set.
    #[must_use]
    pub fn max_body_bytes(mut self, max: usize) -> Self {
        self.max_body_bytes = max;
        self
    }

    /// How long the handler may take, reading the body included; 30 seconds unless set. A handler that takes
    /// longer is dropped.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What happens when the client goes away. Unless set, safe methods are cancelled and others finish.
    #[must_use]
    pub fn on_hang_up(mut self, hang_up: HangUp) -> Self {
        self.hang_up = hang_up;
        self
    }

    /// The JSON schema of the request body, for the API document.
    #[must_use]
    pub fn request_schema(mut self, schema: Value) -> Self {
        self.request_schema = Some(schema);
        self
    }

    /// The JSON schema of the successful response, for the API document.
    #[must_use]
    pub fn response_schema(mut self, schema: Value) -> Self {
        self.response_schema = Some(schema);
        self
    }

    /// The operation's name, unique among all APIs.
    pub fn operation_id(&self) -> &str {
        &self.operation_id
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path with its parameters in braces.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Who may call it.
    pub fn access(&self) -> Access {
        self.access
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({:?})", self.method, self.path, self.access)
    }
}

/// A list of operations that belong together.
#[derive(Debug)]
pub struct Api {
    pub(crate) name: String,
    pub(crate) audiences: Arc<Audiences>,
    pub(crate) routes: Vec<Arc<Route>>,
}

impl Api {
    /// An API without routes yet. Its tokens are those for the platform's own audiences.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), audiences: Arc::default(), routes: Vec::new() }
    }

    /// Accepts tokens for these audiences instead of the platform's own.
    #[must_use]
    pub fn audiences(mut self, audiences: Audiences) -> Self {
        self.audiences = Arc::new(audiences);
        self
    }

    /// Adds an operation.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(Arc::new(route));
        self
    }

    /// The API's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operations.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter().map(Arc::as_ref)
    }
}
