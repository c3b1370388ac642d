//! Windows events as XML.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::testing::fuzz;

fuzz_target!(|input: &[u8]| {
    let decoded = fuzz::decode("windows-xml", input);
    let has_event = decoded.text().is_some_and(|text| text.contains("</Event>"));
    assert!(!has_event || decoded.units() > 0, "an event is gone");
});
