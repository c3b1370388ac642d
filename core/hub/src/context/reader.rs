//! Reading context, and being told of its changes.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use phalanx_signal::TenantId;
use tokio::sync::broadcast;

use super::{Belief, ContextKind, Shelf};
use crate::{meter::Meter, time::Clock};

/// Reads the context of one kind. Cheap to clone; keep it, for getting it costs more than reading.
pub struct ContextReader<K> {
    shelf: Arc<Shelf<K>>,
    meter: Arc<Meter>,
}

/// A change of what is believed.
#[derive(Debug)]
pub struct ContextChange<K> {
    pub tenant: TenantId,
    pub entity: Arc<str>,
    /// The version that the change made.
    pub version: u64,
    /// What is believed now; `None` if nothing is any more.
    pub belief: Option<Arc<Belief<K>>>,
    pub at: DateTime<Utc>,
}

/// A subscriber's side of a kind's changes.
pub struct ContextChanges<K> {
    changes: broadcast::Receiver<ContextChange<K>>,
    meter: Arc<Meter>,
    clock: Clock,
}

/// What a subscriber gets.
#[derive(Debug)]
pub enum ContextNews<K> {
    Change(ContextChange<K>),
    /// The subscriber was too slow and missed some changes; it must read anew what it is interested in.
    /// Further changes follow.
    Reread,
}

impl<K: ContextKind> ContextReader<K> {
    pub(super) fn new(shelf: Arc<Shelf<K>>, meter: Arc<Meter>) -> Self {
        Self { shelf, meter }
    }

    /// What is believed about an entity. Takes nanoseconds, and never waits for a disk.
    pub fn get(&self, tenant: TenantId, entity: &str) -> Option<Arc<Belief<K>>> {
        self.meter.tick();
        self.shelf.get(tenant, entity)
    }

    /// Everything that is believed about a tenant's entities, in no order.
    pub fn all(&self, tenant: TenantId) -> Vec<(Arc<str>, Arc<Belief<K>>)> {
        self.meter.tick();
        self.shelf.all(tenant)
    }

    /// The changes from now on. To miss none, subscribe first and read then; a change may then be
    /// seen twice, which its version tells.
    pub fn subscribe(&self) -> ContextChanges<K> {
        let (changes, clock) = (self.shelf.subscribe(), self.shelf.clock().clone());
        ContextChanges { changes, meter: self.meter.clone(), clock }
    }
}

impl<K> ContextChanges<K> {
    /// The next change; `None` when the hub is gone. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<ContextNews<K>> {
        match self.changes.recv().await {
            Ok(change) => {
                let now = self.clock.now();
                self.meter.add(1, now.timestamp_micros());
                self.meter.took((now - change.at).to_std().unwrap_or_default());
                Some(ContextNews::Change(change))
            }
            Err(broadcast::error::RecvError::Lagged(_)) => Some(ContextNews::Reread),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl<K> Clone for ContextReader<K> {
    fn clone(&self) -> Self {
        Self { shelf: self.shelf.clone(), meter: self.meter.clone() }
    }
}

impl<K> Clone for ContextChange<K> {
    fn clone(&self) -> Self {
        let Self { tenant, entity, version, belief, at } = self;
        let (entity, belief) = (entity.clone(), belief.clone());
        Self { tenant: *tenant, entity, version: *version, belief, at: *at }
    }
}

impl<K: ContextKind> fmt::Debug for ContextReader<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContextReader({})", K::NAME)
    }
}
