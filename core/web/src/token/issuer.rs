//! Issues access tokens.

use std::sync::Arc;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use uuid::Uuid;

use super::authority::Authority;
use super::claims::Claims;
use super::jws;
use super::key::KeyError;
use super::ring::KeyRing;
use crate::clock::Clock;
use crate::role::RoleSet;
use crate::secret::SecretString;

/// What a token shall say.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The tenant of the client.
    pub tenant: Uuid,
    /// The client id, as the client sent it.
    pub client_id: String,
    /// The object id of the client's principal.
    pub object_id: String,
    /// The client's name for people.
    pub display_name: String,
    /// The resource the token is for.
    pub audience: String,
    /// The roles of the client.
    pub roles: RoleSet,
    /// How long the token is valid.
    pub lifetime: TimeDelta,
}

/// A signed token.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token, as it goes into an `Authorization` header.
    pub token: SecretString,
    /// Its unique identifier, for the audit trail.
    pub id: String,
    /// How long it is valid from now, in seconds.
    pub expires_in: i64,
}

/// Signs tokens with the current key of a ring.
pub struct TokenIssuer {
    ring: Arc<KeyRing>,
    authority: Authority,
    clock: Clock,
}

impl TokenIssuer {
    /// An issuer named `authority`.
    pub fn new(ring: Arc<KeyRing>, authority: Authority, clock: Clock) -> Self {
        Self { ring, authority, clock }
    }

    /// The authority the tokens name as their issuer.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Issues a token. An RSA signature takes about a millisecond of computing: call it off the runtime.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the library fails.
    pub fn issue(&self, grant: &Grant) -> Result<IssuedToken, KeyError> {
        let now = self.clock.now().timestamp();
        let expires_in = grant.lifetime.num_seconds();
        let claims = Claims {
            aud: grant.audience.clone(),
            iss: self.authority.issuer(grant.tenant),
            iat: now,
            nbf: now,
            exp: now + expires_in,
            sub: grant.object_id.clone(),
            oid: grant.object_id.clone(),
            tid: grant.tenant,
            azp: Some(grant.client_id.clone()),
            appid: Some(grant.client_id.clone()),
            azpacr: Some("1".to_owned()),
            app_displayname: Some(grant.display_name.clone()),
            idtyp: Some("app".to_owned()),
            roles: grant.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            ver: "2.0".to_owned(),
            uti: token_id()?,
        };
        let token = jws::sign(&self.ring.signing(), &claims)?;
        Ok(IssuedToken { token: SecretString::new(token), id: claims.uti, expires_in })
    }
}

fn token_id() -> Result<String, KeyError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| KeyError::Crypto("draw random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
