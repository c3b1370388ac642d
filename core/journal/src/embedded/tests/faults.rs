//! One thing goes wrong, and what the callers see of it.

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;

use super::{
    config, read_all,
    sim::{Chance, Fault, SimDisk, segments},
};
use crate::{
    AppendError, EmbeddedJournal, FullReason, Journal, JournalConfig, Position, Start, StorageError,
    testsuite::{batch, noise, number_of},
};

struct Broken {
    folder: TempDir,
    disk: SimDisk,
    journal: Arc<EmbeddedJournal>,
}

impl Broken {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(adjust: impl FnOnce(&mut JournalConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let disk = SimDisk::load(folder.path());
        let mut config = config(folder.path());
        adjust(&mut config);
        let journal = EmbeddedJournal::open_on(config, Arc::new(disk.clone())).expect("it opens");
        Self { folder, disk, journal: Arc::new(journal) }
    }

    async fn append(&self, number: u64) -> Result<Position, AppendError> {
        Ok(self.journal.append(0, vec![batch(number, 2)]).await?.position())
    }

    /// The numbers of the entries after a power failure that leaves what is certain, and what is read back.
    async fn after_power_failure(self, seed: u64) -> Vec<u64> {
        self.disk.die();
        drop(self.journal);
        self.disk.crash(self.folder.path(), &mut Chance(seed));
        let journal = EmbeddedJournal::open(config(self.folder.path())).expect("it opens");
        let numbers = read_all(&journal).await.iter().map(|entry| number_of(&entry.batches[0])).collect();
        assert_eq!(journal.status().damage.lost_entries, 0, "{:?}", journal.status().damages);
        numbers
    }
}

/// Numbers of the operations when an entry is appended to a segment that is there.
const WRITE: usize = 0;
const SYNC: usize = 1;
/// And when one is made for it.
const WRITE_NEW: usize = 1;
const SYNC_NEW: usize = 2;
const SYNC_FOLDER: usize = 3;

#[tokio::test]
async fn a_failed_sync_is_no_acknowledgement_and_ends_the_segment() {
    let broken = Broken::new();
    assert_eq!(broken.append(1).await.expect("nothing is wrong"), Position(1));
    broken.disk.arm([(SYNC, Fault::Fail)], None);
    let error = broken.append(2).await.expect_err("it is not durable");
    let AppendError::Storage(StorageError { doing, path, .. }) = &error else { panic!("{error}") };
    assert_eq!((*doing, path), ("make durable", &segments(broken.folder.path())[0]));
    assert!(error.retry_after().is_some(), "it may be sent again");
    assert_eq!(broken.journal.head(), Position(1));
    assert_eq!(segments(broken.folder.path()).len(), 1);
    assert_eq!(broken.append(3).await.expect("in a new segment"), Position(2));
    assert_eq!(segments(broken.folder.path()).len(), 2, "the kernel may have dropped pages of the first");
    assert_eq!(broken.after_power_failure(1).await, [1, 3]);
}

#[tokio::test]
async fn a_full_disk_in_the_middle_of_an_entry_leaves_nothing_of_it() {
    for room in [0, 1, 47, 48, 49, 200] {
        for operation in [WRITE, WRITE_NEW] {
            let broken = Broken::new();
            if operation == WRITE {
                broken.append(1).await.expect("nothing is wrong");
            }
            broken.disk.arm([(operation, Fault::Full(room))], None);
            let error = broken.append(2).await.expect_err("there is no room");
            assert!(matches!(error, AppendError::Full { reason: FullReason::Disk, .. }), "{error}");
            broken.append(3).await.expect("there is room again");
            let numbers = broken.after_power_failure(room as u64).await;
            assert_eq!(numbers.last(), Some(&3));
            assert!(!numbers.contains(&2), "{numbers:?}");
        }
    }
}

#[tokio::test]
async fn a_segment_counts_when_its_name_is_durable() {
    for operation in [0, WRITE_NEW, SYNC_NEW, SYNC_FOLDER] {
        for seed in 0..4 {
            let broken = Broken::new();
            broken.disk.arm([(operation, Fault::Fail)], None);
            broken.append(1).await.expect_err("it is not durable");
            assert_eq!(broken.journal.head(), Position::ZERO);
            assert_eq!(segments(broken.folder.path()).len(), 0, "nothing is left of it");
            if seed % 2 == 0 {
                assert_eq!(broken.append(2).await.expect("nothing is wrong"), Position(1));
                assert_eq!(broken.after_power_failure(seed).await, [2]);
            } else {
                assert!(broken.after_power_failure(seed).await.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_cut_off_is_declared_void() {
    for seed in 0..20 {
        let broken = Broken::new();
        broken.append(1).await.expect("nothing is wrong");
        broken.disk.fail_to_truncate(true);
        broken.disk.arm([(SYNC, Fault::Fail)], None);
        broken.append(2).await.expect_err("it is not durable");
        broken.append(3).await.expect("in a new segment");
        broken.append(4).await.expect("nothing is wrong");
        assert_eq!(broken.after_power_failure(seed).await, [1, 3, 4]);
    }
}

#[tokio::test]
async fn a_disk_that_cuts_nothing_gets_no_more_until_it_does() {
    let broken = Broken::new();
    broken.disk.fail_to_truncate(true);
    for round in 0..12 {
        // Whether there is a segment to append to or not, one of these is its sync.
        broken.disk.arm([(SYNC, Fault::Fail), (SYNC_NEW, Fault::Fail)], None);
        broken.append(round).await.expect_err("it is not durable");
    }
    assert!(segments(broken.folder.path()).len() < 12);
    broken.disk.arm([], None);
    let error = broken.append(99).await.expect_err("it would never end");
    assert!(matches!(error, AppendError::Storage(_)), "{error}");
    broken.disk.fail_to_truncate(false);
    broken.append(100).await.expect("the disk is well again");
    assert_eq!(broken.after_power_failure(3).await, [100]);
}

#[tokio::test]
async fn who_waits_for_a_panic_is_answered() {
    let broken = Broken::new();
    broken.disk.arm([(SYNC_NEW, Fault::Panic)], None);
    broken.disk.slow_down(Duration::from_millis(20));
    let journal = broken.journal.clone();
    let second = tokio::spawn(async move { journal.append(0, vec![batch(2, 2)]).await });
    assert!(matches!(broken.append(1).await, Err(AppendError::Closed)));
    assert!(matches!(second.await.expect("it is answered"), Err(AppendError::Closed)));
    assert!(matches!(broken.append(3).await, Err(AppendError::Closed)));
    broken.journal.close().await.expect_err("the thread is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_appends_share_a_sync() {
    let broken = Broken::new();
    broken.append(0).await.expect("nothing is wrong");
    broken.disk.slow_down(Duration::from_millis(20));
    let before = broken.disk.syncs();
    let appends: Vec<_> = (1..=300)
        .map(|number| {
            let journal = broken.journal.clone();
            tokio::spawn(async move { journal.append(0, vec![batch(number, 10)]).await })
        })
        .collect();
    for append in appends {
        let _ = append.await.expect("no panic").expect("nothing is wrong");
    }
    let syncs = broken.disk.syncs() - before;
    assert!(syncs <= 30, "{syncs} syncs for 300 appends");
}

#[tokio::test]
async fn free_space_is_left_to_others() {
    let broken = Broken::with(|config| config.min_free_bytes = 1_000_000);
    broken.disk.set_free_bytes(2_000_000);
    broken.append(1).await.expect("there is room");
    broken.disk.set_free_bytes(999_999);
    let error = broken.append(2).await.expect_err("the rest is for others");
    let AppendError::Full { reason, retry_after } = error else { panic!("{error}") };
    assert_eq!(reason, FullReason::FreeSpace { free_bytes: 999_999, min_free_bytes: 1_000_000 });
    assert!(!retry_after.is_zero());
    broken.disk.set_free_bytes(2_000_000);
    assert_eq!(broken.append(3).await.expect("there is room again"), Position(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_bounded_when_the_disk_is_slow() {
    let in_flight = 1 << 20;
    let broken =
        Broken::with(|config| (config.in_flight_bytes, config.entry_bytes) = (in_flight, in_flight / 2));
    broken.disk.slow_down(Duration::from_millis(30));
    let appends: Vec<_> = (0..200)
        .map(|number| {
            let journal = broken.journal.clone();
            tokio::spawn(async move { journal.append(0, vec![noise(number, 40 << 10)]).await })
        })
        .collect();
    // An entry is admitted by what its contents take, and may turn out to take a little more.
    let (mut overloaded, mut appended) = (0, 0);
    for append in appends {
        assert!(broken.journal.status().in_flight_bytes <= in_flight + in_flight / 4);
        match append.await.expect("no panic") {
            Ok(_) => appended += 1,
            Err(AppendError::Overloaded { retry_after }) => {
                assert!(!retry_after.is_zero());
                overloaded += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(overloaded > 0 && appended > 0, "{overloaded} and {appended}");
    assert_eq!(broken.journal.head(), Position(appended));
    assert_eq!(broken.journal.status().in_flight_bytes, 0, "all memory is given back");
    // The largest entry goes through when nothing else is on its way.
    let largest = noise(1, in_flight / 2 - 1_024);
    let _ = broken.journal.append(0, vec![largest]).await.expect("it is not too large");
}

/// Without it, any number of entries without rows would wait for the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_entries_take_memory_too() {
    let broken = Broken::with(|config| (config.in_flight_bytes, config.entry_bytes) = (64 << 10, 4 << 10));
    broken.disk.slow_down(Duration::from_millis(200));
    let mut appends = Vec::new();
    for _ in 0..500 {
        let journal = broken.journal.clone();
        appends.push(tokio::spawn(async move { journal.append(0, Vec::new()).await.is_err() }));
    }
    let mut refused = 0;
    for append in appends {
        refused += usize::from(append.await.expect("no panic"));
    }
    assert!(refused > 300, "{refused} of 500 were refused");
}

#[tokio::test]
async fn a_segment_that_cannot_be_deleted_is_tried_again() {
    let broken = Broken::new();
    broken.disk.fail_to_remove(true);
    broken.journal.register("consumer", Start::Oldest).await.expect("a good name");
    for number in 0..200 {
        broken.append(number).await.expect("nothing is wrong");
    }
    let files = segments(broken.folder.path()).len();
    assert!(files > 3);
    broken.journal.commit("consumer", Position(200)).expect("it is registered");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(broken.journal.status().segments, files, "it is still there and still counted");
    broken.disk.fail_to_remove(false);
    let bytes = broken.journal.status().bytes;
    // The next commit is the next try.
    broken.append(200).await.expect("nothing is wrong");
    broken.journal.commit("consumer", Position(201)).expect("it is registered");
    let begun = std::time::Instant::now();
    while broken.journal.status().segments > 2 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the segments are deleted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(broken.journal.status().bytes < bytes);
}
