//! Syslog as lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("syslog", input);
    assert_eq!(decoded.units(), decoded.lines(), "each line is a row or was kept");
});
