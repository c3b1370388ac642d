//! Access tokens: JSON Web Tokens (RFC 7519) with the claims of Entra's v2.0 access tokens, signed RS256.
//!
//! Exactly one algorithm exists here: the header's `alg` must say `RS256` and selects nothing, so neither
//! `none` nor a symmetric algorithm keyed with the public key can get in. Keys come from the ring and
//! never from the token (`jwk`, `jku`, `x5u` and `x5c` are not read); a header with `crit` is refused.
//!
//! [`TokenVerifier::verify`] is a function over bytes. Its result, [`VerifiedToken`], has no other
//! constructor: whoever holds one holds the proof that the check was made.

mod audience;
mod authority;
mod cache;
mod claims;
mod file_store;
mod issuer;
mod jws;
mod key;
mod ring;
mod store;
mod verifier;

pub use audience::Audiences;
pub use authority::{Authority, InvalidAuthority};
pub use claims::Claims;
pub use file_store::FileKeyStore;
pub use issuer::{Grant, IssuedToken, TokenIssuer};
pub use key::{KeyError, KeyState, SigningKey};
pub use ring::{KeyRing, RotationPolicy};
pub use store::{KeyStore, KeyStoreError, StoredKey};
pub use verifier::{TokenError, TokenVerifier, VerifiedToken};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
