//! What stands between the listeners and the handlers: authentication, limits, observation.

use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::observe::RequestObserver;
use super::{Access, Route};
use crate::clock::Clock;
use crate::error::{ApiError, MISSING_CREDENTIALS};
use crate::peer::{LocalRule, Peer};
use crate::principal::Principal;
use crate::token::{Audiences, TokenVerifier};

/// Bounds that hold for all routes together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Handlers of known callers that may run at the same time; further requests are told to come back.
    pub in_flight_max: usize,
    /// The same for public routes: strangers who send slowly must not take the place of those who are known.
    pub public_in_flight_max: usize,
}

impl Default for Limits {
    /// Times the default body of 1 MiB, this is what may wait in memory: half a gigabyte at the very worst.
    fn default() -> Self {
        Self { in_flight_max: 512, public_in_flight_max: 256 }
    }
}

/// Lets requests through to their handlers, or refuses them.
pub struct Gate {
    verifier: Arc<TokenVerifier>,
    audiences: Audiences,
    local: LocalRule,
    pub(super) observer: Arc<dyn RequestObserver>,
    pub(super) clock: Clock,
    permits: Arc<Semaphore>,
    public_permits: Arc<Semaphore>,
    pub(super) running: TaskTracker,
}

impl Gate {
    /// A gate that accepts tokens `verifier` finds good, meant for one of `audiences` unless an API names its
    /// own, and local peers by `local`.
    pub fn new(
        verifier: Arc<TokenVerifier>,
        audiences: Audiences,
        local: LocalRule,
        observer: Arc<dyn RequestObserver>,
        limits: Limits,
        clock: Clock,
    ) -> Self {
        let permits = |max: usize| Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS)));
        Self {
            verifier,
            audiences,
            local,
            observer,
            clock,
            permits: permits(limits.in_flight_max),
            public_permits: permits(limits.public_in_flight_max),
            running: TaskTracker::new(),
        }
    }

    /// Waits until the handlers that are still running have ended; call it when no more requests come.
    pub async fn drain(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Who makes this request, if the route may be called by them; `None` on a public route.
    pub(super) fn admit(
        &self,
        route: &Route,
        audiences: &Audiences,
        parts: &Parts,
    ) -> Result<Option<Principal>, (Option<Principal>, ApiError)> {
        let Access::Role(role) = route.access else {
            return Ok(None);
        };
        let principal = self.authenticate(audiences, parts).map_err(|error| (None, error))?;
        match principal.require(role) {
            Ok(()) => Ok(Some(principal)),
            Err(error) => Err((Some(principal), error)),
        }
    }

    /// A place for one more running handler.
    pub(super) fn permit(&self, access: Access) -> Result<OwnedSemaphorePermit, ApiError> {
        let permits = match access {
            Access::Public => &self.public_permits,
            Access::Role(_) => &self.permits,
        };
        permits.clone().try_acquire_owned().map_err(|_| {
            ApiError::unavailable("the server is working on too many requests", Duration::from_secs(1))
        })
    }

    fn authenticate(&self, audiences: &Audiences, parts: &Parts) -> Result<Principal, ApiError> {
        let audiences = if audiences.is_empty() { &self.audiences } else { audiences };
        let mut given = parts.headers.get_all(AUTHORIZATION).iter();
        match (given.next(), given.next()) {
            (Some(header), None) => {
                let token = bearer(header.as_bytes()).ok_or_else(|| {
                    ApiError::unauthenticated(
                        "the `Authorization` header must have the form `Bearer <token>`",
                    )
                })?;
                Ok(self.verifier.verify(token, audiences)?.principal())
            }
            (Some(_), Some(_)) => {
                Err(ApiError::unauthenticated("the request has more than one `Authorization` header"))
            }
            (None, _) => {
                parts.extensions.get::<Peer>().and_then(|peer| self.local.principal(peer)).ok_or_else(|| {
                    ApiError::unauthenticated("authentication failed: the `Authorization` header is missing")
                        .with_reason(MISSING_CREDENTIALS)
                })
            }
        }
    }
}

/// The token in an `Authorization` header (RFC 6750 section 2.1).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}
