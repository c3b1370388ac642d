//! What the authority publishes about itself: OpenID Connect Discovery 1.0, RFC 8414, and its keys (RFC 7517).

use axum::Json;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;
use serde_json::json;

use super::OAuth;
use crate::route::{HandlerResult, RequestContext};

/// How long clients may keep the documents. Keys are published long before they sign, so this may be long too.
const KEEP: &str = "private, max-age=3600";

pub(super) fn configuration(authority: &OAuth, context: &RequestContext) -> HandlerResult {
    let tenant = authority.tenant(context)?;
    let base = authority.base(context)?;
    let at = |path: &str| format!("{base}/{tenant}/{path}");
    let document = json!({
        "issuer": authority.issuer.authority().issuer(tenant),
        "token_endpoint": at("oauth2/v2.0/token"),
        // Present because clients demand it; it answers that interactive sign-in is not supported.
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "jwks_uri": at("discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": [
            "aud", "iss", "iat", "nbf", "exp", "sub", "oid", "tid", "azp", "azpacr", "idtyp", "roles", "ver", "uti",
        ],
        "request_uri_parameter_supported": false,
    });
    Ok(([(CACHE_CONTROL, KEEP)], Json(document)).into_response())
}

pub(super) fn keys(authority: &OAuth, context: &RequestContext) -> HandlerResult {
    authority.tenant(context)?;
    Ok(([(CACHE_CONTROL, KEEP)], Json(authority.ring.jwks())).into_response())
}
