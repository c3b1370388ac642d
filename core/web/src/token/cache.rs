//! Signatures that have been checked before.
//!
//! Verifying an RSA signature costs some twenty times a hash of the token, and a client sends the same
//! token for an hour. Cached is only that the signature holds over these claims; time, tenant and audience
//! are checked at each use.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use parking_lot::Mutex;

use super::claims::Claims;
use crate::bounded::BoundedMap;

/// Claims whose signature was checked, by hash of the whole token.
pub(super) struct TokenCache(Mutex<Checked>);

/// SHA-256 of a whole token.
pub(super) type TokenHash = [u8; 32];

struct Checked {
    generation: u64,
    claims: BoundedMap<TokenHash, Arc<Claims>>,
}

impl TokenCache {
    /// A cache of at most `capacity` tokens.
    pub fn new(capacity: usize) -> Self {
        Self(Mutex::new(Checked { generation: 0, claims: BoundedMap::new(capacity) }))
    }

    pub fn hash(token: &[u8]) -> TokenHash {
        let mut hash = TokenHash::default();
        hash.copy_from_slice(digest(&SHA256, token).as_ref());
        hash
    }

    /// The claims of a token verified with the keys of this `generation`.
    pub fn find(&self, hash: &TokenHash, generation: u64) -> Option<Arc<Claims>> {
        self.0.lock().of(generation).get_mut(hash).cloned()
    }

    /// Remembers a token verified with the keys of this `generation`.
    pub fn insert(&self, hash: TokenHash, generation: u64, claims: Arc<Claims>) {
        self.0.lock().of(generation).insert(hash, claims);
    }

    /// Forgets a token that is of no more use.
    pub fn remove(&self, hash: &TokenHash) {
        self.0.lock().claims.remove(hash);
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.lock().claims.len()
    }
}

impl Checked {
    /// The tokens of this generation of keys; those of any other are forgotten.
    fn of(&mut self, generation: u64) -> &mut BoundedMap<TokenHash, Arc<Claims>> {
        if self.generation != generation {
            self.claims.clear();
            self.generation = generation;
        }
        &mut self.claims
    }
}
