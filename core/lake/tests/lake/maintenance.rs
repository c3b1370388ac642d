//! Compaction, expiry, and the files they leave behind.

use std::time::Duration;

use crate::support::{DAY, NOON, Open, PROBE, Place, SECOND};

async fn flushed(place: &Place, open: &Open, numbers: std::ops::Range<i64>) {
    place.append(vec![place.rows(PROBE, numbers.clone(), NOON + numbers.start * SECOND)]).await;
    open.flush().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_become_one_once_there_are_enough() {
    let mut place = Place::new();
    place.config.compact_files = 8;
    let open = place.open().await;
    for nth in 0..7 {
        flushed(&place, &open, nth * 10..(nth + 1) * 10).await;
    }
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(open.files(PROBE), 7, "not enough yet");
    flushed(&place, &open, 70..80).await;
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(open.files(PROBE), 1);
    assert_eq!(open.all(PROBE).await, (0..80).collect::<Vec<_>>());
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(place.parquet_files(PROBE).len(), 1, "nobody reads the old files, so they are gone");
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, (0..80).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_day_is_compacted_by_itself() {
    let place = Place::new();
    let open = place.open().await;
    for day in 0..2 {
        for nth in 0..3 {
            let rows = place.rows_received(PROBE, [day * 10 + nth], NOON, NOON + day * DAY);
            place.append(vec![rows]).await;
            open.flush().await;
        }
    }
    open.lake.maintain_all(NOON + DAY).await.expect("a round");
    assert_eq!(open.files(PROBE), 1 + 3, "the first day is over, the second is not");
    assert_eq!(open.all(PROBE).await, [0, 1, 2, 10, 11, 12]);
    open.die().await;
}

/// Appends, queries and compaction at once, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn compaction_goes_on_under_appends_and_queries() {
    let mut place = Place::new();
    place.config.compact_files = 4;
    let open = place.open().await;
    let rows = 60;
    let append = async {
        for number in 0..rows {
            flushed(&place, &open, number * 10..(number + 1) * 10).await;
        }
    };
    let compact = async {
        for _ in 0..20 {
            open.lake.maintain_all(NOON).await.expect("a round");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ask = async {
        for _ in 0..40 {
            let numbers = open.all(PROBE).await;
            assert_eq!(numbers, (0..numbers.len() as i64).collect::<Vec<_>>(), "one moment, nothing twice");
        }
    };
    tokio::join!(append, compact, ask);
    assert_eq!(open.all(PROBE).await, (0..rows * 10).collect::<Vec<_>>());
    assert!(open.files(PROBE) < rows as usize / 2, "{} files", open.files(PROBE));
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, (0..rows * 10).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_under_way_keeps_its_files() {
    use futures::StreamExt;
    let mut place = Place::new();
    place.config.compact_files = 2;
    let open = place.open().await;
    for nth in 0..4 {
        flushed(&place, &open, nth * 20_000..(nth + 1) * 20_000).await;
    }
    let limits = phalanx_lake::QueryLimits { rows: None, bytes: None, time: Duration::from_secs(60) };
    let text = format!("select Number from {PROBE}");
    let mut stream = open.lake.query(crate::support::tenant(), &text, limits).await.expect("it begins");
    let mut rows = stream.next().await.expect("a batch").expect("of rows").num_rows();
    open.lake.maintain_all(NOON).await.expect("a round");
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(open.files(PROBE), 1);
    while let Some(batch) = stream.next().await {
        rows += batch.expect("the files are still there").num_rows();
    }
    assert_eq!(rows, 80_000);
    drop(stream);
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(place.parquet_files(PROBE).len(), 1, "nobody needs them any more");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_expire_by_the_day_and_by_table() {
    let mut place = Place::new();
    place.config.retention_days = 30;
    place.config.retention.insert("Other_CL".into(), 100);
    let open = place.open().await;
    for age in [200, 50, 1] {
        for table in [PROBE, "Other_CL"] {
            // What happened long ago and came in today is as young as what came in today.
            let rows = place.rows_received(table, [age], NOON - 4_000 * DAY, NOON - age * DAY);
            place.append(vec![rows]).await;
        }
        open.flush().await;
    }
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(open.all(PROBE).await, [1]);
    assert_eq!(open.all("Other_CL").await, [1, 50]);
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(place.parquet_files(PROBE).len(), 1, "expired files are deleted");
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all("Other_CL").await, [1, 50]);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_no_log_speaks_of_are_deleted_when_they_are_old() {
    let place = Place::new();
    let open = place.open().await;
    flushed(&place, &open, 0..10).await;
    let orphan = place.table_folder(PROBE).join("part-orphan.parquet");
    std::fs::write(&orphan, b"of a process that died").expect("writable");
    let now = chrono::Utc::now().timestamp_micros();
    open.lake.maintain_all(now).await.expect("a round");
    assert!(orphan.exists(), "somebody may be about to commit it");
    open.lake.maintain_all(now + 2 * DAY).await.expect("a round");
    assert!(!orphan.exists());
    assert_eq!(open.all(PROBE).await, (0..10).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_small_commits_open_fast_and_are_checkpointed() {
    let mut place = Place::new();
    place.config.compact_files = 10_000;
    let open = place.open().await;
    for number in 0..1_000 {
        flushed(&place, &open, number..number + 1).await;
    }
    assert_eq!(open.files(PROBE), 1_000);
    open.die().await;
    let log = place.table_folder(PROBE).join("_delta_log");
    let entries = std::fs::read_dir(log).expect("a log").map(|entry| entry.expect("readable").file_name());
    let checkpoints = entries.filter(|name| name.to_string_lossy().contains(".checkpoint")).count();
    assert!((9..=11).contains(&checkpoints), "{checkpoints} checkpoints");

    let begun = std::time::Instant::now();
    let open = place.open().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "opened in {:?}", begun.elapsed());
    assert_eq!(open.all(PROBE).await, (0..1_000).collect::<Vec<_>>());
    open.lake.maintain_all(NOON + 2 * DAY).await.expect("a round");
    assert!(open.files(PROBE) < 10, "{} files", open.files(PROBE));
    assert_eq!(open.all(PROBE).await, (0..1_000).collect::<Vec<_>>());
    open.die().await;
}
