//! What the fuzzer does, for some hundred inputs.

use phalanx_journal::testsuite::fuzz_segment;
use proptest::{collection::vec, prelude::*};

#[test]
fn the_smallest_segments() {
    fuzz_segment(&[]);
    (0..=255).for_each(|kind| fuzz_segment(&[kind]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_a_segment(
        kind in any::<u8>(),
        records in vec((any::<u8>(), vec(any::<u8>(), 0..60)), 0..12),
        rest in vec(any::<u8>(), 0..80),
    ) {
        let mut data = vec![kind];
        for (kind, bytes) in records {
            data.extend([kind, bytes.len() as u8]);
            data.extend(bytes);
        }
        data.extend(rest);
        fuzz_segment(&data);
    }
}
