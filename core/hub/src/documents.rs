//! A service's own documents in `state`: what it must remember and is no context.

use std::sync::Arc;

use phalanx_signal::TenantId;
use phalanx_state::{
    Author, Document, Error, Etag, Filter, Index, Key, Page, Precondition, Query, Result, State, Write,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{supervise::Life, supervise::Slot};

/// The documents of one service. Its collections are its own: the same name in another service is
/// another collection, and every change is audited under the service's name.
#[derive(Clone)]
pub struct Documents {
    life: Arc<Life>,
}

/// A document with its content read.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    pub value: T,
    /// For [`Precondition::Matches`].
    pub etag: Etag,
    pub version: u64,
}

impl Documents {
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self { life }
    }

    /// Declares by which fields a collection is filtered and ordered; see [`State::declare`].
    pub async fn declare(&self, collection: &str, indexes: &[Index]) -> Result<()> {
        self.state()?.declare(&self.collection(collection), indexes).await
    }

    /// A document's content, read as `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        collection: &str,
        id: &str,
    ) -> Result<Option<Stored<T>>> {
        let document = self.state()?.get(&self.key(tenant, collection, id)?).await?;
        document.map(read).transpose()
    }

    /// Creates or replaces a document; `value` must be an object in JSON.
    pub async fn put<T: Serialize + Sync>(
        &self,
        tenant: TenantId,
        collection: &str,
        id: &str,
        value: &T,
        precondition: Precondition,
    ) -> Result<Etag> {
        let key = self.key(tenant, collection, id)?;
        let body = to_body(value)?;
        let stored = self.state()?.put(&key, body, precondition, &self.life.slot.author).await?;
        Ok(stored.etag)
    }

    /// Deletes a document, if it is there.
    pub async fn delete(
        &self,
        tenant: TenantId,
        collection: &str,
        id: &str,
        precondition: Precondition,
    ) -> Result<()> {
        let key = self.key(tenant, collection, id)?;
        self.state()?.delete(&key, precondition, &self.life.slot.author).await?;
        Ok(())
    }

    /// Several writes as one, all or none. The keys are made by [`Documents::key`].
    pub async fn write(&self, writes: Vec<Write>) -> Result<()> {
        let own = format!("{}.", self.life.slot.name);
        if let Some(foreign) = writes.iter().find(|write| !write.key().collection().starts_with(&own)) {
            return Err(Error::Invalid(format!("`{}` is another's document", foreign.key())));
        }
        self.state()?.write(writes, &self.life.slot.author).await?;
        Ok(())
    }

    /// A page of a tenant's documents that pass a filter, by id; go on with
    /// [`Documents::query`] and [`Page::next`].
    pub async fn list(&self, tenant: TenantId, collection: &str, filter: Option<Filter>) -> Result<Page> {
        let query = Query::new(Slot::state_tenant(tenant), collection);
        self.query(Query { filter, ..query }).await
    }

    /// As [`State::query`]; the query's collection is this service's.
    pub async fn query(&self, mut query: Query) -> Result<Page> {
        query.collection = self.collection(&query.collection);
        self.state()?.query(&query).await
    }

    /// The key of a document of this service, for [`Documents::write`].
    pub fn key(&self, tenant: TenantId, collection: &str, id: &str) -> Result<Key> {
        Key::new(Slot::state_tenant(tenant), self.collection(collection), id)
    }

    /// Under whose name changes are audited.
    pub fn author(&self) -> &Author {
        &self.life.slot.author
    }

    fn collection(&self, name: &str) -> String {
        format!("{}.{name}", self.life.slot.name)
    }

    fn state(&self) -> Result<&Arc<dyn State>> {
        self.life.check().map_err(|ended| Error::Unavailable { reason: ended.to_string(), source: None })?;
        Ok(&self.life.slot.shared.state)
    }
}

fn read<T: DeserializeOwned>(document: Document) -> Result<Stored<T>> {
    let value = serde_json::from_value(document.body)
        .map_err(|error| Error::Corrupt(format!("document `{}`: {error}", document.key)))?;
    Ok(Stored { value, etag: document.etag, version: document.version })
}

fn to_body<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::Invalid(format!("the value can't be written as JSON: {error}")))
}
