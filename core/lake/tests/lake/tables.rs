//! Tables that change, that are new, or that can't take their rows.

use std::{sync::Arc, time::Duration};

use arrow_array::{Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use phalanx_signal::{RowsBuilder, SignalBatch};

use crate::{
    faults::{Control, Fault},
    support::{DAY, NOON, PROBE, Place, SECOND, declare, tenant},
};

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_visible_at_once_and_stay_through_flush_and_restart() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..100, NOON)]).await;
    assert_eq!(open.all(PROBE).await, (0..100).collect::<Vec<_>>());
    assert_eq!(open.files(PROBE), 0);
    open.flush().await;
    assert_eq!(open.files(PROBE), 1);
    place.append(vec![place.rows(PROBE, 100..150, NOON)]).await;
    assert_eq!(open.all(PROBE).await, (0..150).collect::<Vec<_>>());
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, (0..150).collect::<Vec<_>>());
    assert_eq!(open.number(&format!("select count(*) from {PROBE}")).await, 150);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trickle_makes_one_file_and_stays_cheap_to_ask() {
    let place = Place::new();
    let open = place.open().await;
    for number in 0..1_000 {
        place.append(vec![place.rows(PROBE, [number], NOON + number * SECOND)]).await;
    }
    assert_eq!(open.all(PROBE).await, (0..1_000).collect::<Vec<_>>());
    let plan = open.analyze(&format!("select Number from {PROBE}")).await;
    assert!(plan.contains("DataSourceExec"), "{plan}");
    open.flush().await;
    assert_eq!(place.parquet_files(PROBE).len(), 1);
    assert_eq!(open.all(PROBE).await, (0..1_000).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_may_come_while_the_lake_runs() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..3, NOON)]).await;
    open.flush().await;
    declare(
        &place.catalog,
        PROBE,
        &[("Number", "long"), ("Name", "string"), ("Payload", "dynamic"), ("Extra", "string")],
    );
    let table = place.catalog.table(PROBE).expect("declared");
    let mut rows = RowsBuilder::new(table.clone());
    let mut row = rows.row(NOON);
    row.long(table.index_of("Number").expect("declared"), 3);
    row.text(table.index_of("Extra").expect("declared"), "more");
    drop(row);
    place.append(vec![rows.finish(tenant()).expect("a row")]).await;
    let query = format!("select Extra from {PROBE} where Number = 3");
    assert_eq!(open.texts(&query).await, ["more"]);
    open.flush().await;
    assert_eq!(open.texts(&query).await, ["more"]);
    let old = format!("select Number from {PROBE} where Extra is null");
    assert_eq!(open.numbers(&old).await.len(), 3, "old rows have no value there");
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.texts(&query).await, ["more"]);
    assert_eq!(open.all(PROBE).await, [0, 1, 2, 3]);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_declared_while_the_lake_runs_takes_rows() {
    let place = Place::new();
    let open = place.open().await;
    declare(&place.catalog, "New_CL", &[("Number", "long"), ("Name", "string")]);
    place.append(vec![place.rows("New_CL", 0..3, NOON)]).await;
    assert_eq!(open.all("New_CL").await, [0, 1, 2]);
    open.flush().await;
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all("New_CL").await, [0, 1, 2]);
    open.die().await;
}

/// `UrlClickEvents`' neighbours in the public schema hold pairs such as `Isp` and `ISP`.
#[tokio::test(flavor = "multi_thread")]
async fn columns_that_differ_only_in_case_are_two() {
    let place = Place::new();
    let pair = place.catalog.names().into_iter().find_map(|name| {
        let table = place.catalog.table(&name)?;
        let second = table.columns().iter().find(|column| column.name != column.physical)?;
        let first = table
            .columns()
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(&second.name) && column.name != second.name)?;
        let is_text = |kind| matches!(kind, phalanx_signal::ColumnType::String);
        (is_text(first.kind) && is_text(second.kind))
            .then(|| (table.clone(), first.name.clone(), second.name.clone()))
    });
    let (table, first, second) = pair.expect("a public table has such a pair of texts");
    let mut rows = RowsBuilder::new(table.clone());
    let mut row = rows.row(NOON);
    row.text(table.index_of(&first).expect("its column"), "one");
    row.text(table.index_of(&second).expect("its column"), "two");
    drop(row);
    let open = place.open().await;
    place.append(vec![rows.finish(tenant()).expect("a row")]).await;
    for _ in 0..2 {
        for (column, value) in [(&first, "one"), (&second, "two")] {
            let query = format!("select {column} from {} where {column} = '{value}'", table.name());
            assert_eq!(open.texts(&query).await, [value], "hot, and then in a file");
        }
        open.flush().await;
    }
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_far_in_the_past_and_the_future_are_kept_and_found() {
    let place = Place::new();
    let open = place.open().await;
    let times = [-62_135_596_800_000_000, 0, NOON - 4_000 * DAY, NOON, 253_402_300_799_000_000];
    for (number, time) in times.into_iter().enumerate() {
        place.append(vec![place.rows(PROBE, [number as i64], time)]).await;
    }
    for _ in 0..2 {
        assert_eq!(open.all(PROBE).await, [0, 1, 2, 3, 4]);
        let past = format!("select Number from {PROBE} where TimeGenerated < '1970-01-02'");
        assert_eq!(open.numbers(&past).await.len(), 2);
        let newest = format!("select Number from {PROBE} order by TimeGenerated desc limit 1");
        assert_eq!(open.numbers(&newest).await, [4]);
        open.flush().await;
    }
    open.lake.maintain_all(NOON).await.expect("it can be maintained");
    assert_eq!(open.all(PROBE).await, [0, 1, 2, 3, 4], "age counts from when rows were received");
    open.die().await;
}

