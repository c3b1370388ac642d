//! A disk that is really full: a small file system in memory, for those who may mount one.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use phalanx_journal::{
    AppendError, EmbeddedJournal, FullReason, Journal, JournalConfig, Limit, Position, ReadError, Start,
    testsuite::noise,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const DISK_BYTES: usize = 2 << 20;
const ENTRY_BYTES: usize = 20_000;

/// A mounted file system, unmounted on drop.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None`, with a word on standard error, where mounting is not permitted.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            Ok(output) => {
                eprintln!("skipped, no small disk: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("skipped, no small disk: `mount`: {error}");
                None
            }
        }
    }

    fn config(&self) -> JournalConfig {
        super::config(&self.0.path().join("journal"))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.0.path().display());
        }
    }
}

/// Appends until the disk is full; says how many entries went in.
async fn fill(journal: &EmbeddedJournal, from: u64) -> u64 {
    for number in from.. {
        match journal.append(0, vec![noise(number, ENTRY_BYTES)]).await {
            Ok(acknowledged) => assert_eq!(acknowledged.position(), Position(number)),
            Err(AppendError::Full { reason: FullReason::Disk, retry_after }) => {
                assert!(!retry_after.is_zero(), "senders are told when to come again");
                return number;
            }
            Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
        }
    }
    unreachable!("the disk is finite")
}

async fn check(journal: &EmbeddedJournal, first: u64, end: u64) {
    journal.close().await.expect("it closes");
    let mut reader = journal.reader("check", Position(first - 1));
    let mut next = first;
    loop {
        let entries = match reader.next(Limit::default()).await {
            Ok(entries) => entries,
            Err(ReadError::Closed) => break,
            Err(error) => panic!("not readable: {error}"),
        };
        for entry in entries {
            assert_eq!(entry.position, Position(next));
            assert_eq!(entry.batches[0].rows, noise(next, ENTRY_BYTES).rows);
            next += 1;
        }
    }
    assert_eq!(next, end, "all that was acknowledged, and nothing else");
    assert_eq!(journal.status().damage, Default::default(), "{:?}", journal.status().damages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_recovers() {
    let Some(disk) = SmallDisk::mount() else { return };
    let journal = EmbeddedJournal::open(disk.config()).expect("it opens");
    journal.register("consumer", Start::Oldest).await.expect("a good name");
    let end = fill(&journal, 1).await;
    assert!(end > 50, "{end}");
    for _ in 0..20 {
        journal.append(0, vec![noise(0, ENTRY_BYTES)]).await.expect_err("it is still full");
    }
    assert_eq!(journal.head(), Position(end - 1));
    check(&journal, 1, end).await;
    drop(journal);

    // A full disk is no reason not to open, and consumers make room.
    let journal = EmbeddedJournal::open(disk.config()).expect("it opens on a full disk");
    let half = end / 2;
    journal.commit("consumer", Position(half)).expect("it is registered");
    let appended = async {
        while journal.append(0, vec![noise(end, ENTRY_BYTES)]).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), appended).await.expect("there is room again");
    let end = fill(&journal, end + 1).await;
    check(&journal, half + 1, end).await;
    drop(journal);
    let journal = EmbeddedJournal::open(disk.config()).expect("it opens");
    assert_eq!(journal.committed("consumer"), Some(Position(half)));
    check(&journal, half + 1, end).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_fill_the_disk_and_make_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let config = JournalConfig { min_free_bytes: (DISK_BYTES / 4) as u64, ..disk.config() };
    let journal = EmbeddedJournal::open(config).expect("it opens");
    for number in 1..=10 {
        let _ = journal.append(0, vec![noise(number, ENTRY_BYTES)]).await.expect("there is room");
    }
    fs::write(disk.filler(), vec![1; DISK_BYTES * 11 / 16]).expect("there is room");
    let error = journal.append(0, vec![noise(11, ENTRY_BYTES)]).await.expect_err("the rest is for others");
    let AppendError::Full { reason: FullReason::FreeSpace { free_bytes, min_free_bytes }, .. } = error else {
        panic!("{error}")
    };
    assert!(free_bytes < min_free_bytes);
    fs::remove_file(disk.filler()).expect("it is ours");
    let _ = journal.append(0, vec![noise(11, ENTRY_BYTES)]).await.expect("there is room again");
    check(&journal, 1, 12).await;
}
