//! Changing context: only its owner can.

use std::{fmt, sync::Arc};

use phalanx_signal::TenantId;
use phalanx_state::{Author, Document, Error, Key, Precondition, State, Write};
use serde_json::{Value, json};

use super::{Belief, ContextError, ContextKind, Shelf, VALUE, collection};
use crate::{meter::Meter, supervise::Life};

/// The right to change the context of one kind. The hub gives it to the service whose manifest provides
/// the kind and to nobody else; it ends with the run of the service that it was given to.
///
/// A change is stored before it is believed: when a call returns, it survives a crash and everybody in
/// this process reads it.
pub struct ContextOwner<K> {
    shelf: Arc<Shelf<K>>,
    state: Arc<dyn State>,
    author: Author,
    life: Arc<Life>,
    meter: Arc<Meter>,
}

/// Documents that go to the store in one transaction.
const WRITES_AT_ONCE: usize = 500;

impl<K: ContextKind> ContextOwner<K> {
    pub(crate) fn new(
        shelf: Arc<Shelf<K>>,
        state: Arc<dyn State>,
        author: Author,
        life: Arc<Life>,
        meter: Arc<Meter>,
    ) -> Self {
        Self { shelf, state, author, life, meter }
    }

    /// What is believed about an entity.
    pub fn get(&self, tenant: TenantId, entity: &str) -> Option<Arc<Belief<K>>> {
        self.shelf.get(tenant, entity)
    }

    /// Believes this from now on. Believing the same again changes nothing. Returns the version.
    pub async fn put(&self, tenant: TenantId, entity: &str, value: K) -> Result<u64, ContextError> {
        self.life.check().map_err(|_| ContextError::Ended)?;
        if let Some(belief) = self.get(tenant, entity).filter(|belief| belief.value == value) {
            return Ok(belief.version);
        }
        let (key, body) = (self.key(tenant, entity)?, self.body(&value)?);
        let stored = self.state.put(&key, body, Precondition::None, &self.author).await;
        let stored = stored.map_err(|source| self.refused(source))?;
        self.believe(tenant, &stored, value);
        Ok(stored.version)
    }

    /// As [`ContextOwner::put`] for many entities, a few hundred in one transaction. After an error
    /// those before it are changed, those after it are not.
    pub async fn put_all(&self, tenant: TenantId, values: Vec<(String, K)>) -> Result<(), ContextError> {
        let is_new =
            |entity: &str, value: &K| self.get(tenant, entity).is_none_or(|belief| belief.value != *value);
        let mut changed = values.into_iter().filter(|(entity, value)| is_new(entity, value)).peekable();
        while changed.peek().is_some() {
            self.life.check().map_err(|_| ContextError::Ended)?;
            let chunk: Vec<(String, K)> = changed.by_ref().take(WRITES_AT_ONCE).collect();
            let mut writes = Vec::with_capacity(chunk.len());
            for (entity, value) in &chunk {
                let (key, body) = (self.key(tenant, entity)?, self.body(value)?);
                writes.push(Write::Put { key, body, precondition: Precondition::None });
            }
            let stored = self.state.write(writes, &self.author).await;
            let stored = stored.map_err(|source| self.refused(source))?;
            for ((_, value), document) in chunk.into_iter().zip(stored) {
                if let Some(document) = document {
                    self.believe(tenant, &document, value);
                }
            }
        }
        Ok(())
    }

    /// Changes a belief depending on what it is: `change` gets what is stored and says what is to be
    /// believed, `None` for nothing any more. It is called again if another change came between.
    pub async fn update(
        &self,
        tenant: TenantId,
        entity: &str,
        change: impl Fn(Option<K>) -> Option<K> + Send + Sync,
    ) -> Result<(), ContextError> {
        let key = self.key(tenant, entity)?;
        loop {
            self.life.check().map_err(|_| ContextError::Ended)?;
            let stored = self.state.get(&key).await.map_err(|source| self.refused(source))?;
            let before = stored.as_ref().and_then(|document| decode(&document.body));
            let precondition =
                stored.as_ref().map_or(Precondition::Absent, |d| Precondition::Matches(d.etag.clone()));
            let result = match (change(before), &stored) {
                (Some(value), _) => {
                    let body = self.body(&value)?;
                    if stored.as_ref().is_some_and(|document| document.body == body) {
                        return Ok(());
                    }
                    self.state.put(&key, body, precondition, &self.author).await.map(|document| {
                        self.believe(tenant, &document, value);
                    })
                }
                (None, None) => return Ok(()),
                (None, Some(_)) => self.state.delete(&key, precondition, &self.author).await.map(|deleted| {
                    self.disbelieve(tenant, entity, deleted.as_ref());
                }),
            };
            match result {
                Ok(()) => return Ok(()),
                Err(Error::Conflict { .. } | Error::AlreadyExists { .. }) => {}
                Err(source) => return Err(self.refused(source)),
            }
        }
    }

    /// Believes nothing about an entity any more.
    pub async fn remove(&self, tenant: TenantId, entity: &str) -> Result<(), ContextError> {
        self.life.check().map_err(|_| ContextError::Ended)?;
        let key = self.key(tenant, entity)?;
        let deleted = self.state.delete(&key, Precondition::None, &self.author).await;
        self.disbelieve(tenant, entity, deleted.map_err(|source| self.refused(source))?.as_ref());
        Ok(())
    }

    fn believe(&self, tenant: TenantId, stored: &Document, value: K) {
        self.shelf.apply(tenant, stored.key.id(), stored.version, Some(value), stored.modified);
        self.meter.add(1, self.shelf.clock().micros());
    }

    fn disbelieve(&self, tenant: TenantId, entity: &str, deleted: Option<&Document>) {
        let Some(deleted) = deleted else { return };
        // The version of a deletion is one more than that of what was deleted.
        self.shelf.apply(tenant, entity, deleted.version + 1, None, self.shelf.clock().now());
        self.meter.add(1, self.shelf.clock().micros());
    }

    fn key(&self, tenant: TenantId, entity: &str) -> Result<Key, ContextError> {
        let tenant = phalanx_state::TenantId::new(*tenant.as_uuid());
        Key::new(tenant, collection(K::NAME), entity).map_err(|source| self.refused(source))
    }

    fn body(&self, value: &K) -> Result<Value, ContextError> {
        let value =
            serde_json::to_value(value).map_err(|source| ContextError::Encode { kind: K::NAME, source })?;
        Ok(json!({ VALUE: value }))
    }

    fn refused(&self, source: Error) -> ContextError {
        ContextError::State { kind: K::NAME, source }
    }
}

impl<K: ContextKind> fmt::Debug for ContextOwner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContextOwner({})", K::NAME)
    }
}

fn decode<K: ContextKind>(body: &Value) -> Option<K> {
    serde_json::from_value(body.get(VALUE)?.clone()).ok()
}