/// Rows that no table can take are neither lost nor in the way.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_unknown_table_wait_until_it_is_declared() {
    let place = Place::new();
    let stranger = Place::new();
    declare(&stranger.catalog, "Late_CL", &[("Number", "long"), ("Name", "string")]);
    let open = place.open().await;
    place.append(vec![stranger.rows("Late_CL", 0..3, NOON), place.rows(PROBE, 0..3, NOON)]).await;
    assert_eq!(open.all(PROBE).await, [0, 1, 2], "others go on");
    assert_eq!(open.lake.status().set_aside, 1);
    open.flush().await;
    assert_eq!(open.lake.status().committed, place.journal.head(), "the journal may forget the entry");
    open.die().await;

    let open = place.open().await;
    assert_eq!(open.lake.status().set_aside, 1, "the table is still unknown");
    open.die().await;

    declare(&place.catalog, "Late_CL", &[("Number", "long"), ("Name", "string")]);
    for _ in 0..2 {
        let open = place.open().await;
        assert_eq!(open.lake.status().set_aside, 0);
        assert_eq!(open.all("Late_CL").await, [0, 1, 2]);
        open.die().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_type_than_their_column_are_set_aside() {
    let place = Place::new();
    let open = place.open().await;
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema =
        Schema::new(vec![Field::new("TimeGenerated", utc, true), Field::new("Name", DataType::Int64, true)]);
    let times = TimestampMicrosecondArray::from(vec![NOON]).with_timezone("UTC");
    let columns = vec![Arc::new(times) as _, Arc::new(Int64Array::from(vec![1])) as _];
    let rows = RecordBatch::try_new(Arc::new(schema), columns).expect("as the schema says");
    place.append(vec![SignalBatch { tenant: tenant(), table: PROBE.into(), rows }]).await;
    place.append(vec![place.rows(PROBE, 0..3, NOON)]).await;
    open.flush().await;
    assert_eq!(open.all(PROBE).await, [0, 1, 2]);
    assert_eq!(open.lake.status().set_aside, 1);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_for_long_holds_nobody_up_and_gets_its_rows_later() {
    let mut place = Place::new();
    place.config.aside_after = Duration::ZERO;
    let control = Control::new(Fault::Ending("00000000000000000001.json"));
    let open = place.try_open_on(place.store().wrapped(|inner| control.wrap(inner))).await.expect("opens");
    place.append(vec![place.rows(PROBE, 0..3, NOON)]).await;
    open.caught_up().await;
    open.lake.flush_all().await.expect_err("its first commit can't be written");
    // The outcome of that commit was looked up, then the rows were set aside.
    assert_eq!(open.lake.status().set_aside, 1);
    assert_eq!(open.lake.status().committed, place.journal.head());
    open.die().await;

    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, [0, 1, 2]);
    place.append(vec![place.rows(PROBE, 3..6, NOON)]).await;
    open.flush().await;
    open.die().await;
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, [0, 1, 2, 3, 4, 5]);
    assert_eq!(open.lake.status().set_aside, 0);
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_memory_is_bounded_while_the_disk_is_full_and_recovers() {
    let mut place = Place::new();
    place.config.hot_bytes_max = 64 << 10;
    let control = Control::new(Fault::Ending(".parquet"));
    let open = place.try_open_on(place.store().wrapped(|inner| control.wrap(inner))).await.expect("opens");
    for number in 0..200 {
        place.append(vec![place.rows(PROBE, number * 100..(number + 1) * 100, NOON)]).await;
    }
    // Memory fills up to its bound and no further; the rest stays in the journal.
    let mut hot = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        hot = hot.max(open.lake.status().hot_bytes);
    }
    assert!(hot > 32 << 10, "rows came in: {hot}");
    assert!(hot < 1 << 20, "no more than the bound and what one read gives: {hot}");
    assert!(open.lake.status().taken < place.journal.head(), "the lake waits");
    assert!(open.lake.status().trouble.is_some());
    *control.fault.lock() = Fault::None;
    assert_eq!(open.number(&format!("select count(*) from {PROBE}")).await, 20_000);
    open.die().await;
}
