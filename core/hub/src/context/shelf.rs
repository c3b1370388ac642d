//! Where the values of one kind are kept in memory.

use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use parking_lot::{Mutex, RwLock};
use phalanx_signal::TenantId;
use serde_json::Value;
use tokio::sync::broadcast;

use super::{Belief, ContextChange, ContextKind};
use crate::time::Clock;

/// More than there are threads, so that readers seldom meet a writer.
const SHARDS: usize = 32;

/// The beliefs of one kind.
///
/// A belief carries its version in `state`. Changes may come in twice and out of order (from the owner at
/// once, from the change feed a little later), so only a greater version replaces another, and a deletion
/// leaves its version behind until the feed has brought it too: then everything older has gone by.
pub(crate) struct Shelf<K> {
    tenants: ArcSwap<HashMap<TenantId, Arc<Entities<K>>>>,
    new_tenant: Mutex<()>,
    hasher: RandomState,
    believed: AtomicUsize,
    changes: broadcast::Sender<ContextChange<K>>,
    clock: Clock,
}

struct Entities<K> {
    shards: [RwLock<HashMap<Arc<str>, Slot<K>>>; SHARDS],
}

struct Slot<K> {
    version: u64,
    belief: Option<Arc<Belief<K>>>,
}

/// A shelf whose kind is known by name only.
pub(crate) trait AnyShelf: Send + Sync {
    fn kind(&self) -> &'static str;
    /// How many entities there are beliefs about.
    fn len(&self) -> usize;
    fn value(&self, tenant: TenantId, entity: &str) -> Option<Belief<Value>>;
    fn entities(&self, tenant: TenantId) -> Vec<Arc<str>>;
    fn tenants(&self) -> Vec<TenantId>;
    /// As [`Shelf::apply`]; `value` is `None` for a deletion that the change feed brought.
    fn apply_json(
        &self,
        tenant: TenantId,
        entity: &str,
        version: u64,
        value: Option<Value>,
        at: DateTime<Utc>,
    ) -> Result<(), serde_json::Error>;
    /// Drops what was believed up to a version, because it is no longer stored.
    fn forget(&self, tenant: TenantId, entity: &str);
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

impl<K: ContextKind> Shelf<K> {
    /// `lag` is how many changes a subscriber may be behind.
    pub fn new(lag: usize, clock: Clock) -> Self {
        Self {
            tenants: ArcSwap::default(),
            new_tenant: Mutex::new(()),
            hasher: RandomState::new(),
            believed: AtomicUsize::new(0),
            changes: broadcast::channel(lag.max(1)).0,
            clock,
        }
    }

    pub fn get(&self, tenant: TenantId, entity: &str) -> Option<Arc<Belief<K>>> {
        let tenants = self.tenants.load();
        tenants.get(&tenant)?.shards[self.shard(entity)].read().get(entity)?.belief.clone()
    }

    /// Everything that is believed about a tenant's entities.
    pub fn all(&self, tenant: TenantId) -> Vec<(Arc<str>, Arc<Belief<K>>)> {
        let Some(entities) = self.tenants.load().get(&tenant).cloned() else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for shard in &entities.shards {
            let shard = shard.read();
            all.extend(shard.iter().filter_map(|(id, s)| Some((id.clone(), s.belief.clone()?))));
        }
        all
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub fn subscribe(&self) -> broadcast::Receiver<ContextChange<K>> {
        self.changes.subscribe()
    }

    /// Takes a version of a belief, `None` for its deletion; older ones than the known are ignored.
    pub fn apply(&self, tenant: TenantId, entity: &str, version: u64, value: Option<K>, at: DateTime<Utc>) {
        let entities = self.entities_of(tenant);
        let mut shard = entities.shards[self.shard(entity)].write();
        if shard.get(entity).is_some_and(|slot| slot.version >= version) {
            return;
        }
        let belief = value.map(|value| Arc::new(Belief { value, version, since: at }));
        let id: Arc<str> = entity.into();
        let before = shard.insert(id.clone(), Slot { version, belief: belief.clone() });
        self.count(before.is_some_and(|slot| slot.belief.is_some()), belief.is_some());
        // Sent under the shard's lock so that the changes of an entity go out in their order; sending
        // never waits. Nobody subscribing is no fault.
        let _ = self.changes.send(ContextChange { tenant, entity: id, version, belief, at });
    }

    fn count(&self, was_believed: bool, is_believed: bool) {
        match (was_believed, is_believed) {
            (false, true) => _ = self.believed.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.believed.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
    }

    fn shard(&self, entity: &str) -> usize {
        self.hasher.hash_one(entity) as usize % SHARDS
    }

    fn entities_of(&self, tenant: TenantId) -> Arc<Entities<K>> {
        if let Some(entities) = self.tenants.load().get(&tenant) {
            return entities.clone();
        }
        let _one = self.new_tenant.lock();
        let known = self.tenants.load_full();
        if let Some(entities) = known.get(&tenant) {
            return entities.clone();
        }
        let entities = Arc::new(Entities { shards: std::array::from_fn(|_| RwLock::default()) });
        let mut grown = HashMap::clone(&known);
        grown.insert(tenant, entities.clone());
        self.tenants.store(Arc::new(grown));
        entities
    }
}

impl<K: ContextKind> AnyShelf for Shelf<K> {
    fn kind(&self) -> &'static str {
        K::NAME
    }

    fn len(&self) -> usize {
        self.believed.load(Ordering::Relaxed)
    }

    fn value(&self, tenant: TenantId, entity: &str) -> Option<Belief<Value>> {
        let belief = self.get(tenant, entity)?;
        let value = serde_json::to_value(&belief.value).ok()?;
        Some(Belief { value, version: belief.version, since: belief.since })
    }

    fn entities(&self, tenant: TenantId) -> Vec<Arc<str>> {
        self.all(tenant).into_iter().map(|(entity, _)| entity).collect()
    }

    fn tenants(&self) -> Vec<TenantId> {
        self.tenants.load().keys().copied().collect()
    }

    fn apply_json(
        &self,
        tenant: TenantId,
        entity: &str,
        version: u64,
        value: Option<Value>,
        at: DateTime<Utc>,
    ) -> Result<(), serde_json::Error> {
        let Some(value) = value else {
            self.apply(tenant, entity, version, None, at);
            let entities = self.entities_of(tenant);
            let mut shard = entities.shards[self.shard(entity)].write();
            if shard.get(entity).is_some_and(|slot| slot.version == version) {
                shard.remove(entity);
            }
            return Ok(());
        };
        match serde_json::from_value(value) {
            Ok(value) => self.apply(tenant, entity, version, Some(value), at),
            Err(error) => {
                self.apply(tenant, entity, version, None, at);
                return Err(error);
            }
        }
        Ok(())
    }

    fn forget(&self, tenant: TenantId, entity: &str) {
        let entities = self.entities_of(tenant);
        let mut shard = entities.shards[self.shard(entity)].write();
        let Some(Slot { version, belief: Some(_) }) = shard.remove(entity) else {
            return;
        };
        self.count(true, false);
        let (entity, at) = (entity.into(), self.clock.now());
        let _ = self.changes.send(ContextChange { tenant, entity, version, belief: None, at });
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
