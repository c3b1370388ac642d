//! Counters and latencies of what flows: one [`Meter`] per thing that a service consumes or provides.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::RwLock;
use serde::Serialize;

/// Powers of two of microseconds: the last bucket takes everything from six days on.
const BUCKETS: usize = 40;

/// Counts what went by and how long it took. All methods may be called from anywhere at once.
#[derive(Debug)]
pub(crate) struct Meter {
    count: AtomicU64,
    last: AtomicI64,
    latencies: [AtomicU64; BUCKETS],
}

/// What a meter shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Rows of signals, changes or reads of context, or actions.
    pub count: u64,
    /// When the last one went by, in microseconds since 1970.
    pub last_micros: Option<i64>,
    /// Half of them took at most this long, in microseconds, to the next power of two.
    pub latency_p50_micros: Option<u64>,
    /// Of a hundred, 99 took at most this long.
    pub latency_p99_micros: Option<u64>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            count: AtomicU64::new(0),
            last: AtomicI64::new(0),
            latencies: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Meter {
    /// `count` things went by at `now` (microseconds since 1970).
    pub fn add(&self, count: u64, now: i64) {
        self.count.fetch_add(count, Ordering::Relaxed);
        self.last.store(now, Ordering::Relaxed);
    }

    /// One thing went by that nobody timed: the cheapest count there is.
    pub fn tick(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// One transfer took this long.
    pub fn took(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.latencies[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
    }

    pub fn read(&self) -> Traffic {
        let counts: Vec<u64> = self.latencies.iter().map(|c| c.load(Ordering::Relaxed)).collect();
        Traffic {
            count: self.count.load(Ordering::Relaxed),
            last_micros: Some(self.last.load(Ordering::Relaxed)).filter(|micros| *micros != 0),
            latency_p50_micros: quantile(&counts, 50),
            latency_p99_micros: quantile(&counts, 99),
        }
    }
}

/// Meters by name, made when first needed. The names are bounded: tables, kinds, actions.
#[derive(Debug, Default)]
pub(crate) struct Meters(RwLock<HashMap<Arc<str>, Arc<Meter>>>);

impl Meters {
    pub fn of(&self, name: &str) -> Arc<Meter> {
        if let Some(meter) = self.0.read().get(name) {
            return meter.clone();
        }
        self.0.write().entry(name.into()).or_default().clone()
    }

    pub fn read(&self, name: &str) -> Traffic {
        self.0.read().get(name).map(|meter| meter.read()).unwrap_or_default()
    }
}

/// The upper edge of the bucket in which the given percentage is reached.
fn quantile(counts: &[u64], percent: u64) -> Option<u64> {
    let total: u64 = counts.iter().sum();
    let wanted = (total * percent).div_ceil(100);
    let mut seen = 0;
    counts.iter().enumerate().find_map(|(bucket, count)| {
        seen += count;
        (total > 0 && seen >= wanted).then(|| 1 << bucket)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_edges_of_buckets() {
        let meter = Meter::default();
        assert_eq!(meter.read(), Traffic::default());
        for _ in 0..98 {
            meter.took(Duration::from_micros(100));
        }
        meter.took(Duration::from_millis(5));
        meter.took(Duration::MAX);
        meter.add(100, 77);
        let traffic = meter.read();
        assert_eq!((traffic.count, traffic.last_micros), (100, Some(77)));
        assert_eq!(traffic.latency_p50_micros, Some(128));
        assert_eq!(traffic.latency_p99_micros, Some(8_192));
    }
}
