//! The newest entries, kept in memory for readers that are close behind.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;

use crate::{Entry, Limit, Position, reader::take};

/// A bounded window over the end of the journal. Its positions follow each other without a gap.
#[derive(Debug)]
pub struct Recent {
    entries: Mutex<Window>,
    limit_bytes: usize,
}

#[derive(Debug, Default)]
struct Window {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
}

impl Recent {
    pub fn new(limit_bytes: usize) -> Self {
        Self { entries: Mutex::default(), limit_bytes }
    }

    /// Adds entries that follow each other.
    pub fn extend(&self, entries: Vec<Arc<Entry>>) {
        let Some(first) = entries.first() else { return };
        let mut forgotten = Vec::new();
        let mut window = self.entries.lock();
        let follows = window.entries.back().is_none_or(|last| last.position.next() == first.position);
        if !follows {
            forgotten.extend(window.entries.drain(..));
            window.bytes = 0;
        }
        window.bytes += entries.iter().map(|entry| entry.memory()).sum::<usize>();
        window.entries.extend(entries);
        while window.bytes > self.limit_bytes {
            let Some(oldest) = window.entries.pop_front() else { break };
            window.bytes -= oldest.memory();
            forgotten.push(oldest);
        }
        // Freeing much memory takes a while, and readers wait for the lock.
        drop(window);
        drop(forgotten);
    }

    /// The entries after a position and up to `head`; `None` when the first of them is not here.
    pub fn after(&self, after: Position, head: Position, limit: Limit) -> Option<Vec<Arc<Entry>>> {
        let window = self.entries.lock();
        let oldest = window.entries.front()?.position;
        let skip = after.next().0.checked_sub(oldest.0)?;
        let skip = usize::try_from(skip).ok().filter(|skip| *skip < window.entries.len())?;
        let visible = window.entries.range(skip..).take_while(|entry| entry.position <= head);
        Some(take(visible, limit)).filter(|taken| !taken.is_empty())
    }

    /// Whether the entry at a position is here.
    pub fn has(&self, position: Position) -> bool {
        self.received(position).is_some()
    }

    /// When the entry at a position was received, if it is here.
    pub fn received(&self, position: Position) -> Option<i64> {
        let window = self.entries.lock();
        let at = position.0.checked_sub(window.entries.front()?.position.0)?;
        Some(window.entries.get(usize::try_from(at).ok()?)?.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Limit = Limit { entries: 10, bytes: 10_000 };

    fn recent(limit_bytes: usize, positions: impl IntoIterator<Item = u64>) -> Recent {
        let recent = Recent::new(limit_bytes);
        positions.into_iter().for_each(|position| recent.extend(vec![entry(position)]));
        recent
    }

    fn entry(position: u64) -> Arc<Entry> {
        Arc::new(Entry::with_memory(Position(position), position as i64 * 10, Vec::new(), 100))
    }

    fn after(recent: &Recent, after: u64, head: u64, limit: Limit) -> Option<Vec<u64>> {
        let entries = recent.after(Position(after), Position(head), limit)?;
        Some(entries.iter().map(|entry| entry.position.0).collect())
    }

    #[test]
    fn keeps_as_much_as_fits() {
        let recent = recent(350, 1..=5);
        assert_eq!(after(&recent, 1, 5, ALL), None);
        assert_eq!(after(&recent, 2, 5, ALL), Some(vec![3, 4, 5]));
        assert_eq!(after(&recent, 4, 5, ALL), Some(vec![5]));
        assert_eq!(after(&recent, 5, 5, ALL), None);
        assert_eq!((recent.received(Position(4)), recent.received(Position(2))), (Some(40), None));
        assert!(recent.has(Position(5)) && !recent.has(Position(6)));
        recent.extend((6..=9).map(entry).collect());
        assert_eq!(after(&recent, 6, 9, ALL), Some(vec![7, 8, 9]));
    }

    #[test]
    fn what_is_not_announced_yet_is_not_given() {
        let recent = recent(1_000, 1..=5);
        assert_eq!(after(&recent, 1, 3, ALL), Some(vec![2, 3]));
        assert_eq!(after(&recent, 3, 3, ALL), None);
    }

    #[test]
    fn limits_hold_but_one_entry_is_always_given() {
        let recent = recent(1_000, 1..=5);
        let take = |entries, bytes| after(&recent, 0, 5, Limit { entries, bytes }).unwrap();
        assert_eq!(take(2, 10_000), [1, 2]);
        assert_eq!(take(10, 300), [1, 2, 3]);
        assert_eq!(take(10, 0), [1]);
        assert_eq!(take(0, 10_000), [1]);
    }

    #[test]
    fn a_jump_begins_anew() {
        let recent = recent(1_000, [1, 2, 9]);
        assert_eq!(after(&recent, 1, 9, ALL), None);
        assert_eq!(after(&recent, 8, 9, ALL), Some(vec![9]));
    }

    #[test]
    fn an_entry_that_is_too_large_leaves_nothing() {
        let recent = recent(90, 1..=2);
        assert_eq!(after(&recent, 0, 2, ALL), None);
        assert_eq!(after(&recent, 1, 2, ALL), None);
    }
}
