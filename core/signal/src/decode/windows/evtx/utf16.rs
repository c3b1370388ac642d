//! UTF-16LE to UTF-8: nearly all text of an event log goes through here.

/// Appends the text up to its first NUL, which ends a string in Windows. A lone surrogate becomes
/// U+FFFD.
pub(super) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = append_ascii(out, bytes);
    if rest.is_empty() {
        return;
    }
    let mut units = Vec::new();
    loop {
        // What is not ASCII is copied unit by unit up to the next run of ASCII worth a fast pass.
        let end = ascii_run(rest).unwrap_or(rest.len());
        units.clear();
        units.extend(rest[..end].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
        let text = units.split(|unit| *unit == 0).next().unwrap_or_default();
        let mut buffer = [0; 4];
        for c in char::decode_utf16(text.iter().copied()) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
        if text.len() < units.len() || end == rest.len() {
            return;
        }
        rest = append_ascii(out, &rest[end..]);
        if rest.is_empty() {
            return;
        }
    }
}

/// The text, on its own.
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    append(&mut out, bytes);
    String::from_utf8(out).unwrap_or_default()
}

/// Units that are looked at together: as many as fit a register.
const BLOCK: usize = 8;

/// Appends the ASCII at the beginning. What is left begins with another character; it is empty when a
/// NUL or the end was reached.
fn append_ascii<'a>(out: &mut Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
    let (units, _) = bytes.as_chunks::<2>();
    out.reserve(units.len());
    let (blocks, tail) = units.as_chunks::<BLOCK>();
    let mut done = 0;
    for block in blocks {
        let Some(ascii) = as_ascii(block) else {
            return append_some(out, &bytes[2 * done..]);
        };
        out.extend_from_slice(&ascii);
        done += BLOCK;
    }
    let mut padded = [[b'x', 0]; BLOCK];
    padded[..tail.len()].copy_from_slice(tail);
    match as_ascii(&padded) {
        Some(ascii) => {
            out.extend_from_slice(&ascii[..tail.len()]);
            &[]
        }
        None => append_some(out, &bytes[2 * done..]),
    }
}

/// Appends the ASCII at the beginning of units that are not all ASCII.
fn append_some<'a>(out: &mut Vec<u8>, bytes: &'a [u8]) -> &'a [u8] {
    let mut rest = bytes;
    while let Some((unit, behind)) = rest.split_first_chunk::<2>() {
        match unit {
            [0, 0] => return &[],
            [byte @ 1..0x80, 0] => out.push(*byte),
            _ => return rest,
        }
        rest = behind;
    }
    &[]
}

/// The units as ASCII, if all are and none is NUL.
#[inline]
fn as_ascii(units: &[[u8; 2]; BLOCK]) -> Option<[u8; BLOCK]> {
    let units = units.map(u16::from_le_bytes);
    let is_other = units.iter().fold(false, |other, unit| other | (unit.wrapping_sub(1) >= 0x7f));
    (!is_other).then(|| units.map(|unit| unit as u8))
}

/// Where a block of ASCII begins, in bytes, an even number.
fn ascii_run(bytes: &[u8]) -> Option<usize> {
    let (blocks, _) = bytes.as_chunks::<2>().0.as_chunks::<BLOCK>();
    blocks.iter().skip(1).position(|block| as_ascii(block).is_some()).map(|at| 2 * BLOCK * (at + 1))
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let long = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
        for text in ["", "a", long, "Grüße", "日本語", "😀 and ASCII behind it, more than one block long"]
        {
            for before in ["", "x", long] {
                for after in ["", "é", long] {
                    let text = format!("{before}{text}{after}");
                    assert_eq!(decode(&utf16(&text)), text);
                }
            }
        }
    }

    #[test]
    fn a_nul_ends_the_text() {
        for length in [0, 3, 16, 17, 40] {
            let text = "x".repeat(length);
            assert_eq!(decode(&utf16(&format!("{text}\0garbage that is longer than a block"))), text);
            assert_eq!(decode(&utf16(&format!("é{text}\0garbage"))), format!("é{text}"));
        }
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        assert_eq!(decode(&[0x00, 0xd8, 0x41, 0x00]), "\u{fffd}A");
        assert_eq!(decode(&[0x41, 0x00, 0x42]), "A");
    }
}
