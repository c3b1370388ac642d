//! The Log Event Extended Format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("leef", input);
    // Nothing disappears without a word.
    assert!(decoded.lines() == 0 || decoded.units() > 0, "nothing was kept");
});
