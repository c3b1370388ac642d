//! Syslog over a connection: lines and octet-counted frames (RFC 6587), and single datagrams.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phalanx_signal::{
    decode::{Output, syslog},
    testing::{self, Setting, fuzz},
};

fuzz_target!(|input: &[u8]| {
    fuzz::decode_by(|session| syslog::stream(session), input);
    let session = Setting::default().session();
    let mut out = Output::new(session.clone(), "syslog");
    out.set_received(testing::RECEIVED);
    syslog::Messages::new(&session).message(0, input, &mut out);
    drop(out.flush());
    let counts = out.take_counts();
    let is_empty = input.iter().all(|byte| matches!(byte, b'\n' | b'\r' | 0));
    let units = counts.records + counts.dead_letter_count();
    assert_eq!(units, u64::from(!is_empty), "a datagram is a row or is kept");
});
