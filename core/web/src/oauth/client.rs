//! Clients of the token endpoint and their secrets.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::role::RoleSet;
use crate::secret::SecretString;

/// An application that may ask for tokens, as the directory knows it.
#[derive(Clone, Debug)]
pub struct Client {
    /// The id by which it signs in.
    pub client_id: String,
    /// The id of its principal: the subject of its tokens.
    pub object_id: String,
    /// Its name for people.
    pub display_name: String,
    /// Whether it may sign in at all.
    pub is_enabled: bool,
    /// The secrets it may use; several while one replaces another.
    pub secrets: Vec<ClientSecret>,
    /// What it may do.
    pub roles: RoleSet,
}

/// One secret of a client.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// The secret, hashed.
    pub hash: SecretHash,
    /// When it ends to be valid, if ever.
    pub expires: Option<DateTime<Utc>>,
}

/// The directory could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the client directory could not be read")]
pub struct DirectoryError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Finds clients. Read at every token request: a change holds from the next one on.
#[async_trait]
pub trait ClientDirectory: Send + Sync {
    /// The client of `tenant` that is called `client_id`, as the request wrote it: at most 128 bytes of any text.
    ///
    /// # Errors
    /// [`DirectoryError`] if this cannot be known now; never for a client that does not exist.
    async fn find(&self, tenant: Uuid, client_id: &str) -> Result<Option<Client>, DirectoryError>;
}

/// A salted SHA-256 of a client secret. Our secrets are 256 random bits, which no slow hash could protect better;
/// it is not fit for passwords people choose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SecretHash {
    salt: [u8; 16],
    digest: [u8; 32],
}

impl SecretHash {
    /// Draws a new secret of 256 random bits; gives it once, with the hash to keep.
    ///
    /// # Errors
    /// An I/O error if the machine gives no random bytes.
    pub fn generate() -> std::io::Result<(SecretString, Self)> {
        let mut secret = zeroize::Zeroizing::new([0_u8; 32]);
        let mut salt = [0; 16];
        rand::fill(secret.as_mut())
            .and_then(|()| rand::fill(&mut salt))
            .map_err(|_| std::io::Error::other("the machine gives no random bytes"))?;
        let secret = SecretString::new(URL_SAFE_NO_PAD.encode(secret.as_ref()));
        let hash = Self { salt, digest: digest(&salt, secret.expose()) };
        Ok((secret, hash))
    }

    /// Whether `secret` is the one that was hashed. Takes the same time wherever they differ.
    pub fn matches(&self, secret: &str) -> bool {
        verify_slices_are_equal(&self.digest, &digest(&self.salt, secret)).is_ok()
    }
}

fn digest(salt: &[u8; 16], secret: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(secret.as_bytes());
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// A text that is no stored secret hash.
#[derive(Debug, thiserror::Error)]
#[error("a stored client secret is not of the form `sha256$<salt>$<digest>`")]
pub struct InvalidSecretHash;

/// The name of the one scheme there is; another would get another name.
const SCHEME: &str = "sha256";

impl FromStr for SecretHash {
    type Err = InvalidSecretHash;

    fn from_str(text: &str) -> Result<Self, InvalidSecretHash> {
        let mut parts = text.split('$');
        let (Some(SCHEME), Some(salt), Some(digest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidSecretHash);
        };
        Ok(Self { salt: bytes(salt)?, digest: bytes(digest)? })
    }
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], InvalidSecretHash> {
    let decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidSecretHash)?;
    decoded.try_into().map_err(|_| InvalidSecretHash)
}

impl TryFrom<String> for SecretHash {
    type Error = InvalidSecretHash;

    fn try_from(text: String) -> Result<Self, InvalidSecretHash> {
        text.parse()
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        format!("{SCHEME}${}${}", URL_SAFE_NO_PAD.encode(hash.salt), URL_SAFE_NO_PAD.encode(hash.digest))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_own_hash_only_and_survives_storage() {
        let (secret, hash) = SecretHash::generate().expect("random bytes");
        let (other, _) = SecretHash::generate().expect("random bytes");
        assert_eq!(secret.expose().len(), 43);
        assert_ne!(secret.expose(), other.expose());
        let stored = String::from(hash.clone());
        assert!(!stored.contains(secret.expose()));
        let read: SecretHash = stored.parse().expect("its own form");
        assert_eq!(read, hash);
        assert!(read.matches(secret.expose()));
        assert!(!read.matches(other.expose()));
        assert!(!read.matches(""));
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in ["", "sha256$$", "md5$AAAA$AAAA", "sha256$AAAAAAAAAAAAAAAAAAAAAA", "sha256$A$B$C"] {
            assert!(bad.parse::<SecretHash>().is_err(), "{bad}");
        }
    }
}
