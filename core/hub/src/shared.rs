//! What all parts of a running hub use.

use std::{collections::HashMap, sync::Arc};

use phalanx_journal::Journal;
use phalanx_signal::{Catalog, TenantId};
use phalanx_state::State;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::{
    actions::Actions,
    context::ContextStore,
    emit::Emitter,
    health::HealthBus,
    settings::HubSettings,
    time::{Chance, Clock},
};

pub(crate) struct Shared {
    pub journal: Arc<dyn Journal>,
    pub state: Arc<dyn State>,
    pub catalog: Arc<Catalog>,
    /// The tenant of the platform's own signals.
    pub tenant: TenantId,
    pub clock: Clock,
    /// What the monotonic clock is counted from.
    pub began: tokio::time::Instant,
    pub chance: Chance,
    pub settings: HubSettings,
    pub service_settings: HashMap<String, Map<String, Value>>,
    pub health: HealthBus,
    pub contexts: Arc<ContextStore>,
    pub emitter: Emitter,
    pub actions: Arc<Actions>,
    pub shutdown: CancellationToken,
}
