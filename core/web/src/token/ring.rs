//! The set of signing keys and their rotation.
//!
//! A key is published before it signs and stays published after it has signed its last token, so that no
//! verifier ever meets a key it could not have known: next → current → retired → gone. [`KeyRing::maintain`]
//! does whatever of this is due; it is idempotent and may be called at any interval.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::RwLock;
use serde_json::{Value, json};

use super::key::{KeyError, KeyState, SigningKey};
use super::store::{KeyStore, StoredKey};
use crate::clock::Clock;

/// When keys change.
#[derive(Clone, Copy, Debug)]
pub struct RotationPolicy {
    /// How long a key signs.
    pub sign_for: TimeDelta,
    /// How long a key is published before it signs: longer than any client caches the key set.
    pub publish_ahead: TimeDelta,
    /// How long a key stays published after it has signed: longer than any token lives.
    pub keep_retired: TimeDelta,
}

impl Default for RotationPolicy {
    /// Ninety days of signing bound what a stolen key is worth; clients cache key sets for up to a day; the
    /// longest-lived tokens Entra's clients know live 28 hours, and clocks differ by minutes.
    fn default() -> Self {
        Self {
            sign_for: TimeDelta::days(90),
            publish_ahead: TimeDelta::days(2),
            keep_retired: TimeDelta::hours(29),
        }
    }
}

/// The signing keys of this installation.
pub struct KeyRing {
    store: Arc<dyn KeyStore>,
    policy: RotationPolicy,
    clock: Clock,
    set: RwLock<Arc<KeySet>>,
    changing: tokio::sync::Mutex<()>,
}

/// One state of the ring. Never changed, only replaced.
struct KeySet {
    generation: u64,
    current: Arc<SigningKey>,
    others: Vec<Arc<SigningKey>>,
}

impl KeySet {
    fn keys(&self) -> impl Iterator<Item = &Arc<SigningKey>> {
        std::iter::once(&self.current).chain(&self.others)
    }
}

impl KeyRing {
    /// Reads the keys from `store`, and makes the first one if there is none.
    ///
    /// # Errors
    /// [`KeyError`] if the stored keys cannot be used, or a new one cannot be made and stored.
    pub async fn open(
        store: Arc<dyn KeyStore>,
        policy: RotationPolicy,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let mut others = store
            .load()
            .await?
            .iter()
            .map(|key| SigningKey::from_stored(key).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let current = match others.iter().position(|key| key.state() == KeyState::Current) {
            Some(at) => others.remove(at),
            None => {
                let first = generate(clock.now(), KeyState::Current).await?;
                store.save(stored(&first, &others)?).await?;
                first
            }
        };
        let set = RwLock::new(Arc::new(KeySet { generation: 0, current, others }));
        Ok(Self { store, policy, clock, set, changing: tokio::sync::Mutex::new(()) })
    }

    /// Does what the policy says is due: publishes the next key, lets it take over, drops retired keys.
    /// Returns whether anything changed. After an error the ring is as it was.
    ///
    /// # Errors
    /// [`KeyError`] if a new key cannot be made or the new set cannot be stored.
    pub async fn maintain(&self) -> Result<bool, KeyError> {
        let _one_at_a_time = self.changing.lock().await;
        let now = self.clock.now();
        let before = self.set();
        let mut current = before.current.clone();
        let mut others: Vec<_> = before.others.iter().filter(|key| is_accepted(key, now)).cloned().collect();
        let mut changed = others.len() != before.others.len();

        // The time a key was published before it signed counts as part of its service, so rotation may be
        // early by `publish_ahead` and is never late.
        let age = now - current.created();
        match others.iter().position(|key| key.state() == KeyState::Next) {
            None if age >= self.policy.sign_for - self.policy.publish_ahead => {
                others.push(generate(now, KeyState::Next).await?);
                changed = true;
            }
            Some(at)
                if age >= self.policy.sign_for && now - others[at].created() >= self.policy.publish_ahead =>
            {
                let next = others.remove(at);
                let until = now + self.policy.keep_retired;
                others.push(with_state(&current, KeyState::Retired { until })?);
                current = with_state(&next, KeyState::Current)?;
                changed = true;
            }
            _ => {}
        }
        if changed {
            // Stored first, used only then: a key that signs can be found again after a crash.
            self.store.save(stored(&current, &others)?).await?;
            let mut set = self.set.write();
            *set = Arc::new(KeySet { generation: set.generation + 1, current, others });
        }
        Ok(changed)
    }

    /// The key that signs now.
    pub(super) fn signing(&self) -> Arc<SigningKey> {
        self.set.read().current.clone()
    }

    /// The key named `kid`, if its signatures are accepted now.
    pub(super) fn find(&self, kid: &str) -> Option<Arc<SigningKey>> {
        let now = self.clock.now();
        self.set().keys().find(|key| key.kid() == kid && is_accepted(key, now)).cloned()
    }

    /// A number that changes whenever the keys do: what was verified under another one is void.
    pub(super) fn generation(&self) -> u64 {
        self.set.read().generation
    }

    /// The published keys (RFC 7517 section 5).
    pub fn jwks(&self) -> Value {
        let now = self.clock.now();
        let set = self.set();
        let keys: Vec<Value> = set.keys().filter(|key| is_accepted(key, now)).map(|key| key.jwk()).collect();
        json!({ "keys": keys })
    }

    fn set(&self) -> Arc<KeySet> {
        self.set.read().clone()
    }
}

fn stored(current: &SigningKey, others: &[Arc<SigningKey>]) -> Result<Vec<StoredKey>, KeyError> {
    std::iter::once(current).chain(others.iter().map(Arc::as_ref)).map(SigningKey::to_stored).collect()
}

fn is_accepted(key: &SigningKey, now: DateTime<Utc>) -> bool {
    match key.state() {
        KeyState::Next | KeyState::Current => true,
        KeyState::Retired { until } => now < until,
    }
}

async fn generate(now: DateTime<Utc>, state: KeyState) -> Result<Arc<SigningKey>, KeyError> {
    tokio::task::spawn_blocking(move || SigningKey::generate(now, state))
        .await
        .map_err(|_| KeyError::Crypto("generate an RSA key"))?
        .map(Arc::new)
}

fn with_state(key: &SigningKey, state: KeyState) -> Result<Arc<SigningKey>, KeyError> {
    let mut stored = key.to_stored()?;
    stored.state = state;
    SigningKey::from_stored(&stored).map(Arc::new)
}
