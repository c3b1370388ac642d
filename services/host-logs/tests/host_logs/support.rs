//! A host whose logs are collected, by hubs that are started and killed on one journal and state.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::{Array, cast::AsArray};
use phalanx_host_logs::HostLogs;
use phalanx_hub::{Chance, Clock, Hub, HubDeps, HubSettings, SourceReport};
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Position, Start};
use phalanx_signal::{Catalog, TenantId};
use phalanx_state::{Options, State};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

const DEADLINE: Duration = Duration::from_secs(30);

pub struct Host {
    pub folder: TempDir,
    pub journal: Arc<dyn Journal>,
    state: Arc<dyn State>,
    catalog: Arc<Catalog>,
}

impl Host {
    pub async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("state.db").display());
        let state = phalanx_state::open(&url, Options::default()).await.expect("the state opens");
        let config = JournalConfig::new(folder.path().join("journal"));
        let journal = EmbeddedJournal::open(config).expect("the journal opens");
        let journal: Arc<dyn Journal> = Arc::new(journal);
        // So that everything can be read again at the end.
        journal.register("test", Start::Oldest).await.expect("a consumer");
        Self { folder, journal, state, catalog: Arc::new(Catalog::new()) }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts collecting with these settings.
    pub async fn start(&self, settings: Value) -> Hub {
        let settings = settings.as_object().expect("an object").clone();
        let deps = HubDeps {
            journal: self.journal.clone(),
            state: self.state.clone(),
            catalog: self.catalog.clone(),
            tenant: TenantId::new(Uuid::from_u128(7)),
            sources: Vec::new(),
            service_settings: BTreeMap::from([("host-logs".to_owned(), settings)]),
            settings: HubSettings {
                restart_first: Duration::from_millis(20),
                watch_interval: Duration::from_millis(20),
                end_grace: Duration::from_secs(20),
                ..HubSettings::default()
            },
            clock: Clock::system(),
            chance: Chance::seeded(1),
        };
        Hub::start(vec![Arc::new(HostLogs::new())], deps).await.expect("the service fits")
    }

    /// Ends a hub as a crash would: nothing is waited for but that its threads are gone.
    pub async fn kill(&self, hub: Hub) {
        drop(hub);
        eventually("the hub is gone", || Arc::strong_count(&self.journal) == 1).await;
    }

    /// The texts of a column in all rows of a table so far, in order.
    pub async fn texts(&self, table: &str, column: &str) -> Vec<String> {
        let mut reader = self.journal.reader("test", Position::ZERO);
        let (head, mut at, mut texts) = (self.journal.head(), Position::ZERO, Vec::new());
        while at < head {
            for entry in reader.next(Default::default()).await.expect("the journal can be read") {
                at = entry.position;
                for batch in entry.batches.iter().filter(|batch| &*batch.table == table) {
                    if let Some(column) = batch.rows.column_by_name(column) {
                        let column = column.as_string_view();
                        texts.extend((0..column.len()).map(|at| column.value(at).to_owned()));
                    }
                }
            }
        }
        texts
    }

    /// Waits until the messages in table `Syslog` are these.
    pub async fn until_messages(&self, expected: &[String]) {
        let until = Instant::now() + DEADLINE;
        loop {
            let messages = self.texts("Syslog", "SyslogMessage").await;
            if messages == expected {
                return;
            }
            let is_in_time = Instant::now() < until;
            assert!(is_in_time, "{} of {} messages: {messages:#?}", messages.len(), expected.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Waits for a source's report.
pub async fn source(hub: &Hub, wanted: impl Fn(&SourceReport) -> bool) -> SourceReport {
    let until = Instant::now() + DEADLINE;
    loop {
        let sources = hub.status().services[0].sources.clone();
        if let Some(report) = sources.iter().find(|report| wanted(report)) {
            return report.clone();
        }
        assert!(Instant::now() < until, "no such report among {sources:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until a condition holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < until, "{what}: not within {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn messages(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("message {number}")).collect()
}
