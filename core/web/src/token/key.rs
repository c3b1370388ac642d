//! One signing key: an RSA key pair with its place in the rotation.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::jws::ALGORITHM;
use super::store::{KeyStoreError, StoredKey};
use crate::secret::SecretBytes;

/// Where a key stands in the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published so that verifiers know it before it signs.
    Next,
    /// Signs new tokens.
    Current,
    /// Signs no more; its tokens are accepted until then.
    Retired {
        /// When the last token it signed has expired everywhere.
        until: DateTime<Utc>,
    },
}

/// Why keys could not be made, used or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The cryptographic library refused.
    #[error("the cryptographic library failed to {0}")]
    Crypto(&'static str),
    /// A stored key is not usable.
    #[error("the stored signing key `{kid}` is not usable: {problem}")]
    Unusable {
        /// The key's id, as stored.
        kid: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
}

/// An RSA key pair that signs and verifies access tokens.
pub struct SigningKey {
    kid: String,
    pair: RsaKeyPair,
    verifying: ParsedPublicKey,
    modulus: String,
    exponent: String,
    created: DateTime<Utc>,
    state: KeyState,
}

impl SigningKey {
    /// Makes a new RSA-2048 key. Takes some hundred milliseconds of computing.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the library fails.
    pub fn generate(created: DateTime<Utc>, state: KeyState) -> Result<Self, KeyError> {
        let pair =
            RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Crypto("generate an RSA key"))?;
        Self::from_pair(pair, created, state)
    }

    /// Reads a key back from its stored form.
    ///
    /// # Errors
    /// [`KeyError::Unusable`] if it is no RSA key or not the one its id names.
    pub fn from_stored(stored: &StoredKey) -> Result<Self, KeyError> {
        let unusable = |problem| KeyError::Unusable { kid: stored.kid.clone(), problem };
        let pair = RsaKeyPair::from_pkcs8(stored.pkcs8.expose())
            .map_err(|_| unusable("it is not an RSA key in PKCS#8"))?;
        let key = Self::from_pair(pair, stored.created, stored.state)?;
        if key.kid != stored.kid {
            return Err(unusable("its id does not belong to it"));
        }
        Ok(key)
    }

    /// The form in which a store keeps it.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the library fails.
    pub fn to_stored(&self) -> Result<StoredKey, KeyError> {
        let pkcs8 = self.pair.as_der().map_err(|_| KeyError::Crypto("encode an RSA key"))?;
        Ok(StoredKey {
            kid: self.kid.clone(),
            pkcs8: SecretBytes::new(pkcs8.as_ref().to_vec()),
            created: self.created,
            state: self.state,
        })
    }

    /// The key's id: its thumbprint by RFC 7638.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// When it was made, and therefore published.
    pub fn created(&self) -> DateTime<Utc> {
        self.created
    }

    /// Where it stands in the rotation.
    pub fn state(&self) -> KeyState {
        self.state
    }

    /// The public half as a JSON Web Key (RFC 7517).
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": self.kid, "n": self.modulus, "e": self.exponent,
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::Crypto("sign"))?;
        Ok(signature)
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifying.verify_sig(message, signature).is_ok()
    }

    fn from_pair(pair: RsaKeyPair, created: DateTime<Utc>, state: KeyState) -> Result<Self, KeyError> {
        let verifying = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .map_err(|_| KeyError::Crypto("read its own public key"))?;
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let modulus = URL_SAFE_NO_PAD.encode(&public.n);
        let exponent = URL_SAFE_NO_PAD.encode(&public.e);
        let kid = thumbprint(&modulus, &exponent);
        Ok(Self { kid, pair, verifying, modulus, exponent, created, state })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// RFC 7638 section 3: the hash of the required members in lexicographic order.
fn thumbprint(modulus: &str, exponent: &str) -> String {
    let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::thumbprint;

    /// The example of RFC 7638 section 3.1.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(modulus, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
