//! How a `dynamic` value is represented: as JSON text.
//!
//! This is the only module that knows. Others ask it for the Arrow type, hand it text or values to
//! store, and take values out through it, so that the representation can change here alone
//! (docs/decisions/0003 has the measurements and what would change the choice).
//!
//! A stored value is always valid JSON text, whatever arrived: [`from_text`] keeps valid JSON byte for
//! byte, and makes a JSON string of anything else. SQL null is KQL's `dynamic(null)`.

use std::borrow::Cow;

use arrow_schema::DataType;
use serde_json::value::RawValue;

/// The Arrow type of a `dynamic` column.
pub const DATA_TYPE: DataType = DataType::Utf8View;

/// The stored form of text that may or may not be JSON. `None` for JSON's `null` and for no text.
pub fn from_text(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_ascii();
    if text.is_empty() || text == "null" {
        return None;
    }
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Some(Cow::Borrowed(text)),
        Err(_) => Some(Cow::Owned(quote(text))),
    }
}

/// The stored form of JSON text that a parser has already checked.
pub fn from_raw(raw: &RawValue) -> Option<&str> {
    Some(raw.get()).filter(|text| *text != "null")
}

/// The stored form of a plain string: a JSON string.
pub fn quote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    String::from_utf8(out).expect("escaping ASCII in UTF-8 gives UTF-8")
}

/// The text between the braces of a stored object that has members; `None` for anything else.
pub fn members_of(json: &str) -> Option<&str> {
    let members = json.strip_prefix('{')?.strip_suffix('}')?;
    (!members.trim_ascii().is_empty()).then_some(members)
}

/// Writes an object, member by member, in the stored form.
#[derive(Default)]
pub struct ObjectWriter {
    text: Vec<u8>,
}

impl ObjectWriter {
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn string(&mut self, name: &str, value: &str) {
        self.name(name);
        push_quoted(&mut self.text, value);
    }

    /// Adds a member whose value is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.text.extend_from_slice(json.as_bytes());
    }

    /// Adds the members of another object, as [`members_of`] gives them.
    pub fn members(&mut self, members: &str) {
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        self.text.extend_from_slice(members.as_bytes());
    }

    /// Ends the object, leaving the writer empty with its memory kept; `f` sees the text.
    pub fn finish<T>(&mut self, f: impl FnOnce(&str) -> T) -> T {
        if self.text.is_empty() {
            self.text.push(b'{');
        }
        self.text.push(b'}');
        let result = f(std::str::from_utf8(&self.text).expect("only texts were written"));
        self.text.clear();
        result
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        push_quoted(&mut self.text, name);
        self.text.push(b':');
    }
}

/// Appends `text` as a JSON string with its quotes, in UTF-8.
pub fn push_quoted(out: &mut Vec<u8>, text: &str) {
    /// What stands behind the backslash; 0 for what needs none, `u` for what is written as a number.
    const SHORT: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 0x20 {
            table[byte] = b'u';
            byte += 1;
        }
        table[b'"' as usize] = b'"';
        table[b'\\' as usize] = b'\\';
        table[b'\n' as usize] = b'n';
        table[b'\r' as usize] = b'r';
        table[b'\t' as usize] = b't';
        table
    };
    let is_special = |byte| byte < 0x20 || byte == b'"' || byte == b'\\';
    let any_special = |eight| (has_byte(eight, b'"') | has_byte(eight, b'\\') | has_control(eight)) != 0;
    out.reserve(text.len() + 2);
    out.push(b'"');
    push_escaped(out, text, any_special, is_special, |bytes, buffer| {
        let mut length = 0;
        for byte in bytes {
            let escape = SHORT[usize::from(*byte)];
            buffer[length % 128] = b'\\';
            length += usize::from(escape != 0);
            buffer[length % 128] = if escape != 0 { escape } else { *byte };
            length += 1;
            if escape == b'u' {
                let digits = b"0123456789abcdef";
                let (high, low) = (digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]);
                buffer[length..length + 4].copy_from_slice(&[b'0', b'0', high, low]);
                length += 4;
            }
        }
        length
    });
    out.push(b'"');
}

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Not zero where one of eight bytes is the given one. A byte above it can raise a false alarm.
pub(crate) const fn has_byte(eight: u64, byte: u8) -> u64 {
    let zero = eight ^ repeat(byte);
    zero.wrapping_sub(repeat(1)) & !zero & repeat(0x80)
}

/// Not zero where one of eight bytes is below 0x20. A byte above it can raise a false alarm.
pub(crate) const fn has_control(eight: u64) -> u64 {
    eight.wrapping_sub(repeat(0x20)) & !eight & repeat(0x80)
}

/// Appends text with escapes. `is_special` tells the bytes that need one, and `any_special` whether one
/// of eight bytes may; `escape` writes up to 16 bytes with their escapes, at most eight bytes each, to a
/// buffer and tells how much that is.
///
/// Nearly all text of all events goes through here. Most texts are short and need no escape, and of the
/// others most blocks.
#[inline(always)]
pub(crate) fn push_escaped(
    out: &mut Vec<u8>,
    text: &str,
    any_special: impl Fn(u64) -> bool,
    is_special: impl Fn(u8) -> bool,
    escape: impl Fn(&[u8], &mut [u8; 128]) -> usize,
) {
    let bytes = text.as_bytes();
    if let (8..=16, Some(first), Some(last)) = (bytes.len(), bytes.first_chunk(), bytes.last_chunk())
        && !any_special(u64::from_le_bytes(*first))
        && !any_special(u64::from_le_bytes(*last))
    {
        return out.extend_from_slice(bytes);
    }
    let (blocks, tail) = bytes.as_chunks::<16>();
    let mut buffer = [0; 128];
    for block in blocks {
        if block.iter().fold(false, |found, byte| found | is_special(*byte)) {
            let length = escape(block, &mut buffer);
            out.extend_from_slice(&buffer[..length]);
        } else {
            out.extend_from_slice(block);
        }
    }
    if tail.iter().any(|byte| is_special(*byte)) {
        let length = escape(tail, &mut buffer);
        out.extend_from_slice(&buffer[..length]);
    } else {
        out.extend_from_slice(tail);
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quoting_agrees_with_serde() {
        let control: String = (0..=0x20_u8).map(char::from).collect();
        let path = "C:\\Windows\\System32\\\"x\"";
        for text in ["", "a", path, "é日本 and 😀, longer than a block of sixteen", &control] {
            for pad in 0..20 {
                let text = format!("{}{text}", "x".repeat(pad));
                let parsed: String = serde_json::from_str(&quote(&text)).expect("JSON");
                assert_eq!(parsed, text);
            }
        }
    }
}
