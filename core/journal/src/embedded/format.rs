//! The bytes of a segment file, version 1. All numbers are little endian.
//!
//! A segment is named `<sequence>-<base>-<salt>.segment` (10 and 20 decimal digits, 16 hexadecimal ones)
//! and begins with 64 bytes:
//!
//! | at | bytes | |
//! |---|---|---|
//! | 0 | 7 | `PHXJRNL` |
//! | 7 | 1 | version: 1 |
//! | 8 | 8 | sequence: one more for each segment, so that a missing file is noticed |
//! | 16 | 8 | base: the position of its first record |
//! | 24 | 8 | follows: the last durable position before it. Usually base − 1; records of earlier segments with later positions are void, they were answered with an error |
//! | 32 | 8 | created: when its first entry was received, microseconds since 1970 |
//! | 40 | 8 | salt: a random number |
//! | 48 | 4 | CRC-32 of the bytes 0 to 47 |
//! | 52 | 12 | zero |
//!
//! Then records follow each other, each 48 bytes and its payload:
//!
//! | at | bytes | |
//! |---|---|---|
//! | 0 | 4 | `PHXR` |
//! | 4 | 4 | CRC-32 of the bytes 8 to 47 |
//! | 8 | 8 | salt of the segment: bytes of a log that happen to look like a record are none, whoever wrote them |
//! | 16 | 8 | position |
//! | 24 | 8 | received, microseconds since 1970 |
//! | 32 | 4 | bytes of the payload |
//! | 36 | 4 | CRC-32 of the payload |
//! | 40 | 4 | bytes of the payload when decompressed |
//! | 44 | 1 | encoding of the payload: 1, see the module `payload` |
//! | 45 | 3 | zero |
//!
//! The header has its own checksum, so a damaged payload costs one record: its length is still known.
//!
//! A change that this program could not read, a new encoding say, comes with a new version: a program that
//! is too old refuses to open the journal rather than take entries for damaged.

use crate::Position;

/// The version that this program writes, and the highest it reads.
pub const VERSION: u8 = 1;
pub const SEGMENT_HEADER_BYTES: usize = 64;
pub const RECORD_HEADER_BYTES: usize = 48;
pub const RECORD_MAGIC: [u8; 4] = *b"PHXR";
/// The only encoding so far: Arrow IPC streams, compressed together as one LZ4 block.
pub const ENCODING_IPC_LZ4: u8 = 1;

/// More segments than there will ever be, and so few digits that names are sorted by it.
const SEQUENCE_MAX: u64 = 9_999_999_999;
const SEGMENT_MAGIC: [u8; 7] = *b"PHXJRNL";
const EXTENSION: &str = ".segment";

/// The head of a segment file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    pub sequence: u64,
    pub base: Position,
    pub follows: Position,
    pub created: i64,
    pub salt: u64,
}

/// What the head of a file says.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    Known(SegmentHeader),
    /// A version this program does not know.
    Newer(u8),
    Damaged,
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[..7].copy_from_slice(&SEGMENT_MAGIC);
        bytes[7] = VERSION;
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.base.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.follows.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.created.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.salt.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..48]);
        bytes[48..52].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub fn parse(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Head {
        if bytes[..7] != SEGMENT_MAGIC || crc32fast::hash(&bytes[..48]) != u32_at(bytes, 48) {
            return Head::Damaged;
        }
        if bytes[7] != VERSION {
            return Head::Newer(bytes[7]);
        }
        let (sequence, base) = (u64_at(bytes, 8), u64_at(bytes, 16));
        if sequence > SEQUENCE_MAX || base == 0 || base > Position::MAX.0 {
            return Head::Damaged;
        }
        Head::Known(Self {
            sequence,
            base: Position(base),
            follows: Position(u64_at(bytes, 24)),
            created: u64_at(bytes, 32) as i64,
            salt: u64_at(bytes, 40),
        })
    }

    pub fn file_name(&self) -> String {
        format!("{:010}-{:020}-{:016x}{EXTENSION}", self.sequence, self.base.0, self.salt)
    }

    /// What the name alone says, for a file whose head is damaged. `None` for a foreign file.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(EXTENSION)?.split('-');
        let sequence = parts.next()?.parse().ok().filter(|sequence| *sequence <= SEQUENCE_MAX)?;
        let base: u64 = parts.next()?.parse().ok().filter(|base| *base <= Position::MAX.0)?;
        let salt = u64::from_str_radix(parts.next()?, 16).ok()?;
        let header = Self {
            sequence,
            base: Position(base),
            follows: Position(base.checked_sub(1)?),
            created: 0,
            salt,
        };
        (parts.next().is_none() && header.file_name() == name).then_some(header)
    }
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    pub salt: u64,
    pub position: Position,
    pub received: i64,
    pub payload_bytes: u32,
    pub payload_crc: u32,
    pub raw_bytes: u32,
    pub encoding: u8,
}

