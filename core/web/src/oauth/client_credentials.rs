//! The client credentials grant (RFC 6749 section 4.4): an application asks for a token in its own name.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{Client, OAuth, TOKEN_LIFETIME};
use crate::error::{Aadsts, ApiError};
use crate::token::Grant;

/// Decides what token for `audience` the client gets, if any.
pub(super) async fn grant(
    authority: &OAuth,
    tenant: Uuid,
    audience: String,
    client_id: &str,
    secret: &str,
    address: Option<IpAddr>,
) -> Result<Grant, ApiError> {
    let now = authority.clock.now();
    if let Some(left) = authority.attempts.locked_for(client_id, address, now) {
        return Err(locked(left));
    }
    let client = authority.clients.find(tenant, client_id).await.map_err(|error| {
        ApiError::unavailable("the client directory cannot be read now", Duration::from_secs(5))
            .with_source(error)
    })?;
    match authenticate(client, client_id, secret, now) {
        Ok(client) => {
            authority.attempts.succeeded(client_id, address);
            Ok(Grant {
                tenant,
                client_id: client.client_id,
                object_id: client.object_id,
                display_name: client.display_name,
                audience,
                roles: client.roles,
                lifetime: TOKEN_LIFETIME,
            })
        }
        Err(error) => {
            authority.attempts.failed(client_id, address, now);
            Err(error)
        }
    }
}

/// The client, if the secret is one of its own and it may sign in. Whether it is disabled is told only to those who
/// know its secret.
fn authenticate(
    client: Option<Client>,
    client_id: &str,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Client, ApiError> {
    let Some(client) = client else {
        let shown: String = client_id.chars().filter(|c| !c.is_control()).collect();
        let message = format!("application with identifier `{shown}` was not found in the tenant");
        return Err(ApiError::aadsts(Aadsts::CLIENT_NOT_FOUND, message));
    };
    let matching: Vec<_> = client.secrets.iter().filter(|stored| stored.hash.matches(secret)).collect();
    if matching.is_empty() {
        let message = "invalid client secret provided; make sure to send the secret's value and not its id";
        return Err(ApiError::aadsts(Aadsts::WRONG_SECRET, message));
    }
    if matching.iter().all(|stored| stored.expires.is_some_and(|expires| expires <= now)) {
        return Err(ApiError::aadsts(Aadsts::EXPIRED_SECRET, "the provided client secret has expired"));
    }
    if !client.is_enabled {
        return Err(ApiError::aadsts(Aadsts::CLIENT_DISABLED, "the application is disabled"));
    }
    Ok(client)
}

fn locked(left: TimeDelta) -> ApiError {
    let message = "too many failed sign-ins of this client from this address; wait before the next attempt";
    ApiError::aadsts(Aadsts::LOCKED, message).with_retry_after(left.to_std().unwrap_or_default())
}
