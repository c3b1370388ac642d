//! What is wrong with a table, and when to try again.

use std::time::{Duration, Instant};

use crate::LakeError;

/// The first wait after a failure; it doubles with each further one.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Failures of one table in a row.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    failures: u32,
    since: Option<Instant>,
    next: Option<Instant>,
    text: Option<String>,
}

impl Trouble {
    /// Takes note of how a try ended.
    pub fn note<T>(&mut self, outcome: &Result<T, LakeError>, now: Instant) {
        let Err(error) = outcome else { return *self = Self::default() };
        let wait = WAIT_FIRST.saturating_mul(1 << self.failures.min(16)).min(WAIT_MAX);
        self.failures += 1;
        self.since.get_or_insert(now);
        self.next = Some(now + wait);
        self.text = Some(error.chain());
    }

    /// Whether it is too early to try again.
    pub fn is_waiting(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| now < next)
    }

    /// How long nothing has succeeded.
    pub fn age(&self, now: Instant) -> Option<Duration> {
        self.since.map(|since| now.saturating_duration_since(since))
    }

    /// The last failure and its causes.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}
