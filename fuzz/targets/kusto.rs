//! Answers of Kusto and Log Analytics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    fuzz::decode("kusto", input);
});
