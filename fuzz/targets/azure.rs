//! Azure, Entra and Defender logs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("azure", input);
    // Lines that are objects have each become a row or been kept.
    assert!(decoded.units() >= decoded.object_lines(), "a record is gone");
});
