//! Where signing keys are kept between starts.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::key::KeyState;
use crate::secret::SecretBytes;

/// A signing key as a store keeps it.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The key's id, by which tokens name it.
    pub kid: String,
    /// The private key, PKCS#8 in DER. Opaque to the store.
    pub pkcs8: SecretBytes,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Where it stands in the rotation.
    pub state: KeyState,
}

/// A failure to read or write the store.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// Others on this machine can read the private keys.
    #[error("the key file `{path}` is open to others (mode {mode:o}); it must be 600")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// What is stored is not what was written.
    #[error("the stored signing keys are damaged: {0}")]
    Damaged(String),
    /// The storage failed.
    #[error("the signing keys could not be {action}")]
    Storage {
        /// What was tried, in the past participle.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Keeps the signing keys of one installation.
///
/// `save` replaces the whole set atomically: after a crash or an error, `load` gives either the old set or
/// the new one. It returns only when the set is durable, for a key may sign only once it can be found again.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The stored set; empty if nothing was ever saved.
    ///
    /// # Errors
    /// [`KeyStoreError`] if the set cannot be read whole; never a part of it.
    async fn load(&self) -> Result<Vec<StoredKey>, KeyStoreError>;

    /// Replaces the stored set.
    ///
    /// # Errors
    /// [`KeyStoreError`] if the new set is not durably stored; the old one then still is.
    async fn save(&self, keys: Vec<StoredKey>) -> Result<(), KeyStoreError>;
}
