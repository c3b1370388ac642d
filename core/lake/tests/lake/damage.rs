//! Files that are damaged, and copies of the whole.

use std::fs;

use crate::support::{NOON, PROBE, Place, SECOND};

/// The journal has forgotten what was committed, so only the files can bring the rows back.
async fn damage_last_commit(cut: impl Fn(&[u8]) -> Vec<u8>) {
    let place = Place::new();
    let open = place.open().await;
    for nth in 0..3 {
        place.append(vec![place.rows(PROBE, nth * 10..(nth + 1) * 10, NOON + nth * SECOND)]).await;
        open.flush().await;
    }
    open.die().await;
    let commits = place.commits(PROBE);
    let last = commits.last().expect("commits");
    let whole = fs::read(last).expect("readable");
    fs::write(last, cut(&whole)).expect("writable");

    for _ in 0..2 {
        let open = place.open().await;
        assert_eq!(open.all(PROBE).await, (0..30).collect::<Vec<_>>());
        place.append(Vec::new()).await;
        open.flush().await;
        assert_eq!(open.all(PROBE).await, (0..30).collect::<Vec<_>>());
        open.die().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_last_commit_is_made_again_from_its_file() {
    damage_last_commit(|_| Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_last_commit_is_made_again_from_its_file() {
    damage_last_commit(|whole| whole[..whole.len() * 2 / 3].to_vec()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_commit_of_a_compaction_is_made_again() {
    let mut place = Place::new();
    place.config.compact_files = 3;
    place.config.grace = std::time::Duration::from_secs(3_600);
    let open = place.open().await;
    for nth in 0..3 {
        place.append(vec![place.rows(PROBE, nth * 10..(nth + 1) * 10, NOON)]).await;
        open.flush().await;
    }
    open.lake.maintain_all(NOON).await.expect("a round");
    assert_eq!(open.files(PROBE), 1);
    open.die().await;
    let commits = place.commits(PROBE);
    fs::write(commits.last().expect("commits"), b"{\"commitInfo\":").expect("writable");
    let open = place.open().await;
    assert_eq!(open.files(PROBE), 1);
    assert_eq!(open.all(PROBE).await, (0..30).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_table_does_not_keep_the_lake_from_opening() {
    let place = Place::new();
    let open = place.open().await;
    for nth in 0..3 {
        place.append(vec![place.rows(PROBE, [nth], NOON), place.rows("Other_CL", [nth], NOON)]).await;
        open.flush().await;
    }
    open.die().await;
    // Not the last one: what it said can't be known from elsewhere.
    fs::write(&place.commits(PROBE)[1], b"garbage").expect("writable");
    let open = place.open().await;
    assert_eq!(open.all("Other_CL").await, [0, 1, 2]);
    let error = open.query(&format!("select * from {PROBE}")).await.expect_err("its log is damaged");
    assert!(error.to_string().contains("Probe_CL") || format!("{error:?}").contains("Probe_CL"), "{error}");
    let status = open.lake.status();
    let table = status.tables.iter().find(|table| &*table.table == PROBE).expect("it is listed");
    assert!(table.trouble.is_some());
    place.append(vec![place.rows(PROBE, [3], NOON), place.rows("Other_CL", [3], NOON)]).await;
    assert_eq!(open.all("Other_CL").await, [0, 1, 2, 3], "the others go on");
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_file_that_no_commit_speaks_of_disturbs_nobody() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..10, NOON)]).await;
    open.flush().await;
    open.die().await;
    let whole = fs::read(&place.parquet_files(PROBE)[0]).expect("readable");
    let torn = place.table_folder(PROBE).join("part-ffffffff-0000-7000-8000-000000000000.parquet");
    fs::write(&torn, &whole[..whole.len() / 2]).expect("writable");
    let open = place.open().await;
    assert_eq!(open.all(PROBE).await, (0..10).collect::<Vec<_>>());
    open.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_in_use_has_one_moment_of_every_table() {
    let place = Place::new();
    let open = place.open().await;
    place.append(vec![place.rows(PROBE, 0..10, NOON)]).await;
    open.flush().await;
    place.append(vec![place.rows(PROBE, 10..20, NOON)]).await;
    open.caught_up().await;
    let copy = place.folder.path().join("copy");
    open.lake.snapshot_for_backup(&copy).await.expect("a copy");
    // What happens afterwards does not touch it.
    open.flush().await;
    open.lake.maintain_all(NOON + 3 * crate::support::DAY).await.expect("a round");
    open.die().await;

    let mut restored = Place::new();
    restored.config.root = copy;
    let open = restored.open().await;
    assert_eq!(
        open.all(PROBE).await,
        (0..10).collect::<Vec<_>>(),
        "rows in memory are the journal's to keep"
    );
    open.die().await;
}
