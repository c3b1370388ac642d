//! Time and chance as parameters, so that tests decide what time it is and what was drawn.
//!
//! Only the wall clock needs a parameter: waiting and deadlines use the runtime's monotonic clock, which
//! no one can set.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A source of the current time of day; cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's wall clock.
    pub fn system() -> Self {
        Self(Arc::new(Utc::now))
    }

    /// A clock that answers what `now` returns.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }

    /// The current time in microseconds since 1970.
    pub fn micros(&self) -> i64 {
        self.now().timestamp_micros()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A source of random numbers, for jitter; not for secrets. Cheap to clone.
#[derive(Clone)]
pub struct Chance(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Chance {
    /// Numbers from the operating system.
    pub fn system() -> Self {
        Self(Arc::new(|| {
            // The version and variant bits of a random UUID are fixed; folding the halves hides them.
            let (high, low) = Uuid::new_v4().as_u64_pair();
            high.rotate_left(17) ^ low
        }))
    }

    /// The same numbers for the same seed (SplitMix64).
    pub fn seeded(seed: u64) -> Self {
        let state = AtomicU64::new(seed);
        Self(Arc::new(move || {
            const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
            let mut z = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    /// A duration from nothing to just below `most`.
    pub fn below(&self, most: Duration) -> Duration {
        let part = ((self.0)() >> 11) as f64 / (1_u64 << 53) as f64;
        most.mul_f64(part)
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers_and_stays_in_range() {
        let (a, b) = (Chance::seeded(7), Chance::seeded(7));
        let most = Duration::from_secs(10);
        let drawn: Vec<_> = (0..1_000).map(|_| a.below(most)).collect();
        assert_eq!(drawn, (0..1_000).map(|_| b.below(most)).collect::<Vec<_>>());
        assert!(drawn.iter().all(|d| *d < most));
        assert!(drawn.iter().any(|d| *d < most / 10) && drawn.iter().any(|d| *d > most * 9 / 10));
        assert_eq!(a.below(Duration::ZERO), Duration::ZERO);
    }
}
