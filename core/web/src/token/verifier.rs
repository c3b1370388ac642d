//! Verifies access tokens: a function over bytes.

use std::sync::Arc;

use uuid::Uuid;

use super::audience::Audiences;
use super::authority::Authority;
use super::cache::TokenCache;
use super::claims::Claims;
use super::jws;
use super::ring::KeyRing;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::principal::{Principal, PrincipalKind};
use crate::role::RoleSet;
use crate::tenant::Tenants;

/// How far clocks may differ, in seconds; the tolerance Entra's own libraries have.
const SKEW_SECONDS: i64 = 5 * 60;

/// Longest acceptable validity of a token, in seconds: the longest-lived tokens that clients know, 28 hours.
const LIFETIME_SECONDS_MAX: i64 = 28 * 3600;

/// Tokens whose signature need not be checked again. A thousand bytes each at most: a few megabytes.
const CACHED_TOKENS_MAX: usize = 4096;

/// Why a token is refused. The messages are for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than any token we issue.
    #[error("the access token is too long")]
    TooLong,
    /// It is not a token in the expected form.
    #[error("the access token is malformed: {0}")]
    Malformed(&'static str),
    /// Its header names another algorithm than the one there is.
    #[error("the access token is not signed with RS256")]
    Algorithm,
    /// It names no key, or one that is not published.
    #[error("the access token is signed with an unknown key")]
    UnknownKey,
    /// The signature does not hold.
    #[error("the signature of the access token does not hold")]
    Signature,
    /// Its time is over.
    #[error("the access token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the access token is not valid yet")]
    NotYetValid,
    /// Its times contradict each other or span too long.
    #[error("the access token has an unacceptable validity period")]
    Lifetime,
    /// Another authority issued it.
    #[error("the access token was issued by another authority")]
    Issuer,
    /// It belongs to a tenant that is not served here.
    #[error("the access token belongs to another tenant")]
    Tenant,
    /// It is meant for another resource.
    #[error("the access token is meant for another audience")]
    Audience,
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        let refused = ApiError::unauthenticated(error.to_string());
        match error {
            TokenError::Expired => refused.with_reason("ExpiredAuthenticationToken"),
            TokenError::Audience => refused.with_reason("InvalidAuthenticationTokenAudience"),
            TokenError::Tenant => refused.with_reason("InvalidAuthenticationTokenTenant"),
            _ => refused,
        }
    }
}

/// A token that has been verified: signature, time, issuer, tenant and audience. Only
/// [`TokenVerifier::verify`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    claims: Arc<Claims>,
}

impl VerifiedToken {
    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The tenant the token belongs to.
    pub fn tenant(&self) -> Uuid {
        self.claims.tid
    }

    /// Whom the token stands for.
    pub fn principal(&self) -> Principal {
        let claims = &self.claims;
        let kind = match claims.idtyp.as_deref() {
            Some("app") => PrincipalKind::Application,
            _ => PrincipalKind::User,
        };
        Principal {
            tenant: claims.tid,
            subject: claims.oid.clone(),
            display_name: claims.app_displayname.clone().unwrap_or_else(|| claims.oid.clone()),
            roles: RoleSet::from_names(claims.roles.iter().map(String::as_str)),
            kind,
        }
    }
}

/// Checks access tokens against our own keys.
pub struct TokenVerifier {
    ring: Arc<KeyRing>,
    authority: Authority,
    tenants: Arc<Tenants>,
    clock: Clock,
    cache: TokenCache,
}

impl TokenVerifier {
    /// A verifier of tokens that `authority` issued for `tenants`, signed with keys of `ring`.
    pub fn new(ring: Arc<KeyRing>, authority: Authority, tenants: Arc<Tenants>, clock: Clock) -> Self {
        Self { ring, authority, tenants, clock, cache: TokenCache::new(CACHED_TOKENS_MAX) }
    }

    /// Verifies `token`, which must be meant for one of `audiences`. Any bytes may be given.
    ///
    /// # Errors
    /// The first [`TokenError`] that applies; the signature is checked before any claim is read.
    pub fn verify(&self, token: &[u8], audiences: &Audiences) -> Result<VerifiedToken, TokenError> {
        if token.len() > jws::TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let hash = TokenCache::hash(token);
        let generation = self.ring.generation();
        let known = self.cache.find(&hash, generation);
        let is_known = known.is_some();
        let claims = match known {
            Some(claims) => claims,
            None => Arc::new(self.signed_claims(token)?),
        };
        let checked = self.check(&claims, audiences);
        match checked {
            Ok(()) if !is_known => self.cache.insert(hash, generation, claims.clone()),
            Err(TokenError::Expired) if is_known => self.cache.remove(&hash),
            _ => {}
        }
        checked.map(|()| VerifiedToken { claims })
    }

    /// The claims of a token whose signature holds.
    fn signed_claims(&self, token: &[u8]) -> Result<Claims, TokenError> {
        let parts = jws::split(token)?;
        let key = self.ring.find(&parts.kid).ok_or(TokenError::UnknownKey)?;
        if !key.verify(parts.signed, &parts.signature) {
            return Err(TokenError::Signature);
        }
        jws::claims(parts.payload)
    }

    fn check(&self, claims: &Claims, audiences: &Audiences) -> Result<(), TokenError> {
        let now = self.clock.now().timestamp();
        if claims.exp <= claims.iat || claims.exp.saturating_sub(claims.iat) > LIFETIME_SECONDS_MAX {
            return Err(TokenError::Lifetime);
        }
        if claims.exp.saturating_add(SKEW_SECONDS) <= now {
            return Err(TokenError::Expired);
        }
        if claims.nbf.max(claims.iat).saturating_sub(SKEW_SECONDS) > now {
            return Err(TokenError::NotYetValid);
        }
        if !self.tenants.contains(claims.tid) {
            return Err(TokenError::Tenant);
        }
        if claims.iss != self.authority.issuer(claims.tid) {
            return Err(TokenError::Issuer);
        }
        if !audiences.contains(&claims.aud) {
            return Err(TokenError::Audience);
        }
        Ok(())
    }
}
