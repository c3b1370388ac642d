//! `GET /common/discovery/instance`: MSAL asks whether an authorisation address belongs to an authority it can
//! trust. We vouch for our own host and for nobody else.

use axum::Json;
use axum::response::IntoResponse;
use http::Uri;
use serde_json::json;

use super::OAuth;
use crate::error::{Aadsts, ApiError};
use crate::route::{HandlerResult, RequestContext};

pub(super) fn discover(authority: &OAuth, context: &RequestContext) -> HandlerResult {
    let endpoint = context.query("authorization_endpoint")?.ok_or_else(|| {
        ApiError::aadsts(
            Aadsts::PARAMETER_MISSING,
            "the query must contain the parameter `authorization_endpoint`",
        )
        .with_target("authorization_endpoint")
    })?;
    let base = authority.base(context)?;
    let tenant = tenant_at(&endpoint, base.host())
        .ok_or_else(|| ApiError::aadsts(Aadsts::UNKNOWN_INSTANCE, "unknown or invalid instance"))?;
    let version = if context.query("api-version")?.as_deref() == Some("1.0") { "1.0" } else { "1.1" };
    let host = base.host();
    Ok(Json(json!({
        "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": version,
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
    .into_response())
}

/// The tenant segment of an address on `host`. MSAL leaves the port out, so the name alone may stand there.
fn tenant_at(endpoint: &str, host: &str) -> Option<String> {
    let uri: Uri = endpoint.parse().ok()?;
    let authority = uri.authority()?;
    let own: http::uri::Authority = host.parse().ok()?;
    let is_same_host = authority.host().eq_ignore_ascii_case(own.host())
        && (authority.port_u16().is_none() || authority.port_u16() == own.port_u16())
        && !authority.as_str().contains('@');
    let tenant = uri.path().split('/').nth(1)?;
    let is_plain = !tenant.is_empty()
        && tenant.len() <= 255
        && tenant.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    (uri.scheme_str() == Some("https") && is_same_host && is_plain).then(|| tenant.to_owned())
}
