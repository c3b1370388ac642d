//! A lake in a temporary folder, its journal, and rows to put into it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use futures::TryStreamExt;
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Position};
use phalanx_lake::{Lake, LakeConfig, LakeError, LakeStore, QueryError, QueryLimits};
use phalanx_signal::{
    Catalog, RowsBuilder, SignalBatch, TenantId,
    schema::{ColumnDeclaration, TableDeclaration},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Noon of 20 November 2026, in microseconds since 1970.
pub const NOON: i64 = 1_795_176_000_000_000;
pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;

/// The table of most tests.
pub const PROBE: &str = "Probe_CL";

pub fn tenant() -> TenantId {
    TenantId::new(Uuid::from_u128(1))
}

/// A lake's surroundings; the lake itself comes and goes.
pub struct Place {
    pub folder: TempDir,
    pub catalog: Arc<Catalog>,
    pub journal: Arc<dyn Journal>,
    pub config: LakeConfig,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let catalog = Arc::new(Catalog::new());
        for name in [PROBE, "Other_CL"] {
            declare(&catalog, name, &[("Number", "long"), ("Name", "string"), ("Payload", "dynamic")]);
        }
        let journal = EmbeddedJournal::open(JournalConfig::new(folder.path().join("journal")));
        let journal = Arc::new(journal.expect("a new journal opens"));
        let mut config = LakeConfig::new(folder.path().join("lake"), folder.path().join("spill"));
        config.grace = Duration::ZERO;
        Self { folder, catalog, journal, config }
    }

    pub fn store(&self) -> LakeStore {
        LakeStore::on_disk(self.config.root.clone()).expect("the folder is ours")
    }

    pub async fn open(&self) -> Open {
        self.try_open_on(self.store()).await.expect("the lake opens")
    }

    pub async fn try_open_on(&self, store: LakeStore) -> Result<Open, LakeError> {
        let (config, catalog, journal) = (self.config.clone(), self.catalog.clone(), self.journal.clone());
        let lake = Lake::open_on(config, store, catalog, journal).await?;
        let stop = CancellationToken::new();
        let running = tokio::spawn(lake.clone().run(stop.clone()));
        Ok(Open { lake, stop, running, journal: self.journal.clone() })
    }

    /// Appends an entry.
    pub async fn append(&self, batches: Vec<SignalBatch>) -> Position {
        self.journal.append(NOON, batches).await.expect("there is room").position()
    }

    /// Rows of a probe table with these numbers, a second apart from `time` on.
    pub fn rows(&self, table: &str, numbers: impl IntoIterator<Item = i64>, time: i64) -> SignalBatch {
        self.rows_received(table, numbers, time, NOON)
    }

    pub fn rows_received(
        &self,
        table: &str,
        numbers: impl IntoIterator<Item = i64>,
        time: i64,
        received: i64,
    ) -> SignalBatch {
        let table = self.catalog.table(table).expect("the table is declared");
        let at = |name: &str| table.index_of(name).expect("the column is declared");
        let (number, name) = (at("Number"), at("Name"));
        let mut rows = RowsBuilder::new(table.clone());
        for (nth, value) in numbers.into_iter().enumerate() {
            let mut row = rows.row(received);
            row.time(time + nth as i64 * SECOND);
            row.long(number, value);
            row.text(name, &format!("the name of number {value}"));
        }
        rows.finish(tenant()).expect("there are rows")
    }

    /// The folder of a table.
    pub fn table_folder(&self, table: &str) -> PathBuf {
        self.config.root.join(tenant().to_string()).join(table)
    }

    /// The Parquet files in the folder of a table, live or not.
    pub fn parquet_files(&self, table: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.table_folder(table)) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("readable").path());
        let mut files: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "parquet")).collect();
        files.sort();
        files
    }

    /// The commits of a table, in order.
    pub fn commits(&self, table: &str) -> Vec<PathBuf> {
        let folder = self.table_folder(table).join("_delta_log");
        let paths = std::fs::read_dir(folder).expect("a log").map(|entry| entry.expect("readable").path());
        let mut commits: Vec<_> = paths.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
        commits.sort();
        commits
    }
}

pub fn declare(catalog: &Catalog, name: &str, columns: &[(&str, &str)]) {
    let column = |(name, kind): (&str, &str)| ColumnDeclaration { name: name.into(), kind: kind.into() };
    let columns = [("TimeGenerated", "datetime")].into_iter().chain(columns.iter().copied()).map(column);
    let declaration = TableDeclaration { name: name.into(), columns: columns.collect() };
    catalog.declare(&declaration).expect("a valid declaration");
}

/// A lake that runs.
pub struct Open {
    pub lake: Arc<Lake>,
    stop: CancellationToken,
    running: JoinHandle<()>,
    journal: Arc<dyn Journal>,
}

impl Open {
    /// Waits until everything that was appended is visible.
    pub async fn caught_up(&self) {
        assert!(self.lake.wait_for(self.journal.head(), Duration::from_secs(30)).await, "the lake lags");
    }

    pub async fn flush(&self) {
        self.caught_up().await;
        self.lake.flush_all().await.expect("the flush succeeds");
    }

    /// Ends as a process does that dies: what is in memory is gone.
    pub async fn die(self) {
        self.stop.cancel();
        self.running.await.expect("the lake's task ends");
    }

    pub async fn query(&self, text: &str) -> Result<Vec<RecordBatch>, QueryError> {
        let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(60) };
        self.lake.query(tenant(), text, limits).await?.try_collect().await
    }

    /// The first column of an answer, of whole numbers.
    pub async fn numbers(&self, text: &str) -> Vec<i64> {
        self.caught_up().await;
        let batches = self.query(text).await.unwrap_or_else(|error| panic!("`{text}`: {error}"));
        batches
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec())
            .collect()
    }

    pub async fn number(&self, text: &str) -> i64 {
        let numbers = self.numbers(text).await;
        assert_eq!(numbers.len(), 1, "`{text}` has one row");
        numbers[0]
    }

    /// All numbers in a probe table, sorted.
    pub async fn all(&self, table: &str) -> Vec<i64> {
        let mut numbers = self.numbers(&format!("select Number from {table}")).await;
        numbers.sort_unstable();
        numbers
    }

    /// The first column of an answer, as texts.
    pub async fn texts(&self, text: &str) -> Vec<String> {
        self.caught_up().await;
        let batches = self.query(text).await.unwrap_or_else(|error| panic!("`{text}`: {error}"));
        let texts = |batch: &RecordBatch| -> Vec<String> {
            let column = batch.column(0).as_string_view();
            (0..column.len()).map(|at| column.value(at).to_owned()).collect()
        };
        batches.iter().flat_map(texts).collect()
    }

    /// A metric of the plan that ran, summed over its nodes: `EXPLAIN ANALYZE`'s own text.
    pub async fn analyze(&self, text: &str) -> String {
        self.caught_up().await;
        let batches = self.query(&format!("explain analyze {text}")).await.expect("it can be explained");
        let lines = batches.iter().flat_map(|batch| {
            let plan = arrow_cast_text(batch.column(1));
            plan.into_iter()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub fn files(&self, table: &str) -> usize {
        let status = self.lake.status();
        status.tables.iter().find(|t| &*t.table == table).map_or(0, |t| t.files)
    }
}

fn arrow_cast_text(column: &Arc<dyn Array>) -> Vec<String> {
    match column.data_type() {
        arrow_schema::DataType::Utf8View => {
            column.as_string_view().iter().flatten().map(str::to_owned).collect()
        }
        _ => column.as_string::<i32>().iter().flatten().map(str::to_owned).collect(),
    }
}
