//! How fast the embedded journal is:
//! `cargo run --release -p phalanx-journal --features testsuite --example speed [FOLDER]`.
//!
//! Many small entries at once (they share writes), big entries, reading on from memory and from files, and
//! opening with a million rows that nobody has consumed. The first line is the measure: the same batches as
//! one Arrow IPC stream with LZ4, written and synced by one thread.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use arrow_ipc::{
    CompressionType,
    writer::{IpcWriteOptions, StreamWriter},
};
use arrow_schema::{Field, Schema};
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Limit, Position, Start};
use phalanx_signal::{SignalBatch, TenantId};
use uuid::Uuid;

const MILLION: usize = 1_000_000;

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let place = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    for rows in [1_000, 8_192] {
        stream(Path::new(&place), rows);
    }
    for (writers, rows) in [(1, 10), (64, 10), (512, 10), (1, 1_000), (4, 1_000), (4, 8_192)] {
        append(Path::new(&place), writers, rows).await;
    }
    restart(Path::new(&place)).await;
}

/// One stream, one thread, one sync every 4 MiB.
fn stream(place: &Path, rows: usize) {
    let batch = processes(0, rows).rows;
    let mut file = tempfile::tempfile_in(place).expect("a file can be made");
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME));
    let mut writer = StreamWriter::try_new_with_options(
        BufWriter::with_capacity(4 << 20, Syncing(&mut file)),
        &batch.schema(),
        options.expect("LZ4 is built in"),
    )
    .expect("a writable file");
    let (begun, mut written) = (Instant::now(), 0);
    while written < 2 * MILLION {
        writer.write(&batch).expect("a writable file");
        written += rows;
    }
    drop(writer);
    let bytes = file.metadata().expect("a length").len();
    let rate = written as f64 / begun.elapsed().as_secs_f64() / 1e6;
    println!("stream, {rows} rows: {rate:.2} M rows/s, {} bytes/row", bytes as usize / written);
}

/// Every write of the buffered writer is followed by a sync.
struct Syncing<'f>(&'f mut File);

impl Write for Syncing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(bytes)?;
        self.0.sync_data()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// So many tasks append entries of so many rows, each waiting for its answer, while a reader follows.
async fn append(place: &Path, writers: usize, rows: usize) {
    let folder = tempfile::tempdir_in(place).expect("a folder can be made");
    let config = JournalConfig::new(folder.path());
    let journal = Arc::new(EmbeddedJournal::open(config).expect("it opens"));
    journal.register("reader", Start::Oldest).await.expect("a good name");
    let entries = (4 * MILLION / rows).min(60_000);
    let next = Arc::new(AtomicU64::new(0));
    let following = tokio::spawn(follow(journal.clone(), entries));
    let batches: Arc<Vec<SignalBatch>> = Arc::new((0..16).map(|seed| processes(seed, rows)).collect());
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (journal, next, batches) = (journal.clone(), next.clone(), batches.clone());
            tokio::spawn(async move {
                let mut waits = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed) as usize;
                    if number >= entries {
                        return waits;
                    }
                    let asked = Instant::now();
                    while let Err(error) = journal.append(0, vec![batches[number % 16].clone()]).await {
                        let wait =
                            error.retry_after().expect("only a lack of room").min(Duration::from_millis(2));
                        tokio::time::sleep(wait).await;
                    }
                    waits.push(asked.elapsed());
                }
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.expect("no panic"));
    }
    let took = begun.elapsed();
    let status = journal.status();
    let read = following.await.expect("no panic") - begun;
    waits.sort();
    println!(
        "{writers} x {rows} rows: {:.0} entries/s, {:.2} M rows/s, p50 {:.2?}, p99 {:.2?}, {} bytes/row, \
         all read after {:.0} % of the time",
        entries as f64 / took.as_secs_f64(),
        (entries * rows) as f64 / took.as_secs_f64() / 1e6,
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100],
        status.bytes as usize / (entries * rows),
        100.0 * read.as_secs_f64() / took.as_secs_f64(),
    );
}

