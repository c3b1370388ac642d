//! Every row exactly once, whatever operation of the store fails, and whenever the process dies.

use std::time::Duration;

use futures::{StreamExt, stream};
use phalanx_lake::LakeError;

use crate::{
    faults::{Control, Fault},
    support::{NOON, Open, PROBE, Place, SECOND},
};

const OTHER: &str = "Other_CL";

/// What every run does: entries for two tables, one of them with two batches of the same table; two flushes,
/// compaction between and after them.
async fn work(place: &Place, open: &Open) -> Result<(), LakeError> {
    for round in 0..2_i64 {
        for entry in 0..3_i64 {
            let first = round * 300 + entry * 100;
            let at = NOON + first * SECOND;
            place
                .append(vec![
                    place.rows(PROBE, first..first + 5, at),
                    place.rows(OTHER, first..first + 3, at),
                    place.rows(PROBE, first + 5..first + 8, at),
                ])
                .await;
            open.lake.wait_for(place.journal.head(), Duration::from_secs(10)).await;
            open.lake.flush_all().await?;
        }
        open.lake.maintain_all(NOON + DAYS_LATER).await?;
    }
    Ok(())
}

/// So much later the day of the rows is over, and compaction does not wait for more files.
const DAYS_LATER: i64 = 3 * 86_400 * SECOND;

fn expected(rows: i64) -> Vec<i64> {
    (0..2)
        .flat_map(|round| (0..3).map(move |entry| round * 300 + entry * 100))
        .flat_map(|first| first..first + rows)
        .collect()
}

async fn check_everything(place: &Place, open: &Open, fault: Fault) {
    // What was not appended because the work broke off is no loss.
    let appended = |rows| -> Vec<i64> {
        expected(rows).into_iter().take(place.journal.head().0 as usize * rows as usize).collect()
    };
    assert_eq!(open.all(PROBE).await, appended(8), "{fault:?}");
    assert_eq!(open.all(OTHER).await, appended(3), "{fault:?}");
}

/// Operations that the work takes when nothing fails.
async fn operations() -> usize {
    let (place, control) = (Place::new(), Control::new(Fault::None));
    let open = place.try_open_on(place.store().wrapped(|inner| control.wrap(inner))).await.expect("opens");
    work(&place, &open).await.expect("nothing fails");
    check_everything(&place, &open, Fault::None).await;
    assert_eq!(open.files(PROBE), 1, "the work has compacted");
    open.die().await;
    control.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_at_any_operation_loses_and_doubles_nothing() {
    let faults = (0..operations().await).flat_map(|n| [Fault::DieBefore(n), Fault::DieAfter(n)]);
    stream::iter(faults)
        .for_each_concurrent(4, |fault| async move {
            let (place, control) = (Place::new(), Control::new(fault));
            let store = place.store().wrapped(|inner| control.wrap(inner));
            if let Ok(open) = place.try_open_on(store).await {
                // That it fails is the point; how, is the store's business.
                let _ = work(&place, &open).await;
                open.die().await;
            }
            let open = place.open().await;
            check_everything(&place, &open, fault).await;
            open.flush().await;
            check_everything(&place, &open, fault).await;
            open.die().await;
            let open = place.open().await;
            check_everything(&place, &open, fault).await;
            open.die().await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_once_loses_and_doubles_nothing() {
    let faults = (0..operations().await).flat_map(|n| [Fault::Refuse(n), Fault::Betray(n)]);
    stream::iter(faults)
        .for_each_concurrent(4, |fault| async move {
            let (place, control) = (Place::new(), Control::new(fault));
            let store = place.store().wrapped(|inner| control.wrap(inner));
            let Ok(open) = place.try_open_on(store).await else { return };
            let _ = work(&place, &open).await;
            check_everything(&place, &open, fault).await;
            // The second try finds out how the first one ended.
            open.flush().await;
            check_everything(&place, &open, fault).await;
            open.lake.maintain_all(NOON + DAYS_LATER).await.expect("the fault is over");
            check_everything(&place, &open, fault).await;
            open.die().await;
            let open = place.open().await;
            check_everything(&place, &open, fault).await;
            open.die().await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_compare_their_own_positions_after_a_partial_flush() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..5, NOON), place.rows(OTHER, 0..5, NOON)]).await;
    open.caught_up().await;
    // One of the two tables can't be written.
    let folder = place.table_folder(OTHER);
    std::fs::create_dir_all(folder.parent().expect("a tenant's folder")).expect("writable");
    std::fs::write(&folder, b"not a folder").expect("writable");
    open.lake.flush_all().await.expect_err("one table can't be written");
    assert_eq!(open.files(PROBE), 1, "the other one is");
    open.die().await;

    std::fs::remove_file(&folder).expect("ours");
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, (0..5).collect::<Vec<_>>());
    assert_eq!(open.all(OTHER).await, (0..5).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_journal_gives_no_position_that_the_lake_has() {
    let place = Place::new();
    let open = place.open().await;
    for number in 0..5 {
        place.append(vec![place.rows(PROBE, [number], NOON)]).await;
    }
    open.flush().await;
    open.die().await;

    // The journal is lost, the lake is not.
    let mut second = Place::new();
    second.config.root = place.config.root.clone();
    let open = second.open().await;
    second.append(vec![second.rows(PROBE, [5], NOON)]).await;
    assert_eq!(open.all(PROBE).await, (0..6).collect::<Vec<_>>());
    open.flush().await;
    assert_eq!(open.all(PROBE).await, (0..6).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_lake_on_the_same_tables_is_noticed_and_stops() {
    let place = Place::new();
    let first = place.open().await;
    place.append(vec![place.rows(PROBE, 0..5, NOON)]).await;
    first.flush().await;

    // Another journal, the same tables: what no lock of ours can prevent in a bucket.
    let mut other = Place::new();
    other.config.root = place.config.root.clone();
    let second = other.open().await;
    other.append(vec![other.rows(PROBE, 100..105, NOON)]).await;
    second.flush().await;

    place.append(vec![place.rows(PROBE, 5..10, NOON)]).await;
    first.caught_up().await;
    let error = first.lake.flush_all().await.expect_err("the name of the next version is taken");
    assert!(matches!(error, LakeError::Fenced { .. }), "{error}");
    let again = first.lake.flush_all().await.expect_err("it stays so");
    assert!(matches!(again, LakeError::Fenced { .. }), "{again}");
    assert!(first.lake.status().trouble.is_some());
    first.die().await;
    second.die().await;
}
