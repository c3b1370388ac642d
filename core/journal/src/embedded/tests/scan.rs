//! Finding one's way in a segment.

use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use crate::{
    Position,
    embedded::{
        format::{ENCODING_IPC_LZ4, RECORD_HEADER_BYTES, RECORD_MAGIC, RecordHeader},
        scan::{Gap, Payloads, Scanner, Step},
    },
};

const SALT: u64 = 42;

fn record(position: u64, payload: &[u8]) -> Vec<u8> {
    let header = RecordHeader {
        salt: SALT,
        position: Position(position),
        received: 0,
        payload_bytes: payload.len() as u32,
        payload_crc: crc32fast::hash(payload),
        raw_bytes: 0,
        encoding: ENCODING_IPC_LZ4,
    };
    [&header.encode()[..], payload].concat()
}

/// What a scanner finds: positions, gaps as (bytes, lost entries), and the bytes of a torn end.
#[derive(Debug, Default, PartialEq)]
struct Found {
    positions: Vec<u64>,
    gaps: Vec<(u64, u64)>,
    torn: Option<u64>,
}

fn scan(bytes: &[u8], payloads: Payloads, last: Option<u64>) -> Found {
    let mut file = tempfile::tempfile().expect("a file can be made");
    file.write_all(bytes).expect("a writable file");
    scan_file(&file, payloads, last)
}

fn scan_file(file: &File, payloads: Payloads, last: Option<u64>) -> Found {
    let end = file.metadata().expect("a length").len();
    let mut scanner = Scanner::new(file, SALT, payloads, (0, end), Position(1), last.map(Position));
    let mut found = Found::default();
    loop {
        match scanner.step().expect("a readable file") {
            Step::Record { header, payload, .. } => {
                let expected = if payloads == Payloads::Check { header.payload_bytes } else { 0 };
                assert_eq!(payload.len(), expected as usize);
                found.positions.push(header.position.0);
            }
            Step::Damage(Gap { bytes, lost_entries, .. }) => found.gaps.push((bytes, lost_entries)),
            Step::Torn { bytes, .. } => found.torn = Some(bytes),
            Step::End => return found,
        }
    }
}

#[test]
fn records_of_all_sizes_are_found() {
    // Around the size of a window, and its border within a header.
    let sizes = [0, 1, (128 << 10) - 97, (128 << 10) - 48, 128 << 10, 1, 300_000, 0, 131_000];
    let records: Vec<_> = (1u64..).zip(sizes).map(|(at, size)| record(at, &vec![at as u8; size])).collect();
    let positions: Vec<u64> = (1..=sizes.len() as u64).collect();
    for payloads in [Payloads::Check, Payloads::Skip] {
        for last in [None, Some(sizes.len() as u64)] {
            let found = scan(&records.concat(), payloads, last);
            assert_eq!(found, Found { positions: positions.clone(), ..Found::default() });
        }
    }
}

#[test]
fn a_damaged_header_costs_its_entry() {
    for size in [0, 10, (128 << 10) - 2, 200_000] {
        let mut bytes = [record(1, b"a"), record(2, &vec![7; size]), record(3, b"c")].concat();
        let at = RECORD_HEADER_BYTES + 1 + 20;
        bytes[at] ^= 1;
        let lost = (size + RECORD_HEADER_BYTES) as u64;
        for last in [None, Some(3)] {
            let found = scan(&bytes, Payloads::Check, last);
            assert_eq!(found, Found { positions: vec![1, 3], gaps: vec![(lost, 1)], torn: None }, "{size}");
        }
    }
}

#[test]
fn a_damaged_payload_costs_its_entry() {
    let mut bytes = [record(1, b"a"), record(2, b"bbb"), record(3, b"c")].concat();
    bytes[2 * RECORD_HEADER_BYTES + 2] ^= 1;
    let found = scan(&bytes, Payloads::Check, Some(3));
    assert_eq!(found, Found { positions: vec![1, 3], gaps: vec![(51, 1)], torn: None });
    assert_eq!(scan(&bytes, Payloads::Skip, Some(3)).positions, [1, 2, 3]);
}

#[test]
fn an_end_without_a_known_last_position_is_torn() {
    let bytes = [record(1, b"a"), record(2, b"bbb")].concat();
    for cut in RECORD_HEADER_BYTES + 2..bytes.len() {
        let found = scan(&bytes[..cut], Payloads::Check, None);
        let torn = Some((cut - RECORD_HEADER_BYTES - 1) as u64);
        assert_eq!(found, Found { positions: vec![1], gaps: vec![], torn }, "cut at {cut}");
        let found = scan(&bytes[..cut], Payloads::Check, Some(2));
        assert_eq!((found.positions, found.gaps.iter().map(|gap| gap.1).sum::<u64>()), (vec![1], 1));
    }
}

#[test]
fn records_of_another_segment_are_none() {
    let salted = RecordHeader::parse(&record(2, b"x"), SALT).expect("a good record");
    let other = [&RecordHeader { salt: 7, ..salted }.encode()[..], b"x"].concat();
    // In a payload they are read as its bytes, and where an entry is damaged they are passed over.
    let mut bytes = [record(1, &other), record(2, &other), record(3, b"c")].concat();
    let damaged = RECORD_HEADER_BYTES + other.len() + 9;
    bytes[damaged] ^= 1;
    let found = scan(&bytes, Payloads::Check, Some(3));
    assert_eq!((found.positions, found.gaps.len()), (vec![1, 3], 1));
}

/// A log may be full of the magic number, and reading on after damage must not take for ever.
#[test]
fn a_segment_full_of_magic_numbers_is_searched_once() {
    let magic: Vec<u8> = RECORD_MAGIC.iter().copied().cycle().take(16 << 20).collect();
    let mut bytes = [record(1, &magic), record(2, b"b")].concat();
    bytes[9] ^= 1;
    let begun = Instant::now();
    let found = scan(&bytes, Payloads::Check, Some(2));
    assert_eq!(found.positions, [2]);
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
}
