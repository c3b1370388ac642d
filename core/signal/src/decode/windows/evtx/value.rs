//! Values of binary XML as text, written as Windows does (MS-EVEN6 2.2.12, value types).

use super::utf16;

pub(super) const NULL: u8 = 0x00;
pub(super) const STRING: u8 = 0x01;
const ANSI_STRING: u8 = 0x02;
pub(super) const FILETIME: u8 = 0x11;
pub(super) const BINARY_XML: u8 = 0x21;
/// Added to a type: an array of it.
pub(super) const ARRAY: u8 = 0x80;

/// Appends the value's text. A size that does not fit the type is written as binary data.
pub(super) fn append(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    match (kind, bytes.len()) {
        (NULL, _) | (_, 0) => {}
        (STRING, _) => utf16::append(out, bytes),
        (ANSI_STRING, _) => append_ansi(out, bytes),
        (0x03 | 0x05 | 0x07 | 0x09, 1 | 2 | 4 | 8) => append_signed(out, signed(bytes)),
        (0x04 | 0x06 | 0x08 | 0x0a, 1 | 2 | 4 | 8) => append_decimal(out, unsigned(bytes)),
        (0x0b, 4) => append_real(out, f32::from_bits(unsigned(bytes) as u32)),
        (0x0c, 8) => append_real(out, f64::from_bits(unsigned(bytes))),
        (0x0d, 1 | 4) => match signed(bytes) {
            0 => out.extend_from_slice(b"false"),
            1 => out.extend_from_slice(b"true"),
            other => append_signed(out, other),
        },
        (0x0f, 16) => append_guid(out, bytes),
        (0x10 | 0x14 | 0x15, 4 | 8) => append_hex(out, unsigned(bytes)),
        (FILETIME, 8) => append_filetime(out, unsigned(bytes)),
        (0x12, 16) => append_system_time(out, bytes),
        (0x13, 8..) => append_sid(out, bytes),
        (array, _) if array & ARRAY != 0 => {
            for (at, item) in items(array, bytes).enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                append(out, array & !ARRAY, item);
            }
        }
        _ => {
            const UPPER: &[u8; 16] = b"0123456789ABCDEF";
            out.extend(
                bytes.iter().flat_map(|byte| [UPPER[usize::from(byte >> 4)], UPPER[usize::from(byte & 15)]]),
            );
        }
    }
}

/// The value of an integer type, if it fits.
pub(super) fn whole_number(kind: u8, bytes: &[u8]) -> Option<i64> {
    match (kind, bytes.len()) {
        (0x03 | 0x05 | 0x07 | 0x09, 1 | 2 | 4 | 8) => Some(signed(bytes)),
        (0x04 | 0x06 | 0x08 | 0x0a, 1 | 2 | 4 | 8) => i64::try_from(unsigned(bytes)).ok(),
        _ => None,
    }
}

/// The items of an array. What does not divide evenly is one item.
pub(super) fn items(kind: u8, bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let kind = kind & !ARRAY;
    let size = match kind {
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
        0x09 | 0x0a | 0x0c | FILETIME | 0x15 => 8,
        0x0f | 0x12 => 16,
        _ => 0,
    };
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = match kind {
            // Each string ends with a NUL.
            STRING => rest.chunks_exact(2).position(|unit| unit == [0, 0]).map(|at| at * 2 + 2),
            ANSI_STRING => rest.iter().position(|byte| *byte == 0).map(|at| at + 1),
            0x13 => rest.get(1).map(|count| 8 + 4 * usize::from(*count)),
            _ => Some(size).filter(|size| *size > 0),
        };
        let (item, behind) = rest.split_at(length.unwrap_or(rest.len()).min(rest.len()));
        rest = behind;
        Some(item)
    })
}

/// A number of one, two, four or eight bytes, the lowest first; others are 0.
pub(super) fn unsigned(bytes: &[u8]) -> u64 {
    match *bytes {
        [a] => a.into(),
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => 0,
    }
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len() as u32;
    ((unsigned(bytes) << unused) as i64) >> unused
}

fn append_signed(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    append_decimal(out, number.unsigned_abs());
}

fn append_decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn append_real(out: &mut Vec<u8>, number: impl std::fmt::Display) {
    out.extend_from_slice(number.to_string().as_bytes());
}

fn append_hex(out: &mut Vec<u8>, number: u64) {
    let mut text = *b"0x0000000000000000";
    let digits = if number == 0 { 1 } else { (67 - number.leading_zeros()) as usize / 4 };
    for at in 0..digits {
        text[1 + digits - at] = HEX[(number >> (4 * at) & 15) as usize];
    }
    out.extend_from_slice(&text[..2 + digits]);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn append_guid(out: &mut Vec<u8>, bytes: &[u8]) {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    const PLACES: [usize; 16] = [1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35];
    let mut text = *b"{00000000-0000-0000-0000-000000000000}";
    for (place, from) in PLACES.into_iter().zip(ORDER) {
        text[place] = HEX[usize::from(bytes[from] >> 4)];
        text[place + 1] = HEX[usize::from(bytes[from] & 15)];
    }
    out.extend_from_slice(&text);
}

fn append_sid(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"S-");
    append_decimal(out, bytes[0].into());
    out.push(b'-');
    append_decimal(out, bytes[2..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte)));
    for part in bytes[8..].chunks_exact(4).take(bytes[1].into()) {
        out.push(b'-');
        append_decimal(out, unsigned(part));
    }
}

