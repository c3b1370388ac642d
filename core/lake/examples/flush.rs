//! How fast rows go from memory to a committed file, and how fast hot rows and files answer.
//!
//! `cargo run --release --workspace --example flush -- [rows]`: rows like process creations, eleven columns of
//! 250 bytes together. Prints rows per second of each step; decision 0004 and the promises in `bench/` rest on
//! the same path.

use std::{sync::Arc, time::Instant};

use futures::TryStreamExt;
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig};
use phalanx_lake::{Lake, LakeConfig, QueryLimits};
use phalanx_signal::{Catalog, RowsBuilder, SignalBatch, Table, TenantId};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const BATCH: usize = 8_192;
const TABLE: &str = "DeviceProcessEvents";

#[tokio::main]
async fn main() {
    let rows: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut journal = JournalConfig::new(folder.path().join("journal"));
    journal.min_free_bytes = 0;
    let journal: Arc<dyn Journal> = Arc::new(EmbeddedJournal::open(journal).expect("it opens"));
    let catalog = Arc::new(Catalog::new());
    let table = catalog.table(TABLE).expect("a public table");
    let mut config = LakeConfig::new(folder.path().join("lake"), folder.path().join("spill"));
    config.hot_bytes_max = usize::MAX / 4;
    config.flush_bytes = usize::MAX / 4;
    config.flush_after = Duration::from_secs(100_000);
    let lake = Lake::open(config, catalog.clone(), journal.clone()).await.expect("it opens");
    let stop = CancellationToken::new();
    let running = tokio::spawn(lake.clone().run(stop.clone()));

    let begun = Instant::now();
    for first in (0..rows).step_by(BATCH) {
        let _durable = journal.append(0, vec![batch(&table, first)]).await.expect("there is room");
    }
    told("journal", rows, begun);
    lake.wait_for(journal.head(), Duration::from_secs(600)).await;
    told("visible", rows, begun);
    ask(&lake, "hot").await;
    let begun = Instant::now();
    lake.flush_all().await.expect("it is written");
    told("flush", rows, begun);
    let table = &lake.status().tables[0];
    println!("{} files, {} bytes", table.files, table.file_bytes);
    ask(&lake, "files").await;
    stop.cancel();
    running.await.expect("it ends");
}

fn told(step: &str, rows: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    println!("{step}: {seconds:.2} s, {:.2} M rows/s", rows as f64 / seconds / 1e6);
}

async fn ask(lake: &Arc<Lake>, what: &str) {
    for text in [
        "select count(*) from DeviceProcessEvents",
        "select count(*) from DeviceProcessEvents where AccountName = 'user7'",
        "select DeviceName from DeviceProcessEvents where ProcessCommandLine = 'nothing'",
        "select DeviceName, TimeGenerated from DeviceProcessEvents order by TimeGenerated desc limit 100",
        "select DeviceName, count(*) from DeviceProcessEvents group by DeviceName",
    ] {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(60) };
            let rows = lake.query(tenant(), text, limits).await.expect("a query");
            let _: Vec<_> = rows.try_collect().await.expect("an answer");
            best = best.min(begun.elapsed());
        }
        println!("{what}: {:.1} ms: {text}", best.as_secs_f64() * 1e3);
    }
}

fn tenant() -> TenantId {
    TenantId::new(uuid::Uuid::from_u128(1))
}

/// A number that looks random and is the same at each run.
fn mixed(number: usize) -> u64 {
    (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

fn batch(table: &Arc<Table>, first: usize) -> SignalBatch {
    let at = |name: &str| table.index_of(name).expect("a public column");
    let columns = ["DeviceName", "AccountName", "FileName", "FolderPath", "SHA256", "ActionType"].map(at);
    let (command, pid, parent) = (at("ProcessCommandLine"), at("ProcessId"), at("InitiatingProcessId"));
    let mut rows = RowsBuilder::new(table.clone());
    for number in first..first + BATCH {
        let random = mixed(number);
        let mut row = rows.row(1_795_176_000_000_000 + number as i64 * 100);
        row.text(columns[0], &format!("host-{}.example.com", random % 500));
        row.text(columns[1], &format!("user{}", random % 2_000));
        row.text(columns[2], &format!("program{}.exe", random % 300));
        row.text(columns[3], &format!("C:\\Program Files\\Vendor {}\\bin", random % 300));
        row.text(columns[4], &format!("{:064x}", random % 300));
        row.text(columns[5], "ProcessCreated");
        row.text(command, &format!("program{}.exe --id {random:016x} --verbose", random % 300));
        row.long(pid, (random % 65_536) as i64);
        row.long(parent, (random % 4_096) as i64);
    }
    rows.finish(tenant()).expect("there are rows")
}
