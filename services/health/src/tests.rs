//! The service in a hub, with figures of a test's making.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::{RecordBatch, cast::AsArray, types::TimestampMicrosecondType};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use phalanx_hub::{Chance, Clock, Hub, HubDeps, HubSettings, SourceReport, SourceState};
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Position, Start};
use phalanx_signal::{Catalog, TenantId};
use phalanx_state::Options;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

const TENANT: TenantId = TenantId::new(Uuid::from_u128(7));

#[derive(Default)]
struct Figures {
    consumers: Mutex<Vec<ConsumerVital>>,
    refusals: Mutex<Vec<RefusalCount>>,
    dead_letters: Mutex<Vec<DeadLetterCount>>,
    usage: Mutex<Vec<UsageCount>>,
    disk: Mutex<Option<DiskVital>>,
}

impl Vitals for Figures {
    fn consumers(&self) -> Vec<ConsumerVital> {
        self.consumers.lock().clone()
    }
    fn refusals(&self) -> Vec<RefusalCount> {
        self.refusals.lock().clone()
    }
    fn dead_letters(&self) -> Vec<DeadLetterCount> {
        self.dead_letters.lock().clone()
    }
    fn usage(&self) -> Vec<UsageCount> {
        self.usage.lock().clone()
    }
    fn disk(&self) -> Option<DiskVital> {
        self.disk.lock().clone()
    }
}

