//! A place to start hubs in, again and again on the same journal and state, and services to start there.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use phalanx_hub::{
    ActionCall, ActionDone, ActionError, Chance, Clock, HealthEvent, HealthNews, HealthReport, HealthReports,
    Hub, HubDeps, HubSettings, Manifest, Observed, Service, ServiceContext, ServiceError, Source, StartError,
};
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Position, Start};
use phalanx_signal::{Catalog, RowsBuilder, SignalBatch, TenantId};
use phalanx_state::{Options, State};
use tempfile::TempDir;
use uuid::Uuid;

/// Longest wait for anything.
const DEADLINE: Duration = Duration::from_secs(30);

/// What hubs are started on. It outlives them as a disk outlives programs.
pub struct Place {
    pub folder: TempDir,
    pub journal: Arc<dyn Journal>,
    pub state: Arc<dyn State>,
    pub catalog: Arc<Catalog>,
    pub clock: TestClock,
    pub settings: HubSettings,
}

pub const TENANT: TenantId = TenantId::new(Uuid::from_u128(0x7e57));

impl Place {
    pub async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let state = open_state(&folder).await;
        let journal = open_journal(&folder).await;
        // So that everything can be read again at the end.
        journal.register("test", Start::Oldest).await.expect("a consumer");
        let settings = HubSettings {
            restart_first: Duration::from_millis(10),
            restart_most: Duration::from_millis(100),
            stable_after: Duration::from_millis(300),
            watch_interval: Duration::from_millis(10),
            end_grace: Duration::from_millis(100),
            observe_attempts: 3,
            drain: Duration::from_secs(10),
            actions_interval: Duration::from_millis(200),
            ..HubSettings::default()
        };
        let (catalog, clock) = (Arc::new(Catalog::new()), TestClock::default());
        Self { folder, journal, state, catalog, clock, settings }
    }

    pub fn deps(&self) -> HubDeps {
        HubDeps {
            journal: self.journal.clone(),
            state: self.state.clone(),
            catalog: self.catalog.clone(),
            tenant: TENANT,
            sources: vec![Source::of_every_table("test", "whatever a test appends")],
            service_settings: Default::default(),
            settings: self.settings.clone(),
            clock: self.clock.clock(),
            chance: Chance::seeded(1),
        }
    }

    pub async fn start<const N: usize>(&self, services: [Arc<dyn Service>; N]) -> Hub {
        self.try_start(services).await.expect("the services fit together")
    }

    pub async fn try_start<const N: usize>(
        &self,
        services: [Arc<dyn Service>; N],
    ) -> Result<Hub, StartError> {
        Hub::start(services.to_vec(), self.deps()).await
    }

    /// Ends a hub as a crash would: nothing is waited for but that its threads are gone.
    pub async fn kill(&self, hub: Hub) {
        drop(hub);
        eventually("the hub is gone", || Arc::strong_count(&self.journal) == 1).await;
    }

    /// Appends an entry of one row for each table, with this text in it.
    pub async fn append(&self, tables: &[&str], text: &str) -> Position {
        let batches = tables.iter().map(|table| self.row(table, text)).collect();
        let now = self.clock.clock().micros();
        self.journal.append(now, batches).await.expect("the journal takes it").position()
    }

    pub fn row(&self, table: &str, text: &str) -> SignalBatch {
        row(&self.catalog, table, text)
    }

    /// Everything that was ever appended to a table, as the texts of a column.
    pub async fn texts(&self, table: &str, column: &str) -> Vec<String> {
        let mut reader = self.journal.reader("test", Position::ZERO);
        let (head, mut texts) = (self.journal.head(), Vec::new());
        let mut at = Position::ZERO;
        while at < head {
            let entries = reader.next(Default::default()).await.expect("the journal can be read");
            for entry in entries {
                at = entry.position;
                let batches = entry.batches.iter().filter(|batch| &*batch.table == table);
                texts.extend(batches.flat_map(|batch| column_texts(batch, column)));
            }
        }
        texts
    }
}

pub async fn open_journal(folder: &TempDir) -> Arc<dyn Journal> {
    let config = JournalConfig::new(folder.path().join("journal"));
    Arc::new(EmbeddedJournal::open(config).expect("the journal opens"))
}

pub async fn open_state(folder: &TempDir) -> Arc<dyn State> {
    let url = format!("sqlite:{}", folder.path().join("state.db").display());
    phalanx_state::open(&url, Options::default()).await.expect("the state opens")
}

/// The column that all rows of tests have their text in.
pub fn text_column(table: &str) -> &'static str {
    if table == "Syslog" { "SyslogMessage" } else { "DeviceName" }
}

pub fn row(catalog: &Catalog, table: &str, text: &str) -> SignalBatch {
    let known = catalog.table(table).expect("a table of the catalog");
    let at = known.index_of(text_column(table)).expect("a column of the table");
    let mut rows = RowsBuilder::new(known);
    rows.row(1).text(at, text);
    rows.finish(TENANT).expect("a row was written")
}

pub fn column_texts(batch: &SignalBatch, column: &str) -> Vec<String> {
    use arrow_array::{Array, cast::AsArray};
    let Some(array) = batch.rows.column_by_name(column) else {
        return vec![String::new(); batch.rows.num_rows()];
    };
    let texts = array.as_string_view();
    (0..texts.len()).map(|at| texts.value(at).to_owned()).collect()
}

/// The texts of signals, in order.
pub fn texts_of(signals: &[Observed]) -> Vec<String> {
    signals.iter().flat_map(|s| column_texts(&s.batch, text_column(&s.batch.table))).collect()
}

