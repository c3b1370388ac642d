//! The use of a kind of context, with its type.

use std::{any::TypeId, sync::Arc};

use serde::Serialize;

use super::Flow;
use crate::{
    context::{AnyShelf, ContextKind, Shelf},
    time::Clock,
};

/// A kind of context that a service reads or owns.
#[derive(Clone, Debug, Serialize)]
pub struct ContextUse {
    /// The kind's name.
    pub kind: &'static str,
    pub flows: Vec<Flow>,
    /// The Rust type of its values, for messages.
    pub type_name: &'static str,
    #[serde(skip)]
    pub(crate) type_id: TypeId,
    /// Makes the place where values of the kind are kept; `lag` is the bound on its subscribers.
    #[serde(skip)]
    pub(crate) make: fn(lag: usize, clock: Clock) -> Arc<dyn AnyShelf>,
}

impl ContextUse {
    /// The use of kind `K`, as these flows.
    pub fn of<K: ContextKind>(flows: impl IntoIterator<Item = Flow>) -> Self {
        Self {
            kind: K::NAME,
            flows: flows.into_iter().collect(),
            type_name: std::any::type_name::<K>(),
            type_id: TypeId::of::<K>(),
            make: |lag, clock| Arc::new(Shelf::<K>::new(lag, clock)),
        }
    }
}