/// A service that reports a source and panics once.
struct Troubled {
    source: SourceReport,
    has_panicked: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Service for Troubled {
    fn manifest(&self) -> Manifest {
        Manifest::new("troubled", "nothing", "has trouble")
    }

    async fn run(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        ctx.report(self.source.clone());
        assert!(self.has_panicked.swap(true, std::sync::atomic::Ordering::SeqCst), "trouble");
        ctx.shutdown().cancelled().await;
        Ok(())
    }
}

struct Place {
    _folder: TempDir,
    journal: Arc<dyn Journal>,
    hub: Hub,
}

async fn start(services: Vec<Arc<dyn Service>>) -> Place {
    let folder = TempDir::new().expect("a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("state.db").display());
    let state = phalanx_state::open(&url, Options::default()).await.expect("the state opens");
    let config = JournalConfig::new(folder.path().join("journal"));
    let journal = EmbeddedJournal::open(config).expect("the journal opens");
    let journal: Arc<dyn Journal> = Arc::new(journal);
    // So that everything can be read again at the end.
    journal.register("test", Start::Oldest).await.expect("a consumer");
    let settings = HubSettings {
        restart_first: Duration::from_millis(10),
        watch_interval: Duration::from_millis(10),
        ..HubSettings::default()
    };
    let deps = HubDeps {
        journal: journal.clone(),
        state,
        catalog: Arc::new(Catalog::new()),
        tenant: TENANT,
        sources: Vec::new(),
        service_settings: BTreeMap::new(),
        settings,
        clock: Clock::system(),
        chance: Chance::seeded(1),
    };
    let hub = Hub::start(services, deps).await.expect("the services fit together");
    Place { _folder: folder, journal, hub }
}

impl Place {
    /// All rows of a table so far: column to value.
    async fn rows(&self, table: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = self.journal.reader("test", Position::ZERO);
        let (head, mut at, mut rows) = (self.journal.head(), Position::ZERO, Vec::new());
        while at < head {
            for entry in reader.next(Default::default()).await.expect("the journal can be read") {
                at = entry.position;
                let batches = entry.batches.iter().filter(|batch| &*batch.table == table);
                rows.extend(batches.flat_map(|batch| decode(&batch.rows)));
            }
        }
        rows
    }

    /// Waits for rows of which one is as wanted.
    async fn row(
        &self,
        table: &str,
        wanted: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> BTreeMap<String, String> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let rows = self.rows(table).await;
            if let Some(row) = rows.iter().find(|row| wanted(row)) {
                return row.clone();
            }
            assert!(Instant::now() < until, "no such row of {table} among {rows:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn decode(rows: &RecordBatch) -> Vec<BTreeMap<String, String>> {
    let (schema, options) = (rows.schema(), FormatOptions::default());
    let mut decoded = vec![BTreeMap::new(); rows.num_rows()];
    for (field, column) in schema.fields().iter().zip(rows.columns()) {
        if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
            for (at, row) in decoded.iter_mut().enumerate() {
                row.insert(field.name().clone(), times.value(at).to_string());
            }
            continue;
        }
        let texts = ArrayFormatter::try_new(column, &options).expect("a column that can be shown");
        for (at, row) in decoded.iter_mut().enumerate() {
            row.insert(field.name().clone(), texts.value(at).to_string());
        }
    }
    decoded
}

fn consumer(lag_seconds: u64) -> ConsumerVital {
    ConsumerVital {
        name: "lake".into(),
        position: 90,
        head: 100,
        lag_entries: 10,
        lag: Duration::from_secs(lag_seconds),
        restarts: 2,
        failure: None,
    }
}

fn letters(count: u64) -> DeadLetterCount {
    let (source, format, reason) = ("a.log".into(), "syslog".into(), "no priority".into());
    DeadLetterCount { source, format, reason, count }
}

#[tokio::test]
async fn the_figures_become_rows() {
    let figures = Arc::new(Figures::default());
    *figures.consumers.lock() = vec![consumer(90)];
    *figures.dead_letters.lock() = vec![letters(3)];
    *figures.refusals.lock() = vec![RefusalCount {
        source: "10.0.0.7".into(),
        interface: "logs ingestion".into(),
        reason: "overloaded".into(),
        status_code: Some(429),
        count: 5,
    }];
    *figures.disk.lock() = Some(DiskVital { path: "/data".into(), free_bytes: 20, total_bytes: 1_000 });
    let place = start(vec![Arc::new(Health::new(figures.clone(), "1.2.3"))]).await;

    let beat = place.row("Heartbeat", |_| true).await;
    let shown = ["Category", "SCAgentChannel", "Version", "OSType", "SourceSystem", "ComputerEnvironment"];
    let shown: Vec<&str> = shown.iter().map(|column| beat[*column].as_str()).collect();
    assert_eq!(shown, ["Direct Agent", "Direct", "1.2.3", "Linux", "Linux", "Non-Azure"]);
    assert!(!beat["Computer"].is_empty() && beat.contains_key("TimeGenerated"));
    assert!(beat["ComputerPrivateIPs"].starts_with('['), "a list: {beat:?}");

    let lag = place.row("PhalanxConsumer", |_| true).await;
    let shown = ["Consumer", "Position", "Head", "LagRecords", "LagSeconds", "Restarts", "Status"];
    let shown: Vec<&str> = shown.iter().map(|column| lag[*column].as_str()).collect();
    assert_eq!(shown, ["lake", "90", "100", "10", "90.0", "2", "Running"]);
    let alarm = place.row("SentinelHealth", |row| row["SentinelResourceName"] == "lake").await;
    assert_eq!(alarm["OperationName"], "Consumer status change");
    assert_eq!(alarm["Status"], "Failure");
    assert_eq!(alarm["WorkspaceId"], TENANT.to_string());
    assert_eq!(alarm["SentinelResourceId"], format!("/workspaces/{TENANT}/Consumer/lake"));
    assert!(alarm["RecordId"].parse::<Uuid>().is_ok(), "{alarm:?}");
    let alarm = place.row("SentinelHealth", |row| row["SentinelResourceName"] == "/data").await;
    assert!(alarm["Description"].starts_with("only 2.0 % of the disk are free"), "{alarm:?}");

    let refused = place.row("PhalanxRefusal", |row| row["Source"] == "10.0.0.7").await;
    assert_eq!((refused["Count"].as_str(), refused["StatusCode"].as_str()), ("5", "429"));
    let letter = place.row("PhalanxRefusal", |row| row["Source"] == "a.log").await;
    assert_eq!(letter["Interface"], "decoder syslog");

    // What came since is told at the end.
    *figures.dead_letters.lock() = vec![letters(10)];
    let usage =
        |rows| UsageCount { tenant: TENANT, table: "Syslog".into(), rows, bytes: 2_500_000, batches: 2 };
    *figures.usage.lock() = vec![usage(40)];
    place.hub.shutdown().await;
    let told = place.rows("PhalanxRefusal").await;
    let counts: Vec<&str> =
        told.iter().filter(|row| row["Source"] == "a.log").map(|row| row["Count"].as_str()).collect();
    assert_eq!(counts, ["3", "7"]);
    let used = place.row("Usage", |_| true).await;
    assert_eq!((used["DataType"].as_str(), used["Quantity"].as_str()), ("Syslog", "2.5"));
    assert_eq!((used["QuantityUnit"].as_str(), used["TotalBatches"].as_str()), ("MBytes", "2"));
    assert_eq!(used["_Unmapped"], r#"{"Rows":40}"#);
    assert_eq!((used["Solution"].as_str(), used["IsBillable"].as_str()), ("LogManagement", "true"));
    assert!(used["StartTime"] < used["EndTime"], "from the start on: {used:?}");
}

#[tokio::test]
async fn reports_of_the_hub_become_rows() {
    let troubled = Troubled {
        source: SourceReport {
            source: "/var/log/auth.log".into(),
            state: SourceState::Fail,
            detail: "the file must not be read".into(),
            advice: Some("join the group".into()),
        },
        has_panicked: false.into(),
    };
    let health = Health::new(Arc::new(Figures::default()), "1.2.3");
    let place = start(vec![Arc::new(health), Arc::new(troubled)]).await;
    let named = |name: &'static str, status: &'static str| {
        move |row: &BTreeMap<String, String>| row["SentinelResourceName"] == name && row["Status"] == status
    };
    let failed = place.row("SentinelHealth", named("troubled", "Failure")).await;
    assert_eq!(failed["OperationName"], "Service status change");
    assert_eq!(failed["SentinelResourceType"], "Service");
    assert_eq!(failed["Reason"], "panicked during its run: trouble");
    let source = place.row("SentinelHealth", named("/var/log/auth.log", "Failure")).await;
    assert_eq!(source["OperationName"], "Data fetch status change");
    assert_eq!(source["SentinelResourceType"], "Data connector");
    assert_eq!(source["SentinelResourceKind"], "troubled");
    assert_eq!(
        (source["Description"].as_str(), source["Reason"].as_str()),
        ("the file must not be read", "join the group")
    );
    let properties: serde_json::Value =
        serde_json::from_str(&source["ExtendedProperties"]).expect("a dynamic value is JSON");
    assert_eq!(properties, serde_json::json!({ "Service": "troubled", "State": "fail" }));
    let restarted = |row: &BTreeMap<String, String>| {
        row["SentinelResourceName"] == "troubled" && row["ExtendedProperties"] == r#"{"Restarts":1}"#
    };
    assert_eq!(place.row("SentinelHealth", restarted).await["Status"], "Success");
    place.hub.shutdown().await;
}

#[test]
fn a_consumer_that_is_a_service_shows_how_that_stands() {
    use phalanx_hub::{Activity, Failure, FailureKind, HealthEvent, HealthReport};
    let mut standings = Standings::default();
    let mut take = |event| {
        let at = chrono::DateTime::UNIX_EPOCH;
        standings.take(&HealthReport { number: 1, at, service: "siem".into(), event });
        let standing = standings.of("siem").expect("something was reported");
        (standing.restarts, standing.failure.clone())
    };
    let failure =
        Failure { activity: Activity::Observe, kind: FailureKind::Panic, message: "out of bounds".into() };
    assert_eq!(take(HealthEvent::Start { restarts: 0 }), (0, None));
    let told = take(HealthEvent::Fail { failure, restart_after: Duration::from_secs(1) });
    assert_eq!(told, (0, Some("panicked during observing: out of bounds".into())));
    assert_eq!(take(HealthEvent::Start { restarts: 1 }), (1, None));
    let position = Position(3);
    let stuck = HealthEvent::ObserveFail { position, reason: "the store is away".into() };
    assert_eq!(take(stuck), (1, Some("the store is away".into())));
    assert_eq!(take(HealthEvent::Recover).1.as_deref(), Some("the store is away"));
    assert_eq!(take(HealthEvent::ObserveRecover { position }), (1, None));
    assert_eq!(standings.of("other"), None);
}

struct Suite;

impl phalanx_hub::testsuite::Fixture for Suite {
    fn service(&self) -> Arc<dyn Service> {
        Arc::new(Health::new(Arc::new(Figures::default()), "1.2.3"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_keeps_the_contract() {
    phalanx_hub::testsuite::run(Arc::new(Suite)).await;
}

#[test]
fn alarms_are_told_when_a_line_is_crossed_and_crossed_back() {
    let mut alarms = Alarms::default();
    let mut cross = |seconds| {
        let lag = Duration::from_secs(seconds);
        alarms.crosses("lag".into(), lag > alarms::LAG_BAD, lag <= alarms::LAG_GOOD)
    };
    let crossings = [10, 61, 90, 50, 61, 20, 19, 61].map(&mut cross);
    let expected = [None, Some(true), None, None, None, Some(false), None, Some(true)];
    assert_eq!(crossings, expected);
}
