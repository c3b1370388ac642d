//! CSV whose columns are a table's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("csv", input);
    // A head alone has no rows.
    assert!(decoded.lines() < 2 || decoded.units() > 0 || !decoded.is_plain(), "rows are gone");
});
