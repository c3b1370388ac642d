//! The audit log of Microsoft 365, as JSON and as CSV.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    fuzz::decode("office365", input);
});
