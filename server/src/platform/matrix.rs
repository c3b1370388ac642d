//! The matrix of the services, for `phalanx services` and the API.

use std::sync::Arc;

use parking_lot::RwLock;
use phalanx_hub::{Hub, Manifest, Service};
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

    /// Every service with what it consumes and provides; its state where it runs.
    pub fn render(&self) -> Value {
        let is_running = self.hub.read().is_some();
        let services: Vec<Value> = self
            .manifests
            .iter()
            .map(|manifest| {
                let tables = |uses: &[phalanx_hub::SignalUse]| -> Vec<String> {
                    uses.iter().map(|used| used.table.clone()).collect()
                };
                let mut consumes = tables(&manifest.signals_consumed);
                consumes
                    .extend(manifest.context_consumed.iter().map(|used| format!("context {}", used.kind)));
                let mut provides = tables(&manifest.signals_provided);
                provides
                    .extend(manifest.context_provided.iter().map(|used| format!("context {}", used.kind)));
                provides
                    .extend(manifest.actions_provided.iter().map(|action| format!("action {}", action.name)));
                let flows = manifest.signals_consumed.iter().chain(&manifest.signals_provided);
                let mut flows: Vec<_> = flows.flat_map(|used| used.flows.clone()).collect();
                flows.sort_unstable();
                flows.dedup();
                json!({
                    "name": manifest.name,
                    "original": manifest.original,
                    "summary": manifest.summary,
                    "consumes": consumes,
                    "provides": provides,
                    "flows": flows.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "status": if is_running { "running" } else { "not running" },
                })
            })
            .collect();
        json!({ "services": services })
    }
}
