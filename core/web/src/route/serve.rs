//! The way of one request: find the operation, admit the caller, run the handler, answer, report.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::response::Response;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use tokio::task::JoinError;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;
use uuid::Uuid;

use super::context::RequestContext;
use super::observe::{self, RequestRecord};
use super::path::Template;
use super::{Gate, HandlerResult, HangUp, Route};
use crate::body;
use crate::error::{ApiError, Code, Style};
use crate::principal::Principal;
use crate::request_id::RequestIds;
use crate::token::Audiences;

/// A route with what was derived from its declaration.
pub(super) struct Declared {
    pub route: Arc<Route>,
    pub audiences: Arc<Audiences>,
    pub template: Template,
    pub names: Vec<String>,
}

/// The routes that share a path.
#[derive(Default)]
pub(super) struct Place {
    pub routes: Vec<Arc<Declared>>,
}

impl Place {
    fn find(&self, method: &Method) -> Option<&Arc<Declared>> {
        let by = |wanted: &Method| self.routes.iter().find(|one| one.route.method == *wanted);
        by(method).or_else(|| if *method == Method::HEAD { by(&Method::GET) } else { None })
    }

    fn allowed(&self) -> HeaderValue {
        let mut methods: Vec<&str> = self.routes.iter().map(|one| one.route.method.as_str()).collect();
        if methods.contains(&"GET") && !methods.contains(&"HEAD") {
            methods.push("HEAD");
        }
        HeaderValue::from_str(&methods.join(", ")).expect("methods are visible ASCII")
    }

    fn style(&self) -> Style {
        self.routes.first().map_or(Style::ResourceManager, |one| one.route.style)
    }
}

/// Serves a request to a path that exists.
pub(super) async fn at(gate: &Arc<Gate>, place: &Place, request: Request) -> Response {
    let Some(declared) = place.find(request.method()) else {
        let report = Report::new(gate, UNMATCHED, place.style(), &request);
        let error = ApiError::new(Code::MethodNotAllowed, "the method is not allowed on this path");
        let mut response = report.end(Err(error));
        response.headers_mut().insert(ALLOW, place.allowed());
        return response;
    };
    let route = &declared.route;
    let mut report = Report::new(gate, &route.operation_id, route.style, &request);
    let is_head = request.method() == Method::HEAD;
    let (mut parts, body) = request.into_parts();
    if let Some(credentials) = parts.headers.get_mut(AUTHORIZATION) {
        credentials.set_sensitive(true);
    }
    let result = match admit(gate, declared, &mut parts, &mut report).await {
        Ok(params) => {
            let context = RequestContext {
                parts,
                body,
                principal: report.principal.clone(),
                ids: report.ids.clone(),
                params,
                max_body_bytes: route.max_body_bytes,
            };
            run(gate, route.clone(), context).await
        }
        Err(error) => Err(error),
    };
    let mut response = report.end(result);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Answers a request to a path that does not exist.
pub(super) fn nowhere(gate: &Arc<Gate>, style: Style, request: Request) -> Response {
    Report::new(gate, UNMATCHED, style, &request)
        .end(Err(ApiError::not_found("there is nothing at this path")))
}

const UNMATCHED: &str = "unmatched";

/// Everything that must hold before the handler runs; gives the path parameters.
async fn admit(
    gate: &Gate,
    declared: &Declared,
    parts: &mut Parts,
    report: &mut Report<'_>,
) -> Result<Vec<(String, String)>, ApiError> {
    let admitted = gate.admit(&declared.route, &declared.audiences, parts);
    let (principal, refusal) = match admitted {
        Ok(principal) => (principal, None),
        Err((principal, error)) => (principal, Some(error)),
    };
    report.principal = principal.map(Arc::new);
    if let Some(error) = refusal {
        return Err(error);
    }
    body::refuse_announced_excess(&parts.headers, declared.route.max_body_bytes)?;
    let values = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| ApiError::invalid("the path is not percent-encoded UTF-8"))?;
    Ok(declared.names.iter().cloned().zip(values.iter().map(|(_, value)| value.to_owned())).collect())
}

