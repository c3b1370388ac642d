//! `POST /{tenant}/oauth2/v2.0/token`: reads the form, lets the grant decide, signs the token.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use serde_json::json;

use super::form::{TokenForm, missing};
use super::{FORM_BYTES_MAX, OAuth, client_credentials};
use crate::error::{Aadsts, ApiError, Style};
use crate::route::{Access, HandlerResult, RequestContext, Route};
use crate::token::{Grant, IssuedToken};

/// The aliases that stand for no single tenant.
const ALIASES: [&str; 3] = ["common", "organizations", "consumers"];

/// How long a request may take, sending the form included. Forms are small.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn route(authority: Arc<OAuth>) -> Route {
    Route::post("/{tenant}/oauth2/v2.0/token", "issueToken", Access::Public, move |context| {
        let authority = authority.clone();
        async move { issue(authority, context).await }
    })
    .style(Style::OAuth)
    .summary("issues an access token to an application")
    .max_body_bytes(FORM_BYTES_MAX)
    .timeout(TIMEOUT)
    .response_schema(json!({
        "type": "object",
        "required": ["token_type", "expires_in", "ext_expires_in", "access_token"],
        "properties": {
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer"},
            "ext_expires_in": {"type": "integer"},
            "access_token": {"type": "string"}
        }
    }))
}

async fn issue(authority: Arc<OAuth>, mut context: RequestContext) -> HandlerResult {
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
    let scope = form.scope.take();
    let (client_id, secret) = form.credentials(context.headers())?;
    let address = context.peer().and_then(|peer| peer.ip());
    let grant =
        client_credentials::grant(&authority, tenant, scope, &client_id, secret.expose(), address).await?;
    let issued = sign(&authority, grant).await?;
    tracing::info!(
        tenant = %tenant,
        client_id,
        address = address.map(|address| address.to_string()),
        token_id = issued.id,
        "token issued"
    );
    Ok(response(&issued))
}

/// Signs off the runtime: an RSA signature takes about a millisecond.
async fn sign(authority: &OAuth, grant: Grant) -> Result<IssuedToken, ApiError> {
    let issuer = authority.issuer.clone();
    tokio::task::spawn_blocking(move || issuer.issue(&grant))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)
}

/// RFC 6749 section 5.1, with the member Entra adds.
fn response(issued: &IssuedToken) -> Response {
    let body = json!({
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "ext_expires_in": issued.expires_in,
        "access_token": issued.token.expose(),
    });
    let mut response = Response::new(body.to_string().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
