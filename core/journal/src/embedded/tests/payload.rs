//! Payloads whose checksum is right and whose contents are not.

use arrow_array::RecordBatch;
use proptest::{collection::vec, prelude::*};

use crate::{
    embedded::payload::{content_bytes, decode, encode, encode_raw},
    testsuite::{batch, noise},
};

#[test]
fn what_is_encoded_is_decoded() {
    let batches = vec![batch(1, 10), batch(2, 0), batch(3, 1_000)];
    let encoded = encode(batches.clone()).expect("good batches");
    let payload = &encoded.record[crate::embedded::format::RECORD_HEADER_BYTES..];
    assert_eq!(crc32fast::hash(payload), encoded.payload_crc);
    let (decoded, memory) = decode(payload, encoded.raw_bytes).expect("it was encoded");
    assert!(memory >= encoded.raw_bytes as usize);
    for found in [&decoded, &encoded.batches] {
        assert!(found.iter().map(|b| &b.rows).eq(batches.iter().map(|b| &b.rows)));
    }
}

/// A number that is wrong must not become an allocation.
#[test]
fn a_payload_that_promises_too_much_is_refused() {
    let encoded = encode(vec![batch(1, 10)]).expect("a good batch");
    let payload = &encoded.record[crate::embedded::format::RECORD_HEADER_BYTES..];
    for raw_bytes in [u32::MAX, encoded.raw_bytes + 1, encoded.raw_bytes - 1, 0] {
        decode(payload, raw_bytes).expect_err("the number is wrong");
    }
}

#[test]
fn a_row_costs_about_its_contents() {
    let whole = batch(1, 10_000);
    let row = |at| phalanx_signal::SignalBatch { rows: whole.rows.slice(at, 1), ..whole.clone() };
    let encoded = encode(vec![row(5_000)]).expect("a good batch");
    assert!(encoded.record.len() < 2_000, "{} bytes for a row", encoded.record.len());
    assert!(encoded.memory < 10_000, "{} bytes of memory for a row", encoded.memory);
    assert!(content_bytes(&[row(5_000)]) < 4_000);
    let noise = noise(1, 100_000);
    assert!((100_000..120_000).contains(&content_bytes(std::slice::from_ref(&noise))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]
    /// It is an error or some batches, never a panic.
    #[test]
    fn any_change_is_an_error_or_something_else(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
    ) {
        let mut raw = encode_raw(&[batch(1, 5), batch(2, 1)]).expect("good batches");
        for (at, byte) in changes {
            let at = at.index(raw.len());
            raw[at] = byte;
        }
        if let Some(cut) = cut {
            raw.truncate(cut.index(raw.len()));
        }
        let payload = lz4_flex::block::compress(&raw);
        if let Ok((batches, _)) = decode(&payload, raw.len() as u32) {
            // What was accepted can be looked at.
            let shown: Vec<RecordBatch> = batches.into_iter().map(|batch| batch.rows).collect();
            let text = format!("{shown:?}");
            prop_assert!(text.len() < 10_000_000);
        }
    }
}
