//! What was found damaged: reported once, counted once, however many readers come by.

use std::collections::BTreeSet;

use parking_lot::Mutex;

use crate::{Damage, DamageTotals};

/// Damages listed one by one; the rest is only counted.
const LISTED: usize = 100;

#[derive(Debug, Default)]
pub struct DamageLedger(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Segment sequence, offset and kind of each.
    seen: BTreeSet<(u64, u64, &'static str)>,
    totals: DamageTotals,
    listed: Vec<Damage>,
}

impl DamageLedger {
    /// Reports a damage in the segment with this sequence, unless it is known.
    pub fn report(&self, sequence: u64, damage: Damage) {
        let mut inner = self.0.lock();
        if !inner.seen.insert((sequence, damage.offset, damage.what)) {
            return;
        }
        tracing::warn!(
            file = %damage.file.display(),
            offset = damage.offset,
            bytes = damage.bytes,
            lost_entries = damage.lost_entries,
            what = damage.what,
            "the journal is damaged, reading goes on behind it"
        );
        let totals = &mut inner.totals;
        totals.places += 1;
        totals.bytes = totals.bytes.saturating_add(damage.bytes);
        totals.lost_entries = totals.lost_entries.saturating_add(damage.lost_entries);
        if inner.listed.len() < LISTED {
            inner.listed.push(damage);
        }
    }

    /// Nobody will come by this segment any more. What it cost stays counted.
    pub fn forget(&self, sequence: u64) {
        let mut inner = self.0.lock();
        let mut later = inner.seen.split_off(&(sequence, 0, ""));
        let mut later = later.split_off(&(sequence + 1, 0, ""));
        inner.seen.append(&mut later);
    }

    pub fn totals(&self) -> DamageTotals {
        self.0.lock().totals
    }

    pub fn listed(&self) -> Vec<Damage> {
        self.0.lock().listed.clone()
    }
}
