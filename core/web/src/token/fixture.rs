//! One signing key for all unit tests, since making one takes a noticeable time, and a world around it.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    Audiences, Authority, Grant, KeyRing, KeyState, KeyStore, KeyStoreError, RotationPolicy, SigningKey,
    StoredKey, TokenIssuer, TokenVerifier,
};
use crate::clock::Clock;
use crate::role::{Role, RoleSet};
use crate::tenant::Tenants;

pub const TENANT: Uuid = Uuid::from_u128(0x1111);
pub const AUDIENCE: &str = "https://monitor.azure.com";

/// A clock the test moves.
#[derive(Clone)]
pub struct Hands(Arc<Mutex<DateTime<Utc>>>);

impl Hands {
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(start())))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock() += by;
    }

    pub fn clock(&self) -> Clock {
        let hands = self.0.clone();
        Clock::from_fn(move || *hands.lock())
    }
}

pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a valid time")
}

/// A store that fails when told to.
#[derive(Default)]
pub struct MemoryStore {
    pub keys: Mutex<Vec<StoredKey>>,
    pub is_broken: Mutex<bool>,
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn load(&self) -> Result<Vec<StoredKey>, KeyStoreError> {
        Ok(self.keys.lock().clone())
    }

    async fn save(&self, keys: Vec<StoredKey>) -> Result<(), KeyStoreError> {
        if *self.is_broken.lock() {
            return Err(KeyStoreError::Storage { action: "written", source: "disk full".into() });
        }
        *self.keys.lock() = keys;
        Ok(())
    }
}

pub fn stored_key() -> StoredKey {
    static KEY: OnceLock<StoredKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = SigningKey::generate(start(), KeyState::Current).expect("a key");
        key.to_stored().expect("its stored form")
    })
    .clone()
}

pub struct World {
    pub hands: Hands,
    pub ring: Arc<KeyRing>,
    pub store: Arc<MemoryStore>,
    pub issuer: TokenIssuer,
    pub verifier: TokenVerifier,
}

impl World {
    pub async fn new() -> Self {
        let hands = Hands::new();
        let store = Arc::new(MemoryStore::default());
        store.keys.lock().push(stored_key());
        let ring =
            KeyRing::open(store.clone(), RotationPolicy::default(), hands.clock()).await.expect("a ring");
        let ring = Arc::new(ring);
        let authority = Authority::new("https://localhost:8443").expect("an authority");
        let tenants = Arc::new(Tenants::new());
        tenants.insert(TENANT, ["contoso.example"]);
        let issuer = TokenIssuer::new(ring.clone(), authority.clone(), hands.clock());
        let verifier = TokenVerifier::new(ring.clone(), authority, tenants, hands.clock());
        Self { hands, ring, store, issuer, verifier }
    }

    pub fn token(&self, change: impl FnOnce(&mut Grant)) -> String {
        let mut grant = grant();
        change(&mut grant);
        self.issuer.issue(&grant).expect("a token").token.expose().to_owned()
    }
}

pub fn grant() -> Grant {
    Grant {
        tenant: TENANT,
        client_id: "client".into(),
        object_id: "object".into(),
        display_name: "A client".into(),
        audience: AUDIENCE.into(),
        roles: RoleSet::from_iter([Role::Sender]),
        lifetime: TimeDelta::hours(1),
    }
}

pub fn audiences() -> Audiences {
    Audiences::new([AUDIENCE])
}