const TICKS_PER_DAY: u64 = 864_000_000_000;

fn append_filetime(out: &mut Vec<u8>, ticks: u64) {
    // Windows takes a FILETIME as signed: the upper half is no time.
    let ticks = if ticks > i64::MAX as u64 { 0 } else { ticks };
    let (year, month, day) = date(ticks / TICKS_PER_DAY);
    append_time(out, [year, month, day], ticks % TICKS_PER_DAY);
}

/// Eight 16-bit numbers: year, month, day of week, day, hour, minute, second, millisecond.
fn append_system_time(out: &mut Vec<u8>, bytes: &[u8]) {
    let part = |at: usize| unsigned(&bytes[2 * at..2 * at + 2]);
    let seconds = (part(4) * 60 + part(5)) * 60 + part(6);
    append_time(out, [part(0), part(1), part(3)], (seconds * 1000 + part(7)) * 10_000);
}

/// `2016-02-17T08:40:00.1234567Z`, `ticks` of 100 ns into the day.
fn append_time(out: &mut Vec<u8>, [year, month, day]: [u64; 3], ticks: u64) {
    let seconds = ticks / 10_000_000;
    let mut text = *b"0000-00-00T00:00:00.0000000Z";
    for (end, digits, mut number) in [
        (4, 4, year),
        (7, 2, month),
        (10, 2, day),
        (13, 2, seconds / 3600),
        (16, 2, seconds / 60 % 60),
        (19, 2, seconds % 60),
        (27, 7, ticks % 10_000_000),
    ] {
        for at in 1..=digits {
            text[end - at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }
    out.extend_from_slice(&text);
}

/// The date so many days after 1601-01-01, counted in eras of 400 years that begin on a first of March.
fn date(days: u64) -> (u64, u64, u64) {
    let since = days + 584_694;
    let (era, day_of_era) = (since / 146_097, since % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Windows-1252, the usual ANSI code page; NULs are left out.
fn append_ansi(out: &mut Vec<u8>, bytes: &[u8]) {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let mut buffer = [0; 4];
    for byte in bytes.iter().copied().filter(|byte| *byte != 0) {
        let c = match byte {
            0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
            _ => char::from(byte),
        };
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{append, items};

    fn check(kind: u8, bytes: &[u8], expected: &str) {
        let mut out = Vec::new();
        append(&mut out, kind, bytes);
        assert_eq!(String::from_utf8(out).expect("text"), expected, "{kind:#x} {bytes:x?}");
    }

    #[test]
    fn values_are_written_as_windows_does() {
        check(0x00, b"xx", "");
        check(0x01, b"a\0b\0", "ab");
        check(0x02, b"a\x80\xe9\0", "a€é");
        check(0x03, &[0xff], "-1");
        check(0x04, &[0xff], "255");
        check(0x07, &i32::MIN.to_le_bytes(), "-2147483648");
        check(0x0a, &u64::MAX.to_le_bytes(), "18446744073709551615");
        check(0x0c, &1.5_f64.to_le_bytes(), "1.5");
        check(0x0d, &[1, 0, 0, 0], "true");
        check(0x0d, &[2, 0, 0, 0], "2");
        check(0x0e, &[0xde, 0xad], "DEAD");
        check(0x0f, &(0..16).collect::<Vec<u8>>(), "{03020100-0504-0706-0809-0a0b0c0d0e0f}");
        check(0x0f, &[1, 2], "0102");
        check(0x11, &131_000_000_001_234_567_u64.to_le_bytes(), "2016-02-15T08:53:20.1234567Z");
        check(0x11, &0_u64.to_le_bytes(), "1601-01-01T00:00:00.0000000Z");
        let parts: Vec<u8> = [2019_u16, 3, 5, 1, 12, 34, 56, 789].map(u16::to_le_bytes).concat();
        check(0x12, &parts, "2019-03-01T12:34:56.7890000Z");
        check(0x13, &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0], "S-1-5-32-544");
        check(0x14, &[0xe7, 3, 0, 0], "0x3e7");
        check(0x15, &[0; 8], "0x0");
        check(0x15, &u64::MAX.to_le_bytes(), "0xffffffffffffffff");
        check(0x81, b"a\0\0\0b\0\0\0", "a,b");
        check(0x88, &[1, 0, 0, 0, 2, 0, 0, 0], "1,2");
    }

    #[test]
    fn arrays_are_divided() {
        assert_eq!(items(0x81, b"a\0\0\0\0\0b\0").count(), 3);
        assert_eq!(items(0x88, &[0; 9]).count(), 3);
        assert_eq!(items(0xa1, &[0; 9]).count(), 1);
    }
}
