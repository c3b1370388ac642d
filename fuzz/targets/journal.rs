//! The journal's segment files: whatever stands in one, the journal opens, skips and counts the damage, takes
//! new entries behind it and gives them back.
//!
//! An input that begins with a zero is a file as it is. Another one is divided into payloads, each with its
//! length before it, in a segment whose own bytes are right.
#![no_main]

use std::{fs, time::Duration};

use libfuzzer_sys::fuzz_target;
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig, Limit, OpenError, Position};

const SALT: u64 = 7;

fuzz_target!(|input: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(format!("{:010}-{:020}-{SALT:016x}.segment", 1, 1));
    match input.split_first() {
        Some((0, file)) => fs::write(path, file),
        Some((_, payloads)) => fs::write(path, segment(payloads)),
        None => Ok(()),
    }
    .expect("a file in a folder of our own");
    let config = JournalConfig { min_free_bytes: 0, ..JournalConfig::new(folder.path()) };
    let journal = match EmbeddedJournal::open(config) {
        Ok(journal) => journal,
        // A segment of a later version is for a later program.
        Err(OpenError::Newer { .. }) => return,
        Err(error) => panic!("damage is no error: {error}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(append_and_read(&journal));
});

async fn append_and_read(journal: &EmbeddedJournal) {
    let before = journal.head();
    let acknowledged = journal.append(1, Vec::new()).await.expect("there is room");
    assert!(acknowledged.position() > before, "positions go up");
    let mut reader = journal.reader("fuzz", Position::ZERO);
    let mut last = Position::ZERO;
    while last < acknowledged.position() {
        let entries = tokio::time::timeout(Duration::from_secs(9), reader.next(Limit::default()));
        let entries = entries.await.expect("the new entry comes").expect("damage is no error of a reader");
        for entry in entries {
            assert!(entry.position > last, "{} behind {last}", entry.position);
            last = entry.position;
        }
    }
    assert_eq!(last, acknowledged.position());
    journal.close().await.expect("a journal that closes");
}

/// A segment of version 1, as the journal's format tells.
fn segment(mut rest: &[u8]) -> Vec<u8> {
    let mut file = b"PHXJRNL\x01".to_vec();
    for number in [1, 1, 0, 1, SALT] {
        file.extend_from_slice(&u64::to_le_bytes(number));
    }
    let sum = crc32fast::hash(&file);
    file.extend_from_slice(&sum.to_le_bytes());
    file.resize(64, 0);
    let mut position = 1_u64;
    while let [low, high, behind @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (payload, next) = behind.split_at(length);
        let mut head = Vec::new();
        for number in [SALT, position, 1] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        // One in four payloads does not fit its checksum.
        let sum = crc32fast::hash(payload) ^ u32::from(position % 4 == 3);
        for number in [payload.len() as u32, sum, 4 * payload.len() as u32, 1] {
            head.extend_from_slice(&number.to_le_bytes());
        }
        file.extend_from_slice(b"PHXR");
        file.extend_from_slice(&crc32fast::hash(&head).to_le_bytes());
        file.extend(head);
        file.extend_from_slice(payload);
        (position, rest) = (position + 1, next);
    }
    file
}
