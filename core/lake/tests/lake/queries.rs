//! What queries see, how little they read, and where they end.

use std::time::{Duration, Instant};

use futures::StreamExt;
use phalanx_lake::{QueryError, QueryLimits};
use phalanx_signal::{RowsBuilder, SignalBatch, TenantId};
use uuid::Uuid;

use crate::support::{DAY, NOON, Open, PROBE, Place, tenant};

const FILES: &str = "DeviceFileEvents";

/// A hash that is like no other.
fn hash(number: i64) -> String {
    format!("{:064x}", (number as u128 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835))
}

/// Rows with hashes, 10 ms apart.
fn hashed(place: &Place, numbers: std::ops::Range<i64>) -> SignalBatch {
    let table = place.catalog.table(FILES).expect("a public table");
    let at = |name: &str| table.index_of(name).expect("a public column");
    let (sha, device) = (at("SHA256"), at("DeviceName"));
    let mut rows = RowsBuilder::new(table.clone());
    for number in numbers {
        let mut row = rows.row(NOON);
        row.time(NOON + number * 10_000);
        row.text(sha, &hash(number));
        row.text(device, &format!("host-{}", number % 50));
    }
    rows.finish(tenant()).expect("rows")
}

async fn with_hashes(place: &Place, open: &Open, files: i64, rows: i64) {
    for file in 0..files {
        for part in 0..rows / 10_000 {
            let first = file * rows + part * 10_000;
            place.append(vec![hashed(place, first..first + 10_000)]).await;
        }
        open.flush().await;
    }
}

/// The files that a plan reads.
fn files_in(plan: &str) -> usize {
    plan.matches(".parquet").count()
}

