//! Consumers: who reads, and how far each has come.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::{ConsumerError, ConsumerStatus, Position};

/// Where a consumer starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With everything that is still kept, unless it is known already.
    Oldest,
    /// With what comes from now on, unless it is known already.
    Head,
    /// After this position, known or not: the consumer's own store says so.
    After(Position),
}

/// Refuses names that would be trouble in a file or a label.
pub(crate) fn check_name(name: &str) -> Result<(), ConsumerError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    if (1..=128).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(ConsumerError::Name(name.to_owned()))
}

/// The committed positions, in memory.
#[derive(Debug, Default)]
pub(crate) struct Consumers(Mutex<BTreeMap<String, Position>>);

impl Consumers {
    pub fn new(positions: BTreeMap<String, Position>) -> Self {
        Self(Mutex::new(positions))
    }

    /// Sets where a consumer is and says it; `before_oldest` is the last position no longer kept.
    pub fn register(
        &self,
        name: &str,
        start: Start,
        before_oldest: Position,
        head: Position,
    ) -> Result<Position, ConsumerError> {
        check_name(name)?;
        let mut positions = self.0.lock();
        let known = positions.get(name).copied();
        let position = match start {
            Start::Oldest => known.unwrap_or(before_oldest),
            Start::Head => known.unwrap_or(head),
            Start::After(position) => position.max(before_oldest),
        };
        positions.insert(name.to_owned(), position);
        Ok(position)
    }

    /// Whether this moved the consumer on.
    pub fn commit(&self, name: &str, position: Position, head: Position) -> Result<bool, ConsumerError> {
        let mut positions = self.0.lock();
        let committed = positions.get_mut(name).ok_or_else(|| ConsumerError::Unknown(name.to_owned()))?;
        if position <= *committed {
            return Ok(false);
        }
        if position > head {
            return Err(ConsumerError::BeyondHead { position, head });
        }
        *committed = position;
        Ok(true)
    }

    pub fn committed(&self, name: &str) -> Option<Position> {
        self.0.lock().get(name).copied()
    }

    /// Forgets a consumer; says where it was.
    pub fn remove(&self, name: &str) -> Result<Position, ConsumerError> {
        self.0.lock().remove(name).ok_or_else(|| ConsumerError::Unknown(name.to_owned()))
    }

    /// Puts back what a failed change took away.
    pub fn restore(&self, name: &str, position: Option<Position>) {
        let mut positions = self.0.lock();
        match position {
            Some(position) => positions.insert(name.to_owned(), position),
            None => positions.remove(name),
        };
    }

    pub fn snapshot(&self) -> BTreeMap<String, Position> {
        self.0.lock().clone()
    }

    /// The consumer that has come least far.
    pub fn slowest(&self) -> Option<(String, Position)> {
        let positions = self.0.lock();
        let (name, position) = positions.iter().min_by_key(|(_, position)| **position)?;
        Some((name.clone(), *position))
    }

    /// `received` tells when the entry at a position was received.
    pub fn status(&self, head: Position, received: impl Fn(Position) -> Option<i64>) -> Vec<ConsumerStatus> {
        let of = |(name, committed): (String, Position)| {
            let lag_entries = head.0.saturating_sub(committed.0);
            let pending_since = if lag_entries > 0 { received(committed.next()) } else { None };
            ConsumerStatus { name, committed, lag_entries, pending_since }
        };
        self.snapshot().into_iter().map(of).collect()
    }
}
