//! Files that rot: what is intact is read, what is lost is counted, to the entry.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
};

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{RUNTIME, config, read_all, sim::segments};
use crate::{
    EmbeddedJournal, Journal, OpenError, Position, Start,
    embedded::{
        format::{Head, SEGMENT_HEADER_BYTES, SegmentHeader},
        scan::{Payloads, Scanner, Step},
        segment::RECORDS_AT,
    },
    testsuite::{batch, number_of},
};

const ENTRIES: u64 = 60;

#[derive(Clone, Debug)]
enum Damage {
    Flip { file: Index, at: Index, mask: u8 },
    Cut { file: Index, at: Index },
    Remove { file: Index },
}

fn damage() -> impl Strategy<Value = Damage> {
    let any = any::<Index>;
    prop_oneof![
        6 => (any(), any(), 1..=255u8).prop_map(|(file, at, mask)| Damage::Flip { file, at, mask }),
        1 => (any(), any()).prop_map(|(file, at)| Damage::Cut { file, at }),
        1 => any().prop_map(|file| Damage::Remove { file }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn exactly_the_intact_entries_are_read(damages in vec(damage(), 1..6)) {
        let folder = tempfile::tempdir().expect("a folder can be made");
        RUNTIME.block_on(async {
            fill(folder.path()).await;
            let mut records = records(folder.path());
            assert_eq!(records.len(), ENTRIES as usize);
            for damage in &damages {
                apply(folder.path(), damage, &mut records);
            }
            check(folder.path(), &records).await;
        });
    }
}

/// Writes some segments. The positions file knows the head.
async fn fill(folder: &Path) {
    let journal = EmbeddedJournal::open(config(folder)).expect("it opens");
    for number in 1..=ENTRIES {
        let rows = number as usize % 40 + 1;
        let _ = journal.append(number as i64, vec![batch(number, rows)]).await.expect("there is room");
    }
    journal.register("consumer", Start::Oldest).await.expect("a good name");
    journal.close().await.expect("it closes");
}

/// Where the entries are.
fn records(folder: &Path) -> BTreeMap<Position, (PathBuf, Range<u64>)> {
    let mut records = BTreeMap::new();
    for path in segments(folder) {
        let bytes = fs::read(&path).expect("a readable file");
        let head = bytes.first_chunk::<SEGMENT_HEADER_BYTES>().expect("a whole head");
        let Head::Known(head) = SegmentHeader::parse(head) else { panic!("a good head") };
        let file = File::open(&path).expect("a readable file");
        let range = (RECORDS_AT, bytes.len() as u64);
        let mut scanner = Scanner::new(&file, head.salt, Payloads::Check, range, head.base, None);
        while let Step::Record { offset, header, .. } = scanner.step().expect("a readable file") {
            records.insert(header.position, (path.clone(), offset..offset + header.record_bytes()));
        }
    }
    records
}

/// Does the damage, and takes away what it costs.
fn apply(folder: &Path, damage: &Damage, records: &mut BTreeMap<Position, (PathBuf, Range<u64>)>) {
    let files = segments(folder);
    if files.is_empty() {
        return;
    }
    match damage {
        Damage::Flip { file, at, mask } => {
            let path = &files[file.index(files.len())];
            let mut bytes = fs::read(path).expect("a readable file");
            if bytes.is_empty() {
                return;
            }
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
            fs::write(path, bytes).expect("a writable file");
            records.retain(|_, (file, range)| file != path || !range.contains(&(at as u64)));
        }
        Damage::Cut { file, at } => {
            let path = &files[file.index(files.len())];
            let file = File::options().write(true).open(path).expect("a writable file");
            let length = at.index(file.metadata().expect("a length").len() as usize + 1) as u64;
            file.set_len(length).expect("a writable file");
            records.retain(|_, (file, range)| file != path || range.end <= length);
        }
        Damage::Remove { file } => {
            let path = &files[file.index(files.len())];
            fs::remove_file(path).expect("a removable file");
            records.retain(|_, (file, _)| file != path);
        }
    }
}

async fn check(folder: &Path, records: &BTreeMap<Position, (PathBuf, Range<u64>)>) {
    let expected: Vec<u64> = records.keys().map(|position| position.0).collect();
    for opening in 0..2 {
        let journal = EmbeddedJournal::open(config(folder)).expect("damage is no reason not to open");
        let entries = read_all(&journal).await;
        let found: Vec<u64> = entries.iter().map(|entry| number_of(&entry.batches[0])).collect();
        assert_eq!(found, expected, "opening {opening}");
        assert!(entries.iter().all(|entry| entry.position.0 == entry.received as u64));
        let status = journal.status();
        let lost = ENTRIES - expected.len() as u64;
        assert_eq!(status.damage.lost_entries, lost, "opening {opening}: {:#?}", status.damages);
        assert!(lost == 0 || !status.damages.is_empty());
    }
    // Life goes on behind everything that ever was.
    let journal = EmbeddedJournal::open(config(folder)).expect("it opens");
    let appended = journal.append(0, vec![batch(ENTRIES + 1, 3)]).await.expect("there is room").position();
    assert_eq!(appended, Position(ENTRIES + 1));
    let mut reader = journal.reader("test", Position(expected.last().copied().unwrap_or(0)));
    let entries = reader.next(crate::Limit::default()).await.expect("it is readable");
    assert_eq!(entries[0].position, appended);
}

/// A damaged file of positions costs no entry: consumers start anew, and no position is given twice.
#[tokio::test]
async fn damaged_positions_are_set_aside() {
    for text in ["", "garbage", "phalanx journal positions 1\nhead 1\nfloor 1\ncrc 00000000\n"] {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fill(folder.path()).await;
        fs::write(folder.path().join("positions"), text).expect("a writable folder");
        let journal = EmbeddedJournal::open(config(folder.path())).expect("it opens");
        assert_eq!(journal.committed("consumer"), None);
        let status = journal.status();
        assert_eq!((status.damage.places, status.damage.lost_entries), (1, 0), "{:?}", status.damages);
        assert_eq!(fs::read_to_string(folder.path().join("positions.damaged")).expect("a copy"), text);
        let from = journal.register("consumer", Start::Oldest).await.expect("a good name");
        assert_eq!(from, Position::ZERO);
        let appended = journal.append(0, vec![batch(1, 1)]).await.expect("there is room").position();
        assert_eq!(appended, Position(ENTRIES + 1));
    }
}

#[tokio::test]
async fn a_later_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fill(folder.path()).await;
    let path = &segments(folder.path())[1];
    let mut bytes = fs::read(path).expect("a readable file");
    bytes[7] = 2;
    let crc = crc32fast::hash(&bytes[..48]);
    bytes[48..52].copy_from_slice(&crc.to_le_bytes());
    fs::write(path, bytes).expect("a writable file");
    let files = segments(folder.path());
    let error = EmbeddedJournal::open(config(folder.path())).expect_err("it cannot be read");
    assert!(matches!(error, OpenError::Newer { found: 2, known: 1, .. }), "{error}");
    assert_eq!(segments(folder.path()), files);
}

/// A segment may vanish, or be cut, while the journal is open.
#[tokio::test]
async fn damage_under_an_open_journal_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fill(folder.path()).await;
    let mut records = records(folder.path());
    let mut config = config(folder.path());
    config.recent_bytes = 0;
    let journal = EmbeddedJournal::open(config).expect("it opens");
    let files = segments(folder.path());
    assert!(files.len() > 3, "{files:?}");
    fs::remove_file(&files[1]).expect("a removable file");
    records.retain(|_, (file, _)| *file != files[1]);
    File::options().write(true).open(&files[2]).and_then(|file| file.set_len(100)).expect("a writable file");
    records.retain(|_, (file, _)| *file != files[2]);
    let entries = read_all(&journal).await;
    assert!(entries.iter().map(|entry| entry.position).eq(records.keys().copied()));
    assert_eq!(journal.status().damage.lost_entries, ENTRIES - records.len() as u64);
}
