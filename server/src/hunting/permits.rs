//! How many questions run at once: of everybody together, and of each who asks, so that one who asks for much
//! leaves the others their turn.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use phalanx_signal::TenantId;

/// Whose questions are counted together: a tenant, and the id of a client or user in it.
type Key = (TenantId, String);

/// The bounds, and what runs.
#[derive(Debug)]
pub(super) struct Permits {
    all_max: usize,
    each_max: usize,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    all: usize,
    /// Only those who have one running.
    each: HashMap<Key, usize>,
}

/// One question may run, until this is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    permits: Arc<Permits>,
    key: Key,
}

/// Which bound is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMany {
    #[error("too many queries run at the moment; at most {0} may")]
    OfAll(usize),
    #[error("{0} queries of yours run already, which is the most that may at once")]
    OfOne(usize),
}

impl Permits {
    pub fn new(all_max: usize, each_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, each_max, running: Mutex::default() })
    }

    /// Takes a permit; it does not wait for one.
    pub fn take(self: &Arc<Self>, tenant: TenantId, asker: &str) -> Result<Permit, TooMany> {
        let key = (tenant, asker.to_owned());
        let mut running = self.running.lock();
        if running.all >= self.all_max {
            return Err(TooMany::OfAll(self.all_max));
        }
        let each = running.each.get(&key).copied().unwrap_or_default();
        if each >= self.each_max {
            return Err(TooMany::OfOne(each));
        }
        running.all += 1;
        running.each.insert(key.clone(), each + 1);
        Ok(Permit { permits: Arc::clone(self), key })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut running = self.permits.running.lock();
        running.all -= 1;
        if let Some(each) = running.each.get_mut(&self.key) {
            *each -= 1;
            if *each == 0 {
                running.each.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_who_asks_for_much_leaves_room_for_others() {
        let permits = Permits::new(3, 2);
        let (ours, theirs) = (TenantId::new(Uuid::from_u128(1)), TenantId::new(Uuid::from_u128(2)));
        let take = |tenant, asker| permits.take(tenant, asker);
        let mut held = vec![take(ours, "ada").expect("the first"), take(ours, "ada").expect("the second")];
        assert_eq!(take(ours, "ada").expect_err("ada has two"), TooMany::OfOne(2));
        held.push(take(theirs, "ada").expect("another tenant's ada is somebody else"));
        assert_eq!(take(ours, "bob").expect_err("three run"), TooMany::OfAll(3));
        held.remove(0);
        held.push(take(ours, "bob").expect("there is room again"));
        held.clear();
        assert!(permits.running.lock().each.is_empty());
        take(ours, "ada").expect("nobody runs");
    }
}
