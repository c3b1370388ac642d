//! How the services stand, as the hub's reports tell: the program knows its journal's consumers, and only the
//! hub knows what becomes of those that are services.

use std::{collections::HashMap, sync::Arc};

use phalanx_hub::{HealthEvent, HealthReport};

/// How each service stands that something was reported of.
#[derive(Default)]
pub(crate) struct Standings(HashMap<Arc<str>, Standing>);

/// How a service stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How often it was started anew.
    pub restarts: u32,
    /// Why it does not deal with its signals at the moment.
    pub failure: Option<String>,
}

impl Standings {
    pub fn of(&self, service: &str) -> Option<&Standing> {
        self.0.get(service)
    }

    /// Takes a report in.
    pub fn take(&mut self, report: &HealthReport) {
        let standing = self.0.entry(report.service.clone()).or_default();
        match &report.event {
            HealthEvent::Start { restarts } => {
                *standing = Standing { restarts: *restarts, failure: None };
            }
            HealthEvent::Fail { failure, .. } | HealthEvent::GiveUp { failure } => {
                standing.failure = Some(failure.to_string());
            }
            HealthEvent::ObserveFail { reason, .. } => standing.failure = Some(reason.clone()),
            HealthEvent::ObserveRecover { .. } => standing.failure = None,
            HealthEvent::Recover
            | HealthEvent::Skip { .. }
            | HealthEvent::ScheduleFail { .. }
            | HealthEvent::ScheduleRecover { .. }
            | HealthEvent::Source(_)
            | HealthEvent::Stop => {}
        }
    }
}