async fn follow(journal: Arc<EmbeddedJournal>, entries: usize) -> Instant {
    let mut reader = journal.reader("reader", Position::ZERO);
    let mut count = 0;
    while count < entries {
        count += reader.next(Limit::default()).await.expect("it is readable").len();
    }
    Instant::now()
}

/// A million rows in entries of 1,000, and as many in entries of 50: open, and read them all.
async fn restart(place: &Path) {
    for rows in [1_000, 50] {
        let folder = tempfile::tempdir_in(place).expect("a folder can be made");
        let config = JournalConfig::new(folder.path());
        let journal = Arc::new(EmbeddedJournal::open(config.clone()).expect("it opens"));
        journal.register("lake", Start::Oldest).await.expect("a good name");
        let appends: Vec<_> = (0..16)
            .map(|writer| {
                let (journal, batch) = (journal.clone(), processes(writer, rows));
                tokio::spawn(async move {
                    for _ in 0..MILLION / rows / 16 + 1 {
                        while journal.append(0, vec![batch.clone()]).await.is_err() {
                            tokio::time::sleep(Duration::from_millis(2)).await;
                        }
                    }
                })
            })
            .collect();
        for append in appends {
            append.await.expect("no panic");
        }
        let bytes = journal.status().bytes;
        drop(journal);
        let begun = Instant::now();
        let journal = EmbeddedJournal::open(config).expect("it opens");
        let opened = begun.elapsed();
        let (mut reader, head) = (journal.reader("lake", Position::ZERO), journal.head());
        let (mut at, mut count) = (Position::ZERO, 0);
        while at < head {
            for entry in reader.next(Limit::default()).await.expect("it is readable") {
                (at, count) = (entry.position, count + entry.rows());
            }
        }
        println!(
            "restart, {count} rows in entries of {rows}, {} MiB: open {opened:.0?}, all read after {:.0?}",
            bytes >> 20,
            begun.elapsed()
        );
    }
}

/// Rows like process creations: some columns repeat, some do not.
fn processes(seed: u64, rows: usize) -> SignalBatch {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut chance = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = |make: &dyn Fn(u64) -> String| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values((0..rows).map(|_| make(chance()))))
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("DeviceName", text(&|n| format!("host-{:04}.corp.example", n % 500))),
        ("ActionType", text(&|_| "ProcessCreated".to_owned())),
        ("FileName", text(&|n| format!("program-{}.exe", n % 60))),
        ("FolderPath", text(&|n| format!("C:\\Program Files\\Vendor\\program-{}.exe", n % 60))),
        ("ProcessCommandLine", text(&|n| format!("\"program-{}.exe\" --session {n:016x} --quiet", n % 60))),
        ("AccountName", text(&|n| format!("user{:03}", n % 300))),
        ("AccountDomain", text(&|_| "CORP".to_owned())),
        ("RemoteIP", text(&|n| format!("10.{}.{}.{}", n % 256, n / 256 % 256, n / 65_536 % 256))),
        ("ProcessId", Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|n| 4_000 + n * 4)))),
        (
            "InitiatingProcessId",
            Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|n| 900 + n % 50))),
        ),
        (
            "TimeGenerated",
            Arc::new(
                TimestampMicrosecondArray::from_iter_values(
                    (0..rows as i64).map(|n| 1_760_000_000_000_000 + n * 977),
                )
                .with_timezone("UTC"),
            ),
        ),
    ];
    let (fields, columns): (Vec<_>, Vec<_>) = columns
        .into_iter()
        .map(|(name, column)| (Field::new(name, column.data_type().clone(), true), column))
        .unzip();
    SignalBatch {
        tenant: TenantId::new(Uuid::from_u128(1)),
        table: Arc::from("DeviceProcessEvents"),
        rows: RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("columns of equal length"),
    }
}
