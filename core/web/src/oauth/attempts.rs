//! Slows down the guessing of secrets.
//!
//! Failures are counted per client and address, and per address alone. After some, each further failure locks for a
//! time that doubles; while locked, nothing is compared. The table is bounded: an attacker with endless addresses
//! can make old counters be forgotten, which gives a few more guesses at a secret of 256 bits and nothing else.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

use crate::bounded::BoundedMap;

/// Failures of one client from one address that are free, as in Entra's smart lockout.
const FREE_PER_CLIENT: u32 = 10;

/// Failures from one address that are free: many clients may stand behind one.
const FREE_PER_ADDRESS: u32 = 100;

/// The first lock.
const LOCK_FIRST: TimeDelta = TimeDelta::seconds(60);

/// The longest lock; a counter without failures for so long starts anew.
const LOCK_LONGEST: TimeDelta = TimeDelta::minutes(15);

/// Counters that are kept at most.
const COUNTERS_MAX: usize = 20_000;

/// Failed attempts of all clients.
pub(super) struct Attempts(Mutex<BoundedMap<Key, Counter>>);

/// Who tries: a client name as given, an address, or both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    client: Option<String>,
    address: Option<IpAddr>,
}

#[derive(Clone, Copy)]
struct Counter {
    failures: u32,
    last: DateTime<Utc>,
    locked_until: DateTime<Utc>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self(Mutex::new(BoundedMap::new(COUNTERS_MAX)))
    }
}

impl Attempts {
    /// How long `client` at `address` must still wait, if it must.
    pub fn locked_for(&self, client: &str, address: Option<IpAddr>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let mut counters = self.0.lock();
        keys(client, address)
            .into_iter()
            .filter_map(|(key, _)| counters.get_mut(&key).map(|counter| counter.locked_until - now))
            .filter(|left| *left > TimeDelta::zero())
            // A clock that was set back must not lock for longer than any lock lasts.
            .map(|left| left.min(LOCK_LONGEST))
            .max()
    }

    /// Counts a failed attempt.
    pub fn failed(&self, client: &str, address: Option<IpAddr>, now: DateTime<Utc>) {
        let mut counters = self.0.lock();
        for (key, free) in keys(client, address) {
            match counters.get_mut(&key) {
                Some(counter) => counter.fail(free, now),
                None => counters.insert(key, Counter { failures: 1, last: now, locked_until: now }),
            }
        }
    }

    /// Forgets the failures of `client` at `address` after a success. Those of the address stay counted: one good
    /// client must not cover the guessing at others.
    pub fn succeeded(&self, client: &str, address: Option<IpAddr>) {
        self.0.lock().remove(&Key { client: Some(client.to_owned()), address: address.map(network) });
    }
}

impl Counter {
    fn fail(&mut self, free: u32, now: DateTime<Utc>) {
        if now - self.last > LOCK_LONGEST {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        if self.failures >= free {
            let doublings = (self.failures - free).min(8);
            self.locked_until = now + (LOCK_FIRST * (1 << doublings)).min(LOCK_LONGEST);
        }
    }
}

/// The counters an attempt belongs to, with the failures that are free in each.
fn keys(client: &str, address: Option<IpAddr>) -> Vec<(Key, u32)> {
    let address = address.map(network);
    let mut keys = vec![(Key { client: Some(client.to_owned()), address }, FREE_PER_CLIENT)];
    if address.is_some() {
        keys.push((Key { client: None, address }, FREE_PER_ADDRESS));
    }
    keys
}

/// What one attacker certainly has: an IPv4 address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).expect("a valid time")
    }

    #[test]
    fn failures_lock_for_growing_times() {
        let attempts = Attempts::default();
        for _ in 1..FREE_PER_CLIENT {
            attempts.failed("c", HERE, at(0));
            assert_eq!(attempts.locked_for("c", HERE, at(0)), None);
        }
        for seconds in [60, 120, 240, 480, 900, 900] {
            attempts.failed("c", HERE, at(0));
            assert_eq!(attempts.locked_for("c", HERE, at(0)), Some(TimeDelta::seconds(seconds)));
        }
        assert_eq!(attempts.locked_for("c", HERE, at(899)), Some(TimeDelta::seconds(1)));
        assert_eq!(attempts.locked_for("c", HERE, at(900)), None);
        attempts.failed("c", HERE, at(2000));
        assert_eq!(attempts.locked_for("c", HERE, at(2000)), None, "a quiet time starts the count anew");
    }

    #[test]
    fn others_are_not_locked_until_the_address_is() {
        let attempts = Attempts::default();
        let there = Some(IpAddr::from([192, 0, 2, 2]));
        for _ in 0..FREE_PER_CLIENT {
            attempts.failed("c", HERE, at(0));
        }
        assert!(attempts.locked_for("c", HERE, at(0)).is_some());
        assert_eq!(attempts.locked_for("c", there, at(0)), None);
        assert_eq!(attempts.locked_for("d", HERE, at(0)), None);
        for client in 0..FREE_PER_ADDRESS {
            attempts.failed(&client.to_string(), HERE, at(0));
        }
        assert!(attempts.locked_for("d", HERE, at(0)).is_some());
        assert_eq!(attempts.locked_for("d", there, at(0)), None);
    }

    #[test]
    fn success_forgives_the_client_and_not_the_address() {
        let attempts = Attempts::default();
        for _ in 0..FREE_PER_ADDRESS {
            attempts.failed("bad", HERE, at(0));
        }
        attempts.succeeded("bad", HERE);
        assert!(attempts.locked_for("bad", HERE, at(0)).is_some(), "the address is still locked");
        assert_eq!(attempts.locked_for("bad", None, at(0)), None);
    }

    #[test]
    fn a_network_counts_as_one_and_memory_is_bounded() {
        let attempts = Attempts::default();
        for host in 0..u128::from(FREE_PER_CLIENT) {
            attempts.failed("c", Some(Ipv6Addr::from_bits((0x2001_0db8 << 96) | host).into()), at(0));
        }
        assert!(
            attempts.locked_for("c", Some(Ipv6Addr::from_bits(0x2001_0db8 << 96).into()), at(0)).is_some()
        );
        for client in 0..3 * COUNTERS_MAX {
            attempts.failed(&client.to_string(), HERE, at(0));
        }
        assert!(attempts.0.lock().len() <= COUNTERS_MAX);
    }

    #[test]
    fn a_clock_set_back_does_not_lock_for_ever() {
        let attempts = Attempts::default();
        for _ in 0..FREE_PER_CLIENT {
            attempts.failed("c", HERE, at(1_000_000));
        }
        assert_eq!(attempts.locked_for("c", HERE, at(0)), Some(LOCK_LONGEST));
    }
}
