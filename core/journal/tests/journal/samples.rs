//! A folder of each version of the format, as it was written then, must always be readable.
//!
//! `UPDATE_SAMPLES=1 cargo test` writes the folder of the current version anew; that is right only while no
//! release has written it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use phalanx_journal::{
    EmbeddedJournal, Journal, JournalConfig, Limit, Position, ReadError, Start,
    testsuite::{batch, number_of},
};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/1")
}

/// Entry n has n % 3 batches of a few rows and was received at 1,000 × n.
const ENTRIES: u64 = 24;
/// The journal was told to go on behind this position, after half of the entries.
const JUMP: u64 = 100;

fn position(number: u64) -> Position {
    Position(if number <= ENTRIES / 2 { number } else { number - ENTRIES / 2 + JUMP })
}

fn numbers(number: u64) -> Vec<u64> {
    (0..number % 3).map(|part| number * 10 + part).collect()
}

async fn write(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    let config = JournalConfig { segment_bytes: 4_096, ..super::config(folder) };
    let journal = EmbeddedJournal::open(config).expect("it opens");
    journal.register("hub/rules", Start::Oldest).await.expect("a good name");
    for number in 1..=ENTRIES {
        let batches = numbers(number).into_iter().map(|part| batch(part, 1 + part as usize % 4)).collect();
        let answer = journal.append(1_000 * number as i64, batches).await.expect("there is room");
        assert_eq!(answer.position(), position(number));
        if number == ENTRIES / 2 {
            journal.register("ahead", Start::After(Position(JUMP))).await.expect("a good name");
        }
    }
    journal.register("hub/rules", Start::After(Position(2))).await.expect("a good name");
    journal.commit("ahead", position(ENTRIES)).expect("it is registered");
    journal.close().await.expect("it closes");
    fs::remove_file(folder.join("lock")).expect("it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_is_readable() {
    if env::var_os("UPDATE_SAMPLES").is_some() {
        write(&sample()).await;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    for file in fs::read_dir(sample()).expect("the sample is there") {
        let file = file.expect("a readable folder");
        fs::copy(file.path(), folder.path().join(file.file_name())).expect("a writable folder");
    }
    let journal = EmbeddedJournal::open(super::config(folder.path())).expect("it opens");
    assert_eq!(journal.head(), position(ENTRIES));
    assert_eq!(journal.committed("hub/rules"), Some(Position(2)));
    assert_eq!(journal.committed("ahead"), Some(position(ENTRIES)));
    assert!(journal.status().segments > 2);
    let next = journal.append(0, vec![batch(1, 1)]).await.expect("there is room").position();
    assert_eq!(next, position(ENTRIES).next());
    journal.close().await.expect("it closes");

    let mut reader = journal.reader("check", Position::ZERO);
    let mut entries = Vec::new();
    loop {
        match reader.next(Limit::default()).await {
            Ok(more) => entries.extend(more),
            Err(ReadError::Closed) => break,
            Err(error) => panic!("not readable: {error}"),
        }
    }
    assert_eq!(entries.pop().map(|last| last.position), Some(next));
    assert_eq!(entries.len(), ENTRIES as usize);
    for (number, entry) in (1..).zip(entries) {
        assert_eq!((entry.position, entry.received), (position(number), 1_000 * number as i64));
        assert_eq!(entry.batches.iter().map(number_of).collect::<Vec<_>>(), numbers(number));
    }
    assert_eq!(journal.status().damage, Default::default(), "{:?}", journal.status().damages);
}
