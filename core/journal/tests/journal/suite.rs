//! The suite, on both journals.

use std::sync::Arc;

use phalanx_journal::{
    EmbeddedJournal, Journal, JournalConfig, MemoryJournal, OpenError,
    testsuite::{self, Fixture, MAX_BYTES, Place, TOO_LARGE_BYTES},
};
use tempfile::TempDir;

struct Embedded {
    recent_bytes: usize,
}

impl Fixture for Embedded {
    fn create(&self) -> Box<dyn Place> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let config = JournalConfig {
            segment_bytes: 4_096,
            in_flight_bytes: 2 * TOO_LARGE_BYTES,
            recent_bytes: self.recent_bytes,
            entry_bytes: TOO_LARGE_BYTES,
            max_bytes: MAX_BYTES as u64,
            min_free_bytes: 0,
            // As in the program, the folder is made by the journal.
            directory: folder.path().join("journal"),
        };
        Box::new(Folder { config, _folder: folder })
    }
}

struct Folder {
    config: JournalConfig,
    _folder: TempDir,
}

impl Place for Folder {
    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(EmbeddedJournal::open(self.config.clone()).expect("it opens"))
    }

    fn is_durable(&self) -> bool {
        true
    }
}

struct Memory;

impl Fixture for Memory {
    fn create(&self) -> Box<dyn Place> {
        Box::new(Nowhere)
    }
}

struct Nowhere;

impl Place for Nowhere {
    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(MemoryJournal::new(MAX_BYTES))
    }

    fn is_durable(&self) -> bool {
        false
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded() {
    testsuite::run(&Embedded { recent_bytes: 64 << 10 }).await;
}

/// Every entry is read from the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_without_memory() {
    testsuite::run(&Embedded { recent_bytes: 0 }).await;
}

/// Nothing of it depends on several threads.
#[tokio::test]
async fn embedded_on_one_thread() {
    testsuite::run(&Embedded { recent_bytes: 64 << 10 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    testsuite::run(&Memory).await;
}

#[tokio::test]
async fn two_cannot_open_the_same_folder() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let config = JournalConfig::new(folder.path().join("new/folders/journal"));
    let journal = EmbeddedJournal::open(config.clone()).expect("nobody has it open");
    let error = EmbeddedJournal::open(config.clone()).expect_err("it is open");
    assert!(matches!(&error, OpenError::Locked { pid, .. } if *pid == Some(std::process::id())), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    journal.close().await.expect("it closes");
    EmbeddedJournal::open(config).expect("it is free");
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let good = JournalConfig::new(folder.path());
    for bad in [
        JournalConfig { segment_bytes: 4_095, ..good.clone() },
        JournalConfig { max_bytes: good.segment_bytes, ..good.clone() },
        JournalConfig { entry_bytes: 10, ..good.clone() },
        JournalConfig { entry_bytes: 2 << 30, in_flight_bytes: 8 << 30, ..good.clone() },
        JournalConfig { in_flight_bytes: good.entry_bytes, ..good.clone() },
    ] {
        let error = EmbeddedJournal::open(bad).expect_err("the limits contradict each other");
        assert!(matches!(error, OpenError::Configuration(_)), "{error}");
    }
    EmbeddedJournal::open(good).expect("the defaults are good");
}
