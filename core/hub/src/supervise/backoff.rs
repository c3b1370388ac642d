//! Waits that grow with each failure.

use std::time::Duration;

use crate::time::Chance;

/// How long to wait after the `failures`-th failure in a row: `first`, doubled each time up to `most`,
/// and then up to a fifth less, so that what failed together does not come back together.
pub(crate) fn backoff(first: Duration, most: Duration, failures: u32, chance: &Chance) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    let wait = first.saturating_mul(1 << doublings).min(most);
    wait - chance.below(wait / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most() {
        let chance = Chance::seeded(1);
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        for (failures, expected) in [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (u32::MAX, 60)] {
            let wait = backoff(first, most, failures, &chance);
            let expected = Duration::from_secs(expected);
            assert!(wait <= expected && wait >= expected * 4 / 5, "{failures}: {wait:?}");
        }
    }
}
