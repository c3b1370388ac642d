//! Context: what is believed about an entity now.
//!
//! Each kind (a device's compliance, a user's risk) has one [`Shelf`] in memory, typed by the kind's Rust
//! type, from which everybody reads in nanoseconds. Only the service whose manifest provides the kind gets
//! a [`ContextOwner`], and only through that can a value change: first in `state`, so that it survives,
//! then in memory, then to the subscribers. Changes that another process made to the same `state` come in
//! through its change feed ([`follow`]), so that several processes believe the same within a second.

mod follow;
mod owner;
mod reader;
mod shelf;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use phalanx_signal::TenantId;
use phalanx_state::{Query, State};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub(crate) use follow::follow;
pub use owner::ContextOwner;
pub use reader::{ContextChange, ContextChanges, ContextNews, ContextReader};
pub(crate) use shelf::{AnyShelf, Shelf};

use crate::{Manifest, meter::Meter, time::Clock};

/// A kind of context: the type of its values, and its name.
///
/// The type is shared vocabulary of owner and readers and so lives in `core`; a new field must be optional
/// to read (`#[serde(default)]`), for stored values lack it.
pub trait ContextKind: Serialize + DeserializeOwned + PartialEq + Send + Sync + 'static {
    /// Up to 48 lower-case letters, digits and hyphens: `device-compliance`.
    const NAME: &'static str;
}

/// What is believed about one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief<K> {
    pub value: K,
    /// Counts the changes of this entity's value of this kind.
    pub version: u64,
    /// When it was changed last.
    pub since: DateTime<Utc>,
}

/// Why context can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    #[error("no service provides context `{0}`")]
    Unknown(&'static str),
    #[error("the manifest of `{service}` does not name context `{kind}` as consumed")]
    NotConsumed { service: Arc<str>, kind: &'static str },
    #[error("context `{kind}` is not owned by `{service}`")]
    NotOwner { service: Arc<str>, kind: &'static str },
    #[error("context `{kind}` has values of another type than `{expected}`")]
    Type { kind: &'static str, expected: &'static str },
    #[error("the value of context `{kind}` can't be written as JSON")]
    Encode { kind: &'static str, source: serde_json::Error },
    #[error("this run of the service has been ended")]
    Ended,
    #[error("context `{kind}` could not be stored")]
    State { kind: &'static str, source: phalanx_state::Error },
}

/// All that is believed, of every kind. Reading it needs no rights: the hub hands it only to what runs
/// inside the platform.
pub struct ContextStore {
    shelves: HashMap<&'static str, Arc<dyn AnyShelf>>,
    state: Arc<dyn State>,
}

impl ContextStore {
    /// Makes a shelf for each kind that the manifests provide, and fills it from `state`.
    pub(crate) async fn load(
        manifests: &[Manifest],
        state: Arc<dyn State>,
        lag: usize,
        clock: &Clock,
    ) -> Result<Self, phalanx_state::Error> {
        let provided = manifests.iter().flat_map(|manifest| &manifest.context_provided);
        let shelves: HashMap<_, _> =
            provided.map(|used| (used.kind, (used.make)(lag, clock.clone()))).collect();
        let store = Self { shelves, state };
        for shelf in store.shelves.values() {
            store.fill(&**shelf).await?;
        }
        Ok(store)
    }

    /// A reader of one kind for code that is no service (policy, APIs).
    pub fn reader<K: ContextKind>(&self) -> Result<ContextReader<K>, ContextError> {
        self.metered_reader(Arc::default())
    }

    /// One value as JSON, for APIs that show whatever kind they are asked for.
    pub fn value(&self, kind: &str, tenant: TenantId, entity: &str) -> Option<Belief<Value>> {
        self.shelves.get(kind)?.value(tenant, entity)
    }

    /// The kinds, with the number of entities about which each believes something.
    pub fn kinds(&self) -> Vec<(&'static str, usize)> {
        let mut kinds: Vec<_> = self.shelves.iter().map(|(kind, s)| (*kind, s.len())).collect();
        kinds.sort_unstable();
        kinds
    }

    pub(crate) fn metered_reader<K: ContextKind>(
        &self,
        meter: Arc<Meter>,
    ) -> Result<ContextReader<K>, ContextError> {
        Ok(ContextReader::new(self.shelf()?, meter))
    }

    pub(crate) fn shelf<K: ContextKind>(&self) -> Result<Arc<Shelf<K>>, ContextError> {
        let shelf = self.shelves.get(K::NAME).ok_or(ContextError::Unknown(K::NAME))?;
        shelf
            .clone()
            .as_any()
            .downcast()
            .map_err(|_| ContextError::Type { kind: K::NAME, expected: std::any::type_name::<K>() })
    }

    pub(crate) fn state(&self) -> &Arc<dyn State> {
        &self.state
    }

    fn shelf_of_collection(&self, collection: &str) -> Option<&Arc<dyn AnyShelf>> {
        self.shelves.get(collection.strip_prefix(COLLECTION_PREFIX)?)
    }

    /// Takes over everything that is stored of a kind.
    async fn fill(&self, shelf: &dyn AnyShelf) -> Result<(), phalanx_state::Error> {
        let collection = collection(shelf.kind());
        for tenant in self.state.tenants(&collection).await? {
            let mut query = Query::new(tenant, &collection).page_size(1_000);
            loop {
                let page = self.state.query(&query).await?;
                for document in page.documents {
                    let (entity, version) = (document.key.id(), document.version);
                    apply(shelf, tenant, entity, version, Some(document.body), document.modified);
                }
                let Some(next) = page.next else { break };
                query = query.after(next);
            }
        }
        Ok(())
    }
}

const COLLECTION_PREFIX: &str = "context.";
/// Documents are objects, beliefs any JSON: the member that holds the belief.
const VALUE: &str = "value";

fn collection(kind: &str) -> String {
    format!("{COLLECTION_PREFIX}{kind}")
}

/// Takes a stored document into a shelf. A value that the kind's type can't hold any more counts as not
/// believed: that is reported, and the owner makes it anew.
fn apply(
    shelf: &dyn AnyShelf,
    tenant: phalanx_state::TenantId,
    entity: &str,
    version: u64,
    body: Option<Value>,
    at: DateTime<Utc>,
) {
    let value = body.map(|mut body| body.get_mut(VALUE).map(Value::take).unwrap_or_default());
    let tenant = TenantId::new(tenant.into());
    if let Err(error) = shelf.apply_json(tenant, entity, version, value, at) {
        let kind = shelf.kind();
        tracing::error!(kind, %tenant, entity, version, %error, "stored context can't be read");
    }
}