/// Runs the handler on a task of its own, so that a panic ends only this request and, where the route says so, a
/// client that hangs up does not stop a change half way.
async fn run(gate: &Gate, route: Arc<Route>, context: RequestContext) -> HandlerResult {
    let permit = gate.permit(route.access)?;
    let span =
        tracing::info_span!("operation", operation = route.operation_id, request_id = %context.ids.request());
    let hang_up = route.hang_up;
    let handler = async move {
        let _permit = permit;
        match tokio::time::timeout(route.timeout, (route.handler)(context)).await {
            Ok(result) => result,
            Err(_) => Err(overdue(route.timeout)),
        }
    };
    let task = gate.running.spawn(handler.instrument(span));
    let joined = match hang_up {
        HangUp::Finish => task.await,
        HangUp::Cancel => AbortOnDropHandle::new(task).await,
    };
    joined.unwrap_or_else(|error| Err(crashed(error)))
}

fn overdue(timeout: Duration) -> ApiError {
    ApiError::unavailable("the operation took too long", timeout)
        .with_source(format!("the handler did not end within {} ms", timeout.as_millis()))
}

fn crashed(error: JoinError) -> ApiError {
    match error.try_into_panic() {
        Ok(panic) => ApiError::internal(format!("the handler panicked: {}", panic_message(panic.as_ref()))),
        Err(error) => ApiError::internal(error),
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

/// What is known of a request while it is served. Reported exactly once: when it is answered, or when it is
/// dropped because the client went away.
struct Report<'g> {
    gate: &'g Gate,
    operation: &'g str,
    method: Method,
    style: Style,
    ids: RequestIds,
    principal: Option<Arc<Principal>>,
    over_tls_name: bool,
    started: Instant,
    is_over: bool,
}

/// The status by which a request is logged whose client went away.
const CLIENT_WENT_AWAY: u16 = 499;

impl<'g> Report<'g> {
    fn new(gate: &'g Gate, operation: &'g str, style: Style, request: &Request) -> Self {
        Self {
            gate,
            operation,
            method: request.method().clone(),
            style,
            ids: RequestIds::new(Uuid::new_v4(), style, request.headers()),
            principal: None,
            over_tls_name: is_public_name(request),
            started: Instant::now(),
            is_over: false,
        }
    }

    /// Turns the outcome into the response, and reports it.
    fn end(mut self, result: HandlerResult) -> Response {
        let (mut response, error) = match result {
            Ok(response) => (response, None),
            Err(error) => (self.style.render(&error, &self.ids, self.gate.clock.now()), Some(error)),
        };
        let headers = response.headers_mut();
        self.ids.write(self.style, headers);
        secure(headers, self.over_tls_name);
        let bytes = response.body().size_hint().exact();
        self.tell(response.status().as_u16(), error.as_ref(), bytes);
        response
    }

    fn tell(&mut self, status: u16, error: Option<&ApiError>, response_bytes: Option<u64>) {
        self.is_over = true;
        let record = RequestRecord {
            operation: self.operation,
            method: standard_name(&self.method),
            status,
            code: error.map(ApiError::code),
            duration: self.started.elapsed(),
            principal: self.principal.as_deref(),
            request_id: self.ids.request(),
            response_bytes,
        };
        self.gate.observer.observe(&record);
        observe::log(&record, self.ids.client(), error);
    }
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(CLIENT_WENT_AWAY, None, None);
        }
    }
}

/// Keeps invented methods out of metrics.
fn standard_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// Headers that tell browsers to be careful; a handler that serves pages sets its own policy.
fn secure(headers: &mut HeaderMap, over_tls_name: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if over_tls_name {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Whether the client used a real name. For `localhost`, strict transport security would also bind whatever else
/// the person runs there; for addresses it has no meaning.
fn is_public_name(request: &Request) -> bool {
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()),
    };
    let Some(authority) = host.and_then(|host| host.parse::<http::uri::Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.contains('.') && name.parse::<std::net::IpAddr>().is_err() && !name.ends_with(".localhost")
}