impl RecordHeader {
    pub fn encode(&self) -> [u8; RECORD_HEADER_BYTES] {
        let mut bytes = [0; RECORD_HEADER_BYTES];
        bytes[..4].copy_from_slice(&RECORD_MAGIC);
        bytes[8..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.position.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.received.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.payload_crc.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.raw_bytes.to_le_bytes());
        bytes[44] = self.encoding;
        let crc = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` when these bytes are no record of the segment with this salt.
    pub fn parse(bytes: &[u8], salt: u64) -> Option<Self> {
        let bytes: &[u8; RECORD_HEADER_BYTES] = bytes.first_chunk()?;
        let is_record = bytes[..4] == RECORD_MAGIC
            && u64_at(bytes, 8) == salt
            && crc32fast::hash(&bytes[8..]) == u32_at(bytes, 4)
            && u64_at(bytes, 16) <= Position::MAX.0;
        is_record.then(|| Self {
            salt,
            position: Position(u64_at(bytes, 16)),
            received: u64_at(bytes, 24) as i64,
            payload_bytes: u32_at(bytes, 32),
            payload_crc: u32_at(bytes, 36),
            raw_bytes: u32_at(bytes, 40),
            encoding: bytes[44],
        })
    }

    /// Bytes of the whole record.
    pub fn record_bytes(&self) -> u64 {
        RECORD_HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }
}

fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("the offsets lie within the header"))
}

fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("the offsets lie within the header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment() -> SegmentHeader {
        SegmentHeader {
            sequence: 7,
            base: Position(120),
            follows: Position(119),
            created: -5,
            salt: 0xfeed_face_0123_4567,
        }
    }

    fn record() -> RecordHeader {
        RecordHeader {
            salt: 9,
            position: Position::MAX,
            received: i64::MIN,
            payload_bytes: 1,
            payload_crc: 2,
            raw_bytes: 3,
            encoding: ENCODING_IPC_LZ4,
        }
    }

    #[test]
    fn headers_come_back() {
        assert_eq!(SegmentHeader::parse(&segment().encode()), Head::Known(segment()));
        assert_eq!(RecordHeader::parse(&record().encode(), 9), Some(record()));
        assert_eq!(RecordHeader::parse(&record().encode(), 8), None);
        assert_eq!(RecordHeader::parse(&record().encode()[..47], 9), None);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bit in 0..52 * 8 {
            let mut bytes = segment().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::parse(&bytes), Head::Damaged, "bit {bit}");
        }
        for bit in 0..RECORD_HEADER_BYTES * 8 {
            let mut bytes = record().encode();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(RecordHeader::parse(&bytes, 9), None, "bit {bit}");
        }
    }

    #[test]
    fn a_later_version_is_told_from_damage() {
        let mut bytes = segment().encode();
        bytes[7] = 2;
        let crc = crc32fast::hash(&bytes[..48]);
        bytes[48..52].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::parse(&bytes), Head::Newer(2));
    }

    #[test]
    fn names_say_what_a_damaged_head_said() {
        let known = SegmentHeader { created: 0, ..segment() };
        assert_eq!(SegmentHeader::from_file_name(&segment().file_name()), Some(known));
        for foreign in ["positions", "lock", "1-2-3.segment", "x.segment", ""] {
            assert_eq!(SegmentHeader::from_file_name(foreign), None, "{foreign}");
        }
    }
}
