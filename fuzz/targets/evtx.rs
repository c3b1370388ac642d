//! Windows event log files. An input that begins otherwise becomes one chunk whose head fits: else nothing
//! would ever get beyond the signatures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    if input.starts_with(b"ElfFile\0") {
        fuzz::decode("evtx", input);
        return;
    }
    let (file, records) = fuzz::event_log(input);
    let decoded = fuzz::decode("evtx", &file);
    assert!(decoded.units() >= records, "{} of {records} records", decoded.units());
});
