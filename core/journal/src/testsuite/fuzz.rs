//! Any bytes as a segment file.

use std::{fs, sync::OnceLock};

use tokio::runtime::{Builder, Runtime};

use super::batch;
use crate::{
    DamageTotals, EmbeddedJournal, Entry, Journal, JournalConfig, Limit, OpenError, Position, ReadError,
    embedded::forge,
};

/// Opens a journal whose only segment is made from these bytes, and checks what must hold whatever they are:
///
/// - It opens, unless a later version wrote it, and can be read to the end; nothing panics.
/// - Positions rise, none is beyond the head, and what is read takes memory in proportion to the file.
/// - Opening repairs the end: opened again it has the same entries and no torn tail.
/// - An entry appended then is there, behind all others.
///
/// Panics where that is not so. The first byte chooses among files with more or less right checksums.
pub fn fuzz_segment(data: &[u8]) {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime can be made")
    });
    runtime.block_on(check(data));
}

async fn check(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (name, bytes) = forge::segment(data);
    fs::write(folder.path().join(name), &bytes).expect("the file can be written");
    let mut config = JournalConfig::new(folder.path());
    config.min_free_bytes = 0;

    let Some(journal) = open(&config) else { return };
    let (first, head) = (read_all(&journal).await, journal.head());
    for entry in &first {
        let most = 2_048 * (bytes.len() + 64);
        assert!(entry.memory() <= most, "{} bytes of memory from {} bytes", entry.memory(), bytes.len());
    }
    assert!(first.is_sorted_by(|a, b| a.position < b.position) && first.iter().all(|e| e.position <= head));
    let lost = journal.status().damage;
    drop(journal);

    let journal = open(&config).expect("it was opened before");
    assert_eq!(journal.head(), head);
    let appended = journal.append(7, vec![batch(7, 2)]).await.expect("it can be appended to").position();
    assert!(appended > head);
    let mut second = read_all(&journal).await;
    let last = second.pop().expect("the entry is there");
    assert_eq!((last.position, last.received, last.batches[0].rows.num_rows()), (appended, 7, 2));
    assert_eq!(second.len(), first.len());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((first.position, first.received), (second.position, second.received));
        assert!(first.batches.iter().map(|b| &b.rows).eq(second.batches.iter().map(|b| &b.rows)));
    }
    let DamageTotals { bytes, .. } = journal.status().damage;
    assert!(bytes <= lost.bytes, "the end was repaired: {bytes} bytes of damage after {}", lost.bytes);
}

fn open(config: &JournalConfig) -> Option<EmbeddedJournal> {
    match EmbeddedJournal::open(config.clone()) {
        Ok(journal) => Some(journal),
        Err(OpenError::Newer { .. }) => None,
        Err(error) => panic!("not opened: {error}"),
    }
}

/// Closes the journal and reads all that is in it.
async fn read_all(journal: &EmbeddedJournal) -> Vec<std::sync::Arc<Entry>> {
    journal.close().await.expect("it closes");
    let mut reader = journal.reader("fuzz", Position::ZERO);
    let mut entries = Vec::new();
    loop {
        match reader.next(Limit::default()).await {
            Ok(more) => entries.extend(more),
            Err(ReadError::Closed) => return entries,
            Err(error) => panic!("not readable: {error}"),
        }
    }
}
