//! The matrix of the services, for `phalanx services` and the API.

use std::sync::Arc;

use parking_lot::RwLock;
use phalanx_hub::{Flow, Hub, Manifest, Service, ServiceState, ServiceStatus, SignalUse};
use serde_json::{Value, json};

/// The services' manifests, and the hub once it runs.
#[derive(Clone, Default)]
pub struct Matrix {
    hub: Arc<RwLock<Option<Arc<Hub>>>>,
    manifests: Arc<Vec<Manifest>>,
}

impl Matrix {
    pub fn new(services: &[Arc<dyn Service>]) -> Self {
        Self { hub: Arc::default(), manifests: Arc::new(services.iter().map(|s| s.manifest()).collect()) }
    }

    pub(super) fn set(&self, hub: Option<Arc<Hub>>) -> Option<Arc<Hub>> {
        std::mem::replace(&mut *self.hub.write(), hub)
    }

    /// Every service with what it consumes and provides, and how it is; who feeds whom; and which of the
    /// numbered flows are alive. Without a running hub nothing flows, and nothing is known of states.
    pub fn render(&self) -> Value {
        let hub = self.hub.read().clone();
        let matrix = match &hub {
            Some(hub) => hub.matrix(),
            None => phalanx_hub::matrix(&self.manifests, &[]),
        };
        let states = hub.map(|hub| hub.status().services).unwrap_or_default();
        let services: Vec<Value> = self
            .manifests
            .iter()
            .map(|manifest| service(manifest, states.iter().find(|status| status.name == manifest.name)))
            .collect();
        let flows: Vec<Value> = matrix
            .flows
            .iter()
            .map(|row| {
                json!({
                    "flow": row.flow,
                    "service": row.meaning.service,
                    "direction": row.meaning.direction,
                    "what": row.meaning.what,
                    "parts": row.parts,
                    "is_alive": row.is_alive,
                    "last_micros": row.last_micros,
                })
            })
            .collect();
        json!({ "services": services, "arrows": matrix.arrows, "flows": flows })
    }
}

fn service(manifest: &Manifest, status: Option<&ServiceStatus>) -> Value {
    let mut consumes = tables(&manifest.signals_consumed);
    consumes.extend(manifest.context_consumed.iter().map(|used| format!("context {}", used.kind)));
    consumes.extend(manifest.actions_requested.iter().map(|used| format!("action {}", used.name)));
    let mut provides = tables(&manifest.signals_provided);
    provides.extend(manifest.context_provided.iter().map(|used| format!("context {}", used.kind)));
    provides.extend(manifest.actions_provided.iter().map(|action| format!("action {}", action.name)));
    json!({
        "name": manifest.name,
        "original": manifest.original,
        "summary": manifest.summary,
        "consumes": consumes,
        "provides": provides,
        "flows": flows(manifest).iter().map(ToString::to_string).collect::<Vec<_>>(),
        "status": word(status),
        "since": status.map(|status| status.since),
        "restarts": status.map_or(0, |status| status.restarts),
        "failure": status.and_then(failure),
        "lag": status.and_then(|status| status.lag).map(|lag| json!({
            "entries": lag.entries,
            "seconds": lag.age.as_secs_f64(),
        })),
        "schedules": status.map(|status| &status.schedules),
        "sources": status.map(|status| &status.sources),
    })
}

fn tables(uses: &[SignalUse]) -> Vec<String> {
    uses.iter().map(|used| used.table.clone()).collect()
}

fn flows(manifest: &Manifest) -> Vec<Flow> {
    let signals = manifest.signals_consumed.iter().chain(&manifest.signals_provided);
    let contexts = manifest.context_consumed.iter().chain(&manifest.context_provided);
    let mut flows: Vec<Flow> = signals
        .flat_map(|used| &used.flows)
        .chain(contexts.flat_map(|used| &used.flows))
        .chain(manifest.actions_requested.iter().flat_map(|used| &used.flows))
        .chain(manifest.actions_provided.iter().flat_map(|action| &action.flows))
        .copied()
        .collect();
    flows.sort_unstable();
    flows.dedup();
    flows
}

fn word(status: Option<&ServiceStatus>) -> &'static str {
    match status.map(|status| (status.state, &status.observe_failure)) {
        None => "not running",
        Some((ServiceState::Start, _)) => "starting",
        Some((ServiceState::Run, None)) => "running",
        Some((ServiceState::Run, Some(_))) => "failing",
        Some((ServiceState::Wait, _)) => "waiting for a restart",
        Some((ServiceState::Dead, _)) => "failed for good",
        Some((ServiceState::Stop, _)) => "stopped",
    }
}

/// Why it does not do its work at the moment.
fn failure(status: &ServiceStatus) -> Option<String> {
    let is_down = matches!(status.state, ServiceState::Wait | ServiceState::Dead);
    let last = status.last_failure.as_ref().filter(|_| is_down).map(|(_, failure)| failure.to_string());
    last.or_else(|| status.observe_failure.clone())
}

#[cfg(test)]
mod tests {
    use phalanx_hub::{Failure, FailureKind};

    use super::*;

    #[test]
    fn a_service_that_fails_says_so_and_why() {
        let mut status = ServiceStatus {
            name: "siem".into(),
            state: ServiceState::Run,
            since: chrono::DateTime::UNIX_EPOCH,
            restarts: 2,
            abandoned: 0,
            last_failure: None,
            observe_failure: None,
            lag: None,
            schedules: Vec::new(),
            sources: Vec::new(),
        };
        let kind = FailureKind::Panic;
        let failed = Failure { activity: phalanx_hub::Activity::Run, kind, message: "no".into() };
        status.last_failure = Some((chrono::DateTime::UNIX_EPOCH, failed));
        assert_eq!((word(Some(&status)), failure(&status)), ("running", None), "that is over");
        status.observe_failure = Some("the store is away".into());
        assert_eq!((word(Some(&status)), failure(&status)), ("failing", Some("the store is away".into())));
        status.state = ServiceState::Dead;
        let reason = Some("panicked during its run: no".into());
        assert_eq!((word(Some(&status)), failure(&status)), ("failed for good", reason));
        assert_eq!(word(None), "not running");
    }
}
