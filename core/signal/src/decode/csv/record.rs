//! Where a CSV record ends, and its fields.

use std::borrow::Cow;

use memchr::memchr;

/// Looks for the end of a record, byte by byte over any pieces.
#[derive(Default)]
pub struct Ending {
    at: At,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum At {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    /// A quote was seen in a quoted field: its end, or the first of two.
    QuoteInQuoted,
}

impl Ending {
    /// Takes bytes up to and with the line feed that ends the record, if it is there.
    pub fn feed(&mut self, bytes: &[u8], delimiter: u8) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at).copied() {
            if self.at == At::Quoted {
                match memchr(b'"', &bytes[at..]) {
                    Some(quote) => at += quote + 1,
                    None => return (bytes.len(), false),
                }
                self.at = At::QuoteInQuoted;
                continue;
            }
            at += 1;
            self.at = match (self.at, byte) {
                (_, b'\n') => {
                    self.at = At::FieldStart;
                    return (at, true);
                }
                (At::FieldStart | At::QuoteInQuoted, b'"') => At::Quoted,
                (_, byte) if byte == delimiter => At::FieldStart,
                _ => At::Plain,
            };
        }
        (bytes.len(), false)
    }

    /// Whether the bytes so far end within a quoted field.
    pub fn is_quoted(&self) -> bool {
        self.at == At::Quoted
    }
}

/// The fields of a record, quotes removed.
pub fn fields(record: &str, delimiter: u8) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(record);
    std::iter::from_fn(move || {
        let text = rest?;
        let (field, after) = match text.strip_prefix('"') {
            Some(inner) => quoted(inner, delimiter),
            None => plain(text, delimiter),
        };
        rest = after;
        Some(field)
    })
}

fn plain(text: &str, delimiter: u8) -> (Cow<'_, str>, Option<&str>) {
    match memchr(delimiter, text.as_bytes()) {
        Some(end) => (text[..end].into(), Some(&text[end + 1..])),
        None => (text.into(), None),
    }
}

/// A field whose opening quote is behind. What stands between the closing quote and the delimiter is
/// kept as part of it.
fn quoted(text: &str, delimiter: u8) -> (Cow<'_, str>, Option<&str>) {
    let mut value = Cow::Borrowed("");
    let mut rest = text;
    while let Some(quote) = memchr(b'"', rest.as_bytes()) {
        let (part, after) = (&rest[..quote], &rest[quote + 1..]);
        value = joined(value, part);
        match after.strip_prefix('"') {
            Some(later) => {
                value = joined(value, "\"");
                rest = later;
            }
            None => {
                let end = memchr(delimiter, after.as_bytes());
                let tail = &after[..end.unwrap_or(after.len())];
                return (joined(value, tail), end.map(|end| &after[end + 1..]));
            }
        }
    }
    (joined(value, rest), None)
}

fn joined<'a>(value: Cow<'a, str>, part: &'a str) -> Cow<'a, str> {
    match (value.is_empty(), part.is_empty()) {
        (_, true) => value,
        (true, false) => Cow::Borrowed(part),
        (false, false) => Cow::Owned(value.into_owned() + part),
    }
}