/// The value of a metric such as `output_rows` at the data source, summed over its lines.
fn metric(plan: &str, name: &str) -> String {
    let sources = plan.lines().filter(|line| line.contains("DataSourceExec") && line.contains(".parquet"));
    let values = sources.filter_map(|line| {
        let value = line.split(&format!("{name}=")).nth(1)?;
        Some(value.split([',', ']']).next().unwrap_or_default().to_owned())
    });
    values.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn files_outside_the_asked_time_are_not_opened() {
    let place = Place::new();
    let open = place.open().await;
    for day in 0..5 {
        place.append(vec![place.rows(PROBE, day * 100..day * 100 + 100, NOON - day * DAY)]).await;
        open.flush().await;
    }
    let range = "TimeGenerated >= '2026-11-18T00:00:00Z' and TimeGenerated < '2026-11-19T00:00:00Z'";
    let text = format!("select Number from {PROBE} where {range}");
    let plan = open.analyze(&text).await;
    assert_eq!(files_in(&plan), 1, "{plan}");
    assert_eq!(open.numbers(&text).await.len(), 100);
    let all = open.analyze(&format!("select Number from {PROBE}")).await;
    assert_eq!(files_in(&all), 5, "{all}");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_needle_is_found_through_bloom_filters() {
    let place = Place::new();
    let open = place.open().await;
    with_hashes(&place, &open, 3, 20_000).await;
    let text = format!("select DeviceName from {FILES} where SHA256 = '{}'", hash(33_333));
    assert_eq!(open.texts(&text).await, ["host-33"]);
    let plan = open.analyze(&text).await;
    let bloom = metric(&plan, "row_groups_pruned_bloom_filter");
    assert!(bloom.contains("3 total") && bloom.contains("1 matched"), "{bloom} in {plan}");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_are_found_without_reading_everything() {
    let place = Place::new();
    let open = place.open().await;
    with_hashes(&place, &open, 5, 20_000).await;
    let text = format!("select SHA256 from {FILES} order by TimeGenerated desc limit 100");
    let newest = open.texts(&text).await;
    assert_eq!(newest.len(), 100);
    assert_eq!(newest[0], hash(99_999));
    assert_eq!(newest[99], hash(99_900));
    let plan = open.analyze(&text).await;
    let rows: u64 = scanned_rows(&plan);
    assert!(rows < 60_000, "{rows} of 100,000 rows left the files: {plan}");
    open.die().await;
}

/// Rows that came out of Parquet files.
fn scanned_rows(plan: &str) -> u64 {
    let text = metric(plan, "output_rows");
    let number = |text: &str| -> u64 {
        let text = text.trim();
        let (digits, unit) = text.split_once(' ').unwrap_or((text, ""));
        let scale = match unit {
            "K" => 1e3,
            "M" => 1e6,
            _ => 1.0,
        };
        (digits.parse::<f64>().unwrap_or(f64::MAX) * scale) as u64
    };
    text.split(';').map(number).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_reads_no_file() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..1_000, NOON)]).await;
    open.flush().await;
    place.append(vec![place.rows(PROBE, 1_000..1_500, NOON)]).await;
    let text = format!("select count(*) from {PROBE}");
    assert_eq!(open.number(&text).await, 1_500);
    let plan = open.analyze(&text).await;
    assert_eq!(files_in(&plan), 0, "{plan}");
    assert_eq!(open.number(&format!("{text} where Number >= 900")).await, 600);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_ends_the_scan() {
    let place = Place::new();
    let open = place.open().await;
    with_hashes(&place, &open, 3, 20_000).await;
    let plan = open.analyze(&format!("select SHA256 from {FILES} limit 10")).await;
    let rows = scanned_rows(&plan);
    assert!(rows <= 20_000, "{rows}: {plan}");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_as_they_are_written() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..3, NOON)]).await;
    open.flush().await;
    assert_eq!(open.number(&format!("SELECT COUNT(*) FROM {PROBE} WHERE Name LIKE '%number 1%'")).await, 1);
    assert_eq!(open.number(&format!("select Max(Number) from {PROBE}")).await, 2);
    let tenant_id = open.texts(&format!("select TenantId from {PROBE} limit 1")).await;
    assert_eq!(tenant_id, [tenant().to_string()]);
    let kind = open.texts(&format!("select Type from {PROBE} where Type = '{PROBE}' limit 1")).await;
    assert_eq!(kind, [PROBE]);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_explained_to_their_author() {
    let place = Place::new();
    let open = place.open().await;
    for (text, expected) in [
        ("select * from Probe_CX", "there is no table `Probe_CX`; did you mean `Probe_CL`?"),
        ("select number from Probe_CL", "number"),
        ("select * form Probe_CL", "Expected"),
        ("delete from Probe_CL", "DML not supported"),
        ("drop table Probe_CL", "DDL not supported"),
        ("set x = 1", "Statement not supported"),
        ("copy Probe_CL to '/tmp/x.parquet'", "not supported"),
        ("create external table x stored as parquet location '/etc'", "no table `x`"),
        ("select * from '/etc/passwd'", "no table"),
    ] {
        let error = open.query(text).await.expect_err(text);
        assert!(matches!(error, QueryError::Invalid(_) | QueryError::NotSupported(_)), "{text}: {error:?}");
        let shown = error.to_string();
        assert!(shown.contains(expected), "`{text}` gives `{shown}`");
        assert!(!shown.contains("Error during planning") && !shown.contains("backtrace"), "{shown}");
    }
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_its_own_rows_only() {
    let place = Place::new();
    let open = place.open().await;
    let other = TenantId::new(Uuid::from_u128(2));
    let mut theirs = place.rows(PROBE, 100..110, NOON);
    theirs.tenant = other;
    place.append(vec![place.rows(PROBE, 0..10, NOON), theirs]).await;
    for _ in 0..2 {
        assert_eq!(open.all(PROBE).await, (0..10).collect::<Vec<_>>());
        let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(60) };
        let text = format!("select count(*) from {PROBE} where TenantId = '{other}'");
        let rows: Vec<_> = open.lake.query(other, &text, limits).await.expect("it begins").collect().await;
        assert_eq!(rows.len(), 1);
        assert_eq!(open.number(&text).await, 0, "no predicate reaches another tenant's rows");
        open.flush().await;
    }
    open.die().await;
}

/// 10¹² pairs: nobody waits for that.
const ENDLESS: &str =
    "select count(*) from Probe_CL a, Probe_CL b, Probe_CL c where a.Number + b.Number + c.Number = -1";

#[tokio::test(flavor = "multi_thread")]
async fn a_query_ends_when_its_time_is_over() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..10_000, NOON)]).await;
    open.caught_up().await;
    let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(1) };
    let begun = Instant::now();
    let mut rows = open.lake.query(tenant(), ENDLESS, limits).await.expect("it begins");
    let error = rows.next().await.expect("an end").expect_err("it takes too long");
    assert!(matches!(error, QueryError::Time(1)), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(rows.next().await.is_none(), "nothing comes after the end");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_nobody_wants_any_more_stops_working() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..10_000, NOON)]).await;
    open.caught_up().await;
    let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(600) };
    let mut rows = open.lake.query(tenant(), ENDLESS, limits).await.expect("it begins");
    let first = tokio::time::timeout(Duration::from_millis(500), rows.next()).await;
    assert!(first.is_err(), "it is at work");
    let busy = query_threads_ticks();
    assert!(busy > 0, "it computes");
    drop(rows);
    for _ in 0..100 {
        let before = query_threads_ticks();
        tokio::time::sleep(Duration::from_millis(200)).await;
        if query_threads_ticks() == before {
            return open.die().await;
        }
    }
    panic!("it is still at work");
}