/// A wall clock that goes with the real one until it is set.
#[derive(Clone, Default)]
pub struct TestClock(Arc<Mutex<TimeDelta>>);

impl TestClock {
    pub fn clock(&self) -> Clock {
        let shift = self.0.clone();
        Clock::from_fn(move || Utc::now() + *shift.lock())
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock().now()
    }

    pub fn jump(&self, by: TimeDelta) {
        *self.0.lock() += by;
    }
}

type Hook<A, T> = Arc<dyn Fn(ServiceContext, A) -> BoxFuture<'static, T> + Send + Sync>;
type Done = Result<(), ServiceError>;

/// A service made of closures.
pub struct Fake {
    manifest: Manifest,
    start: Option<Hook<(), Done>>,
    observe: Option<Hook<Vec<Observed>, Done>>,
    run: Option<Hook<(), Done>>,
    scheduled: Option<Hook<String, Done>>,
    act: Option<Hook<ActionCall, Result<ActionDone, ActionError>>>,
}

macro_rules! hook {
    ($name:ident, $argument:ty, $result:ty) => {
        pub fn $name<F>(
            mut self,
            hook: impl Fn(ServiceContext, $argument) -> F + Send + Sync + 'static,
        ) -> Self
        where
            F: Future<Output = $result> + Send + 'static,
        {
            self.$name = Some(Arc::new(move |ctx, argument| Box::pin(hook(ctx, argument))));
            self
        }
    };
}

impl Fake {
    pub fn new(manifest: Manifest) -> Self {
        let (start, observe, run, scheduled, act) = (None, None, None, None, None);
        Self { manifest, start, observe, run, scheduled, act }
    }

    hook!(start, (), Done);
    hook!(observe, Vec<Observed>, Done);
    hook!(run, (), Done);
    hook!(scheduled, String, Done);
    hook!(act, ActionCall, Result<ActionDone, ActionError>);

    pub fn build(self) -> Arc<dyn Service> {
        Arc::new(self)
    }
}

#[async_trait]
impl Service for Fake {
    fn manifest(&self) -> Manifest {
        self.manifest.clone()
    }

    async fn start(&self, ctx: &ServiceContext) -> Done {
        match &self.start {
            Some(hook) => hook(ctx.clone(), ()).await,
            None => Ok(()),
        }
    }

    async fn observe(&self, ctx: &ServiceContext, signals: &[Observed]) -> Done {
        match &self.observe {
            Some(hook) => hook(ctx.clone(), signals.to_vec()).await,
            None => Ok(()),
        }
    }

    async fn run(&self, ctx: &ServiceContext) -> Done {
        match &self.run {
            Some(hook) => hook(ctx.clone(), ()).await,
            None => Ok(()),
        }
    }

    async fn scheduled(&self, ctx: &ServiceContext, schedule: &str) -> Done {
        match &self.scheduled {
            Some(hook) => hook(ctx.clone(), schedule.to_owned()).await,
            None => Ok(()),
        }
    }

    async fn act(&self, ctx: &ServiceContext, call: &ActionCall) -> Result<ActionDone, ActionError> {
        match &self.act {
            Some(hook) => hook(ctx.clone(), call.clone()).await,
            None => Err(ActionError::failed("this service does nothing")),
        }
    }
}

/// A manifest of a name.
pub fn manifest(name: &str) -> Manifest {
    Manifest::new(name, "nothing", "is there for a test")
}

/// A service that writes the texts it observes down.
pub fn recorder(name: &str, tables: &[&str]) -> (Arc<dyn Service>, Log<String>) {
    let log = Log::default();
    let seen = log.clone();
    let fake = Fake::new(manifest(name).consumes_signals(tables.iter().copied(), []));
    let fake = fake.observe(move |_, signals| {
        seen.extend(texts_of(&signals));
        async { Ok(()) }
    });
    (fake.build(), log)
}

/// Things that happened, in order.
pub struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Log<T> {
    pub fn push(&self, thing: T) {
        self.0.lock().push(thing);
    }

    pub fn extend(&self, things: impl IntoIterator<Item = T>) {
        self.0.lock().extend(things);
    }

    pub fn all(&self) -> Vec<T> {
        self.0.lock().clone()
    }

    pub fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// Waits until a condition holds.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < until, "{what}: not within {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until a log holds exactly these.
pub async fn until_log(log: &Log<String>, expected: &[&str]) {
    let until = Instant::now() + DEADLINE;
    while log.all() != expected {
        assert!(Instant::now() < until, "expected {expected:?}, found {:?}", log.all());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits for a health report.
pub async fn report(reports: &mut HealthReports, wanted: impl Fn(&HealthReport) -> bool) -> HealthReport {
    let mut seen = Vec::new();
    let search = async {
        loop {
            match reports.next().await {
                HealthNews::Report(report) if wanted(&report) => return report,
                HealthNews::Report(report) => seen.push(report),
                HealthNews::Missed(missed) => panic!("missed {missed} reports"),
            }
        }
    };
    let found = tokio::time::timeout(DEADLINE, search).await;
    found.unwrap_or_else(|_| panic!("no such report among {seen:#?}"))
}

/// Waits for a future, but not forever.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(DEADLINE, future).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}

/// Whether a report is about a failure of this service.
pub fn is_failure(report: &HealthReport, service: &str) -> bool {
    &*report.service == service && matches!(report.event, HealthEvent::Fail { .. })
}
