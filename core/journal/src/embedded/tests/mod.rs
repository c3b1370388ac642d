//! What the embedded journal does when the disk or what is on it goes wrong.

mod crash;
mod damage;
mod faults;
mod payload;
mod scan;
mod sim;

use std::{
    path::Path,
    sync::{Arc, LazyLock},
};

use tokio::runtime::Runtime;

use super::EmbeddedJournal;
use crate::{Entry, Journal, JournalConfig, Limit, Position, ReadError};

/// For tests that run many cases.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime can be made"));

/// Small segments, so that few entries make several.
fn config(folder: &Path) -> JournalConfig {
    JournalConfig {
        segment_bytes: 4_096,
        in_flight_bytes: 16 << 20,
        recent_bytes: 16 << 10,
        entry_bytes: 4 << 20,
        min_free_bytes: 0,
        ..JournalConfig::new(folder)
    }
}

/// Closes the journal and reads all that is in it.
async fn read_all(journal: &EmbeddedJournal) -> Vec<Arc<Entry>> {
    journal.close().await.expect("it closes");
    let mut reader = journal.reader("test", Position::ZERO);
    let mut entries = Vec::new();
    loop {
        match reader.next(Limit::default()).await {
            Ok(more) => entries.extend(more),
            Err(ReadError::Closed) => return entries,
            Err(error) => panic!("not readable: {error}: {:?}", std::error::Error::source(&error)),
        }
    }
}