/// Time that this process's threads for queries have computed, in the kernel's ticks.
fn query_threads_ticks() -> u64 {
    let mut ticks = 0;
    for thread in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let Ok(stat) = std::fs::read_to_string(thread.path().join("stat")) else { continue };
        let Some((name, rest)) = stat.rsplit_once(')') else { continue };
        if name.ends_with("(query") {
            let fields: Vec<&str> = rest.split_whitespace().collect();
            ticks += [11, 12].iter().map(|at| fields[*at].parse::<u64>().unwrap_or(0)).sum::<u64>();
        }
    }
    ticks
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_bytes_of_an_answer_are_bounded() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..10_000, NOON)]).await;
    open.caught_up().await;
    let text = format!("select * from {PROBE}");
    let limits = QueryLimits { rows: Some(7), bytes: None, time: Duration::from_secs(60) };
    let rows: Vec<_> = open.lake.query(tenant(), &text, limits).await.expect("it begins").collect().await;
    assert_eq!(rows.iter().map(|rows| rows.as_ref().expect("rows").num_rows()).sum::<usize>(), 7);
    let limits = QueryLimits { rows: None, bytes: Some(10_000), time: Duration::from_secs(60) };
    let rows: Vec<_> = open.lake.query(tenant(), &text, limits).await.expect("it begins").collect().await;
    assert!(matches!(rows.last(), Some(Err(QueryError::Bytes(10_000)))));
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sort_larger_than_its_memory_spills() {
    let mut place = Place::new();
    let text = format!("select SHA256 from {FILES} order by SHA256, DeviceName, TimeGenerated");
    place.config.query_memory_bytes_each = 128 << 20;
    let open = place.open().await;
    with_hashes(&place, &open, 12, 50_000).await;
    let sorted = open.texts(&text).await;
    assert_eq!(sorted.len(), 600_000);
    assert!(sorted.is_sorted());
    let plan = open.analyze(&text).await;
    let spills = plan.split("spill_count=").skip(1).filter(|rest| !rest.starts_with('0')).count();
    assert!(spills > 0, "{plan}");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_too_large_for_its_memory_says_so() {
    let mut place = Place::new();
    place.config.query_memory_bytes_each = 1 << 20;
    place.config.spill_bytes_max = 1 << 20;
    let open = place.open().await;
    with_hashes(&place, &open, 4, 50_000).await;
    let text = format!("select SHA256, count(*) from {FILES} group by SHA256 order by SHA256");
    let error = open.query(&text).await.expect_err("200,000 groups do not fit");
    assert!(matches!(error, QueryError::Memory(_)), "{error:?}");
    assert!(error.to_string().contains("memory"));
    let small = open.number(&format!("select count(*) from {FILES}")).await;
    assert_eq!(small, 200_000, "others go on");
    open.die().await;
}

/// Wide tables are filled in without a copy for each batch.
#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_a_wide_table_can_be_asked_for() {
    let place = Place::new();
    let open = place.open().await;
    with_hashes(&place, &open, 1, 10_000).await;
    for part in 0..20 {
        place.append(vec![hashed(&place, 10_000 + part * 1_000..11_000 + part * 1_000)]).await;
    }
    open.caught_up().await;
    let rows = open.query(&format!("select * from {FILES}")).await.expect("an answer");
    assert_eq!(rows.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>(), 30_000);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_rows_answer_in_milliseconds() {
    let place = Place::new();
    let open = place.open().await;
    for part in 0..200 {
        place.append(vec![hashed(&place, part * 1_000..(part + 1) * 1_000)]).await;
    }
    open.caught_up().await;
    assert_eq!(open.files(FILES), 0);
    let text = format!("select count(*) from {FILES} where DeviceName = 'host-7'");
    assert_eq!(open.number(&text).await, 4_000);
    let begun = Instant::now();
    assert_eq!(open.number(&text).await, 4_000);
    // Milliseconds when optimised; this only catches what is off by orders of magnitude.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    open.die().await;
}
