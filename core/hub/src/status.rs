//! How the hub and its services are now.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    health::{Failure, SourceReport},
    schedules::ScheduleStatus,
    supervise::{ServiceState, Slot},
};

/// How the services are.
#[derive(Clone, Debug, Serialize)]
pub struct HubStatus {
    /// In the order of the program's list.
    pub services: Vec<ServiceStatus>,
    /// The kinds of context, with the number of entities about which each believes something.
    pub contexts: Vec<(&'static str, usize)>,
}

/// How one service is.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceStatus {
    pub name: String,
    pub state: ServiceState,
    /// Since when it is in that state.
    pub since: DateTime<Utc>,
    /// How often it had to be restarted.
    pub restarts: u32,
    /// Threads that it lost to hangs.
    pub abandoned: u32,
    pub last_failure: Option<(DateTime<Utc>, Failure)>,
    /// Why it can't deal with its signals at the moment, if so.
    pub observe_failure: Option<String>,
    /// How far it has come with its signals, if it consumes any.
    pub lag: Option<Lag>,
    pub schedules: Vec<ScheduleStatus>,
    pub sources: Vec<SourceReport>,
}

/// How far a consumer of the journal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// The position it has committed.
    pub position: u64,
    /// Entries that it has not.
    pub entries: u64,
    /// How long the oldest of those has been waiting.
    pub age: Duration,
}

pub(crate) fn service(slot: &Slot, journal: &phalanx_journal::Status) -> ServiceStatus {
    let condition = slot.condition.lock().clone();
    let consumer = slot.consumer();
    let now = slot.shared.clock.micros();
    let lag = journal.consumers.iter().find(|c| c.name == consumer).map(|c| Lag {
        position: c.committed.0,
        entries: c.lag_entries,
        age: c.lag(now),
    });
    ServiceStatus {
        name: slot.name.to_string(),
        state: condition.state,
        since: condition.since,
        restarts: condition.restarts,
        abandoned: condition.abandoned,
        last_failure: condition.last_failure,
        observe_failure: condition.observe_failure,
        lag,
        schedules: slot.schedules.iter().map(|schedule| schedule.status()).collect(),
        sources: slot.sources.lock().values().cloned().collect(),
    }
}
