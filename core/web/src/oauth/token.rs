//! The token endpoint: reads the form, lets the grant decide, signs the token.
//!
//! It has two dialects, told apart by path. In that of version 2.0 a `scope` names the resource. In the older one,
//! which scripts and examples for the query APIs still use, `resource` does, and numbers are texts in the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use serde_json::{Value, json};

use super::form::{TokenForm, missing};
use super::{FORM_BYTES_MAX, OAuth, client_credentials};
use crate::error::{Aadsts, ApiError, Style};
use crate::route::{Access, HandlerResult, RequestContext, Route};
use crate::token::{Grant, IssuedToken};

/// The aliases that stand for no single tenant.
const ALIASES: [&str; 3] = ["common", "organizations", "consumers"];

/// How long a request may take, sending the form included. Forms are small.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How request and answer are worded.
#[derive(Clone, Copy)]
enum Dialect {
    V1,
    V2,
}

/// `POST /{tenant}/oauth2/v2.0/token`
pub(super) fn route(authority: Arc<OAuth>) -> Route {
    let path = "/{tenant}/oauth2/v2.0/token";
    endpoint(authority, path, "issueToken", "issues an access token to an application", Dialect::V2)
}

/// `POST /{tenant}/oauth2/token`
pub(super) fn route_v1(authority: Arc<OAuth>) -> Route {
    let summary = "the same for older clients, which name a `resource` instead of a scope";
    endpoint(authority, "/{tenant}/oauth2/token", "issueTokenV1", summary, Dialect::V1)
}

fn endpoint(authority: Arc<OAuth>, path: &str, name: &str, summary: &str, dialect: Dialect) -> Route {
    Route::post(path, name, Access::Public, move |context| {
        let authority = authority.clone();
        async move { issue(authority, context, dialect).await }
    })
    .style(Style::OAuth)
    .summary(summary)
    .max_body_bytes(FORM_BYTES_MAX)
    .timeout(TIMEOUT)
    .response_schema(dialect.response_schema())
}

async fn issue(authority: Arc<OAuth>, mut context: RequestContext, dialect: Dialect) -> HandlerResult {
    if ALIASES.iter().any(|alias| context.param("tenant").is_ok_and(|name| name.eq_ignore_ascii_case(alias)))
    {
        let message = "an application signs in to one tenant: name it by its id or domain in the path";
        return Err(ApiError::aadsts(Aadsts::TENANT_NOT_NAMED, message));
    }
    let tenant = authority.tenant(&context)?;
    let body = context.body().await?;
    let mut form = TokenForm::parse(context.headers(), &body)?;
    match form.grant_type.as_deref() {
        None | Some("") => return Err(missing("grant_type")),
        Some("client_credentials") => {}
        Some(_) => {
            let message = "the grant type is not supported; this endpoint supports `client_credentials`";
            return Err(ApiError::aadsts(Aadsts::UNSUPPORTED_GRANT_TYPE, message));
        }
    }
    let (scope, resource) = (form.scope.take(), form.resource.take());
    let (client_id, secret) = form.credentials(context.headers())?;
    let audience = dialect.audience(&authority, scope, resource)?;
    let address = context.peer().and_then(|peer| peer.ip());
    let grant =
        client_credentials::grant(&authority, tenant, audience.clone(), &client_id, secret.expose(), address)
            .await?;
    let issued = sign(&authority, grant).await?;
    tracing::info!(
        tenant = %tenant,
        client_id,
        address = address.map(|address| address.to_string()),
        token_id = issued.id,
        "token issued"
    );
    let body = match dialect {
        Dialect::V2 => json!({
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "ext_expires_in": issued.expires_in,
            "access_token": issued.token.expose(),
        }),
        Dialect::V1 => {
            let (now, lifetime) = (authority.clock.now().timestamp(), issued.expires_in);
            json!({
                "token_type": "Bearer",
                "expires_in": lifetime.to_string(),
                "ext_expires_in": lifetime.to_string(),
                "expires_on": (now + lifetime).to_string(),
                "not_before": now.to_string(),
                "resource": audience,
                "access_token": issued.token.expose(),
            })
        }
    };
    Ok(response(&body))
}

impl Dialect {
    /// The audience that is asked for.
    fn audience(
        self,
        authority: &OAuth,
        scope: Option<String>,
        resource: Option<String>,
    ) -> Result<String, ApiError> {
        let given =
            |value: Option<String>, name| value.filter(|v| !v.is_empty()).ok_or_else(|| missing(name));
        match self {
            Self::V1 => authority.resources.named(&given(resource, "resource")?),
            Self::V2 => authority.resources.audience(&given(scope, "scope")?),
        }
    }

    fn response_schema(self) -> Value {
        match self {
            Self::V2 => json!({
                "type": "object",
                "required": ["token_type", "expires_in", "ext_expires_in", "access_token"],
                "properties": {
                    "token_type": {"const": "Bearer"},
                    "expires_in": {"type": "integer"},
                    "ext_expires_in": {"type": "integer"},
                    "access_token": {"type": "string"}
                }
            }),
            Self::V1 => json!({
                "type": "object",
                "required": ["token_type", "expires_in", "expires_on", "not_before", "resource", "access_token"],
                "properties": {
                    "token_type": {"const": "Bearer"},
                    "expires_in": {"type": "string"},
                    "ext_expires_in": {"type": "string"},
                    "expires_on": {"type": "string"},
                    "not_before": {"type": "string"},
                    "resource": {"type": "string"},
                    "access_token": {"type": "string"}
                }
            }),
        }
    }
}

/// Signs off the runtime: an RSA signature takes about a millisecond.
async fn sign(authority: &OAuth, grant: Grant) -> Result<IssuedToken, ApiError> {
    let issuer = authority.issuer.clone();
    tokio::task::spawn_blocking(move || issuer.issue(&grant))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)
}

/// RFC 6749 section 5.1: never kept by anybody on the way.
fn response(body: &Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
