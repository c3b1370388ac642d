//! What the hub holds about one service across its lives.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use phalanx_journal::Position;
use phalanx_signal::TenantId;
use phalanx_state::Author;
use serde::Serialize;
use tokio::sync::Notify;

use crate::{
    Manifest, Service,
    health::{Failure, HealthEvent, SourceReport},
    meter::Meters,
    schedules::ScheduleSlot,
    shared::Shared,
};

/// One service: itself, its manifest, and what outlives a failure.
pub(crate) struct Slot {
    pub name: Arc<str>,
    pub service: Arc<dyn Service>,
    pub manifest: Manifest,
    pub author: Author,
    pub shared: Arc<Shared>,
    pub traffic: Traffics,
    pub trial: Mutex<Option<Trial>>,
    pub schedules: Vec<ScheduleSlot>,
    /// Woken when an action was asked of this service.
    pub asked: Arc<Notify>,
    pub condition: Mutex<Condition>,
    pub sources: Mutex<BTreeMap<String, SourceReport>>,
}

/// Meters of everything that a service consumes and provides.
#[derive(Debug, Default)]
pub(crate) struct Traffics {
    pub signals_in: Meters,
    pub signals_out: Meters,
    pub context_in: Meters,
    pub context_out: Meters,
    pub actions_in: Meters,
    pub actions_out: Meters,
}

/// Signals that may be what makes the service fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trial {
    /// First position of what was being observed.
    pub at: Position,
    /// Up to here, entries are given one at a time, to find the one that does it.
    pub until: Position,
    /// Tries so far.
    pub attempts: u32,
}

/// How a service is.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub state: ServiceState,
    pub since: DateTime<Utc>,
    pub restarts: u32,
    pub abandoned: u32,
    pub last_failure: Option<(DateTime<Utc>, Failure)>,
    pub observe_failure: Option<String>,
}

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    Start,
    Run,
    /// It failed and waits for its restart.
    Wait,
    /// It failed too badly to be restarted.
    Dead,
    Stop,
}

impl Slot {
    /// The name under which the journal knows the service.
    pub fn consumer(&self) -> String {
        consumer(&self.name)
    }

    pub fn report(&self, event: HealthEvent) {
        self.shared.health.report(self.shared.clock.now(), &self.name, event);
    }

    pub fn enter(&self, state: ServiceState) {
        let mut condition = self.condition.lock();
        condition.state = state;
        condition.since = self.shared.clock.now();
    }

    /// Takes a source's state; it is reported when it has changed.
    pub fn source(&self, report: SourceReport) {
        let before = self.sources.lock().insert(report.source.clone(), report.clone());
        let is_news = before.is_none_or(|b| b.state != report.state || b.detail != report.detail);
        if is_news {
            self.report(HealthEvent::Source(report));
        }
    }

    /// The tenant as `state` spells it.
    pub fn state_tenant(tenant: TenantId) -> phalanx_state::TenantId {
        phalanx_state::TenantId::new(*tenant.as_uuid())
    }
}

/// Begins the names of the services' consumers.
pub(crate) const CONSUMER_PREFIX: &str = "service/";

pub(crate) fn consumer(service: &str) -> String {
    format!("{CONSUMER_PREFIX}{service}")
}
