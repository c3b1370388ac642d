//! Where the service is started, again and again on the same journal and state.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Position, Start};
use phalanx_signal::{Catalog, RowsBuilder, SignalBatch, TenantId};
use phalanx_state::{Options, ResumeToken, State};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::{Fixture, PATIENCE};
use crate::{
    Chance, Clock, FailureKind, Hub, HubDeps, HubSettings, Manifest, ServiceState, manifest::EVERY_TABLE,
};

const TENANT: TenantId = TenantId::new(Uuid::from_u128(0x7e57));

/// How long a service may take to stop. What takes longer is cut short by the hub, and fails the test.
pub(super) const DRAIN: Duration = Duration::from_secs(4);

/// The hub's own notes: how far it is, and not what the service made of its signals.
const NOTES: [&str; 2] = ["hub.cursors", "hub.schedules"];

pub(super) struct Place {
    fixture: Arc<dyn Fixture>,
    pub(super) catalog: Arc<Catalog>,
    journal: Arc<dyn Journal>,
    state: Arc<dyn State>,
    /// Last, for it is removed when dropped.
    _folder: TempDir,
}

impl Place {
    pub(super) async fn new(fixture: Arc<dyn Fixture>) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("state.db").display());
        let state = phalanx_state::open(&url, Options::default()).await.expect("a new state opens");
        let config = JournalConfig::new(folder.path().join("journal"));
        let journal: Arc<dyn Journal> = Arc::new(EmbeddedJournal::open(config).expect("a new journal opens"));
        // So that signals can be given again.
        journal.register("test", Start::Oldest).await.expect("a consumer can be registered");
        Self { fixture, catalog: Arc::new(Catalog::new()), journal, state, _folder: folder }
    }

    pub(super) fn manifest(&self) -> Manifest {
        self.fixture.service().manifest()
    }

    pub(super) async fn append_signals(&self) {
        self.append(self.fixture.signals(&self.catalog)).await;
    }

    pub(super) async fn append(&self, entries: Vec<Vec<SignalBatch>>) {
        for batches in entries {
            let _durable = self.journal.append(RECEIVED, batches).await.expect("the journal takes it");
        }
    }

    /// The service, first of the hub's, with those it needs.
    pub(super) async fn start(&self) -> Hub {
        let service = self.fixture.service();
        let settings = self.fixture.settings();
        let deps = HubDeps {
            journal: self.journal.clone(),
            state: self.state.clone(),
            catalog: self.catalog.clone(),
            tenant: TENANT,
            sources: self.fixture.sources(),
            service_settings: BTreeMap::from([(service.manifest().name, settings)]),
            settings: HubSettings {
                watch_interval: Duration::from_millis(10),
                end_grace: Duration::from_secs(10),
                drain: DRAIN,
                ..HubSettings::default()
            },
            clock: Clock::system(),
            chance: Chance::seeded(1),
        };
        let services = [service].into_iter().chain(self.fixture.others()).collect();
        Hub::start(services, deps).await.expect("the services fit together")
    }

    /// Ends a hub as a crash would: nothing is waited for but that its threads are gone.
    pub(super) async fn kill(&self, hub: Hub) {
        drop(hub);
        self.eventually("its threads are gone", || Arc::strong_count(&self.journal) == 1).await;
    }

    pub(super) async fn until_it_runs(&self, hub: &Hub) {
        self.eventually("it runs", || {
            self.assert_no_failure(hub);
            hub.status().services[0].state == ServiceState::Run
        })
        .await;
    }

    /// Waits until the service has dealt with everything in the journal, what it put there itself included.
    pub(super) async fn until_all_is_observed(&self, hub: &Hub) {
        if self.manifest().signals_consumed.is_empty() {
            return;
        }
        let consumer = crate::supervise::consumer(&self.manifest().name);
        let is_done = || {
            self.assert_no_failure(hub);
            self.journal.committed(&consumer).is_some_and(|at| at >= self.journal.head())
        };
        self.eventually("all signals are dealt with", is_done).await;
    }

    /// The service gets all signals again at its next start.
    pub(super) async fn forget_what_was_observed(&self) {
        let consumer = crate::supervise::consumer(&self.manifest().name);
        if self.journal.committed(&consumer).is_some() {
            self.journal.unregister(&consumer).await.expect("it is registered");
            let oldest = self.journal.register(&consumer, Start::Oldest).await.expect("it can be again");
            assert_eq!(oldest, Position::ZERO, "the test's own consumer kept everything");
        }
    }

    /// All documents but the hub's own notes: what the service believes, remembers and has asked for.
    pub(super) async fn documents(&self) -> BTreeMap<String, Value> {
        let (mut documents, mut after) = (BTreeMap::new(), ResumeToken::START);
        loop {
            let changes = self.state.changes(after, 1_000).await.expect("the feed can be read");
            if changes.changes.is_empty() {
                return documents;
            }
            after = changes.next;
            for change in changes.changes {
                if NOTES.contains(&change.key.collection()) {
                    continue;
                }
                let name = format!("{} {}", change.key.tenant(), change.key);
                match change.body {
                    Some(body) => documents.insert(name, body),
                    None => documents.remove(&name),
                };
            }
        }
    }

    pub(super) fn assert_no_failure(&self, hub: &Hub) {
        let status = hub.status();
        let status = &status.services[0];
        if let Some((_, failure)) = &status.last_failure {
            let verb = if failure.kind == FailureKind::Hang { "hung" } else { "failed" };
            panic!("`{}` {verb}: {failure}", status.name);
        }
        assert_eq!(status.observe_failure, None, "`{}` can't deal with its signals", status.name);
        assert_eq!(status.restarts, 0, "`{}` was not restarted", status.name);
    }

    async fn eventually(&self, what: &str, condition: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !condition() {
            assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// When the signals of the tests were accepted, in microseconds since 1970.
const RECEIVED: i64 = 1_767_225_600_000_000;

/// One row of each consumed table, with no value but its time; `Syslog` and a few others for a service that
/// consumes every table.
pub(super) fn bare_rows(manifest: &Manifest, catalog: &Catalog) -> Vec<Vec<SignalBatch>> {
    let mut names: Vec<&str> = manifest.signals_consumed.iter().map(|used| used.table.as_str()).collect();
    if names.contains(&EVERY_TABLE) {
        names = vec!["Syslog", "DeviceProcessEvents", "SigninLogs", "PhalanxDeadLetter"];
    }
    let bare = |name: &str| {
        let table = catalog.table(name).expect("the manifest names tables of the catalog");
        let mut rows = RowsBuilder::new(table);
        drop(rows.row(RECEIVED));
        rows.finish(TENANT).into_iter().collect()
    };
    names.into_iter().map(bare).collect()
}
