//! Zeek's logs, divided by tabs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("zeek", input);
    // Lines that begin with `#` are the head.
    let has_rows = decoded
        .text()
        .is_some_and(|text| text.lines().any(|line| !line.is_empty() && !line.starts_with('#')));
    assert!(!has_rows || decoded.units() > 0, "rows are gone");
});
