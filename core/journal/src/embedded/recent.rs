//! The newest entries, kept in memory for readers that are close behind.

use std::{collections::VecDeque, sync::Arc};

use parking_lot::Mutex;

use crate::{Entry, Limit, Position};

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

    pub fn push(&self, entry: Arc<Entry>) {
        let mut window = self.entries.lock();
        let follows = window.entries.back().is_none_or(|last| last.position.next() == entry.position);
        if !follows {
            *window = Window::default();
        }
        window.bytes += entry.memory();
        window.entries.push_back(entry);
        while window.bytes > self.limit_bytes {
            let Some(oldest) = window.entries.pop_front() else { break };
            window.bytes -= oldest.memory();
        }
    }

    /// The entries after a position; `None` when the first of them is not here.
    pub fn after(&self, after: Position, limit: Limit) -> Option<Vec<Arc<Entry>>> {
        let window = self.entries.lock();
        let oldest = window.entries.front()?.position;
        let skip = after.next().0.checked_sub(oldest.0)?;
        let skip = usize::try_from(skip).ok().filter(|skip| *skip < window.entries.len())?;
        Some(take(window.entries.range(skip..), limit))
    }

    /// When the entry at a position was received, if it is here.
    pub fn received(&self, position: Position) -> Option<i64> {
        let one = Limit { entries: 1, bytes: 0 };
        Some(self.after(Position(position.0.checked_sub(1)?), one)?.first()?.received)
    }
}

/// As many entries as the limit allows, at least one if there is one.
pub fn take<'a>(entries: impl Iterator<Item = &'a Arc<Entry>>, limit: Limit) -> Vec<Arc<Entry>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u64) -> Arc<Entry> {
        Arc::new(Entry::with_memory(Position(position), position as i64 * 10, Vec::new(), 100))
    }

    fn positions(entries: &[Arc<Entry>]) -> Vec<u64> {
        entries.iter().map(|entry| entry.position.0).collect()
    }

    #[test]
    fn keeps_as_much_as_fits() {
        let recent = Recent::new(350);
        (1..=5).for_each(|position| recent.push(entry(position)));
        let all = Limit { entries: 10, bytes: 10_000 };
        assert!(recent.after(Position(1), all).is_none());
        assert_eq!(positions(&recent.after(Position(2), all).unwrap()), [3, 4, 5]);
        assert_eq!(positions(&recent.after(Position(4), all).unwrap()), [5]);
        assert!(recent.after(Position(5), all).is_none());
        assert_eq!((recent.received(Position(4)), recent.received(Position(2))), (Some(40), None));
    }

    #[test]
    fn limits_hold_but_one_entry_is_always_given() {
        let recent = Recent::new(1_000);
        (1..=5).for_each(|position| recent.push(entry(position)));
        let take =
            |entries, bytes| positions(&recent.after(Position::ZERO, Limit { entries, bytes }).unwrap());
        assert_eq!(take(2, 10_000), [1, 2]);
        assert_eq!(take(10, 300), [1, 2, 3]);
        assert_eq!(take(10, 0), [1]);
        assert_eq!(take(0, 10_000), [1]);
    }

    #[test]
    fn a_jump_begins_anew() {
        let recent = Recent::new(1_000);
        [1, 2, 9].into_iter().for_each(|position| recent.push(entry(position)));
        let all = Limit::default();
        assert!(recent.after(Position(1), all).is_none());
        assert_eq!(positions(&recent.after(Position(8), all).unwrap()), [9]);
    }
}
