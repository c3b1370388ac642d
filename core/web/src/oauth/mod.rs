//! The token authority: OAuth 2 client credentials (RFC 6749 section 4.4) at Entra-compatible paths, with
//! discovery and published keys, so that MSAL and the Azure SDKs work with nothing changed but the address.
//!
//! | path | file |
//! |---|---|
//! | `POST /{tenant}/oauth2/v2.0/token`, `POST /{tenant}/oauth2/token` | `token.rs`, and a file for each grant |
//! | `GET /{tenant}/v2.0/.well-known/openid-configuration` and its variants | `discovery.rs` |
//! | `GET /{tenant}/discovery/v2.0/keys` | `discovery.rs` |
//! | `GET /common/discovery/instance` | `instance.rs` |
//!
//! Clients are looked up through [`ClientDirectory`]; guessing is slowed down by `attempts.rs`.

mod attempts;
mod client;
mod client_credentials;
mod discovery;
mod form;
mod instance;
mod resources;
mod token;

use std::sync::Arc;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::clock::Clock;
use crate::error::{Aadsts, ApiError, Style};
use crate::route::{Access, Api, RequestContext, Route};
use crate::tenant::Tenants;
use crate::token::{Authority, KeyRing, TokenIssuer};

use attempts::Attempts;
pub use client::{Client, ClientDirectory, ClientSecret, DirectoryError, InvalidSecretHash, SecretHash};
pub use resources::Resources;

/// Largest form the token endpoint reads, in bytes.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// How long an access token is valid: what Entra gives applications.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::seconds(3599);

/// What the authority works with.
pub struct OAuth {
    tenants: Arc<Tenants>,
    clients: Arc<dyn ClientDirectory>,
    ring: Arc<KeyRing>,
    issuer: Arc<TokenIssuer>,
    resources: Resources,
    advertised: Option<Authority>,
    attempts: Attempts,
    clock: Clock,
}

impl OAuth {
    /// An authority that issues tokens for `resources` to the clients in `clients`. Documents name the endpoints
    /// at `advertised`; without it, at the host that the client used.
    pub fn new(
        tenants: Arc<Tenants>,
        clients: Arc<dyn ClientDirectory>,
        ring: Arc<KeyRing>,
        issuer: Arc<TokenIssuer>,
        resources: Resources,
        advertised: Option<Authority>,
        clock: Clock,
    ) -> Self {
        Self { tenants, clients, ring, issuer, resources, advertised, attempts: Attempts::default(), clock }
    }

    /// The authority's routes.
    pub fn api(self: Arc<Self>) -> Api {
        let get = |path: &str, operation: &str, summary: &str, handler: fn(&OAuth, &RequestContext) -> _| {
            let authority = self.clone();
            Route::get(path, operation, Access::Public, move |context| {
                let authority = authority.clone();
                async move { handler(&authority, &context) }
            })
            .style(Style::OAuth)
            .summary(summary)
        };
        Api::new("oauth")
            .route(token::route(self.clone()))
            .route(token::route_v1(self.clone()))
            .route(get(
                "/{tenant}/v2.0/.well-known/openid-configuration",
                "getOpenIdConfiguration",
                "what this authority can do and where",
                discovery::configuration,
            ))
            .route(get(
                "/{tenant}/.well-known/openid-configuration",
                "getOpenIdConfigurationUnversioned",
                "the same document, at the path without a version",
                discovery::configuration,
            ))
            .route(get(
                "/.well-known/oauth-authorization-server/{tenant}/v2.0",
                "getAuthorizationServerMetadata",
                "the same document, at the path of RFC 8414",
                discovery::configuration,
            ))
            .route(get(
                "/{tenant}/discovery/v2.0/keys",
                "getSigningKeys",
                "the keys that tokens are signed with",
                discovery::keys,
            ))
            .route(get(
                "/common/discovery/instance",
                "discoverInstance",
                "whether an authorisation address belongs to this authority",
                instance::discover,
            ))
            .route(get(
                "/{tenant}/oauth2/v2.0/authorize",
                "authorize",
                "interactive sign-in, which this authority does not have",
                |_, _| {
                    Err(ApiError::not_supported(
                        "interactive sign-in is not supported; use client credentials",
                    ))
                },
            ))
    }

    /// The tenant named in the path.
    fn tenant(&self, context: &RequestContext) -> Result<Uuid, ApiError> {
        let name = context.param("tenant")?;
        self.tenants.find(name).ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(128).collect();
            let message =
                format!("tenant `{shown}` not found; check that it is the tenant id or a domain name of it");
            ApiError::aadsts(Aadsts::TENANT_NOT_FOUND, message)
        })
    }

    /// Where the client finds the endpoints.
    fn base(&self, context: &RequestContext) -> Result<Authority, ApiError> {
        if let Some(fixed) = &self.advertised {
            return Ok(fixed.clone());
        }
        context.host().and_then(Authority::from_host).ok_or_else(|| {
            ApiError::invalid("the request does not say which host it is for").with_target("Host")
        })
    }
}
