//! Reading the journal from a position on.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Entry, Position, ReadError};

/// How much one call of [`Reader::next`] gives at most; always at least one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub entries: usize,
    /// Bytes of memory that the batches hold.
    pub bytes: usize,
}

impl Default for Limit {
    /// Enough to work on for some milliseconds.
    fn default() -> Self {
        Self { entries: 1_024, bytes: 8 << 20 }
    }
}

/// A place in the journal that moves on as entries are taken.
#[derive(Debug)]
pub struct Reader(Box<dyn Source>);

impl Reader {
    pub(crate) fn new(source: impl Source + 'static) -> Self {
        Self(Box::new(source))
    }

    /// The next entries in order; waits until there is one. Never empty.
    ///
    /// Positions follow each other without gaps unless entries were damaged or had been deleted, or the
    /// journal was told to go on behind a position ([`crate::Start::After`]). None is beyond the head, so
    /// what was given can be committed.
    /// Dropping the future loses nothing: the next call gives the same entries.
    ///
    /// # Errors
    /// [`ReadError::Closed`] at the end of a closed journal, and failing disks.
    pub async fn next(&mut self, limit: Limit) -> Result<Vec<Arc<Entry>>, ReadError> {
        self.0.next(limit).await
    }
}

/// The end of a journal, as its readers watch it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tip {
    pub head: Position,
    pub is_closed: bool,
}

/// As many entries as the limit allows, at least one if there is one.
pub(crate) fn take<'a>(entries: impl Iterator<Item = &'a Arc<Entry>>, limit: Limit) -> Vec<Arc<Entry>> {
    let mut taken = Vec::new();
    let mut bytes = 0usize;
    for entry in entries {
        bytes = bytes.saturating_add(entry.memory());
        let is_full = taken.len() >= limit.entries || bytes > limit.bytes;
        if is_full && !taken.is_empty() {
            break;
        }
        taken.push(entry.clone());
    }
    taken
}

/// Where a reader's entries come from. `next` must be cancel-safe.
#[async_trait]
pub(crate) trait Source: Send + std::fmt::Debug {
    async fn next(&mut self, limit: Limit) -> Result<Vec<Arc<Entry>>, ReadError>;
}
