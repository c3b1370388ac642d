//! Segments with right checksums and any contents, for the fuzzer: by chance it would not get past them.

use super::{
    format::{ENCODING_IPC_LZ4, RecordHeader, SegmentHeader},
    payload,
};
use crate::{Position, testsuite::batch};

const SALT: u64 = 0x5eed_5eed_5eed_5eed;

/// A segment file: its name and its bytes.
///
/// The first byte says what the others are: a whole file, what follows a right head, or a list of
/// instructions for records. Such an instruction is a byte for the kind, one for the length, and as many
/// bytes as that: a payload as it stands, something to be compressed to one, or changes of a good one.
pub fn segment(data: &[u8]) -> (String, Vec<u8>) {
    let (kind, rest) = data.split_first().map_or((0, data), |(kind, rest)| (*kind, rest));
    let head = SegmentHeader {
        sequence: 1,
        base: Position(u64::from(kind >> 2) + 1),
        follows: Position(u64::from(kind >> 2)),
        created: 0,
        salt: SALT,
    };
    let file = match kind % 4 {
        0 => rest.to_vec(),
        1 => [&head.encode(), rest].concat(),
        _ => records(&head, rest),
    };
    (head.file_name(), file)
}

fn records(head: &SegmentHeader, instructions: &[u8]) -> Vec<u8> {
    let mut file = head.encode().to_vec();
    let (mut rest, mut position) = (instructions, head.base);
    while let [kind, length, tail @ ..] = rest {
        let (bytes, tail) = tail.split_at(tail.len().min((*length).into()));
        rest = tail;
        let (payload, raw_bytes) = payload_of(*kind, bytes);
        // Some positions are left out, and some come twice.
        position = Position(position.0 + u64::from(*kind >> 5)).max(head.base);
        let header = RecordHeader {
            salt: SALT,
            position,
            received: i64::from(*kind),
            payload_bytes: payload.len() as u32,
            payload_crc: crc32fast::hash(&payload) ^ u32::from(*kind & 31 == 31),
            raw_bytes,
            encoding: ENCODING_IPC_LZ4 + u8::from(*kind & 31 == 30),
        };
        file.extend(header.encode());
        file.extend(payload);
        position = position.next();
    }
    file.extend(rest);
    file
}

/// A payload and what its header says about its size.
fn payload_of(kind: u8, bytes: &[u8]) -> (Vec<u8>, u32) {
    match kind % 4 {
        0 => (bytes.to_vec(), bytes.len() as u32 * 8),
        1 => (lz4_flex::block::compress(bytes), bytes.len() as u32),
        _ => {
            let mut raw = payload::encode_raw(&[batch(kind.into(), 3)]).expect("a good batch can be encoded");
            for change in bytes.chunks_exact(3) {
                let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % raw.len();
                raw[at] ^= change[2];
            }
            (lz4_flex::block::compress(&raw), raw.len() as u32)
        }
    }
}
