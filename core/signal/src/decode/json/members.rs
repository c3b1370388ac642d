//! The members of a JSON object, found in its text (RFC 8259).
//!
//! The parser checks everything it passes, so that what a table keeps as JSON is JSON, but it builds
//! nothing: a member is the place of its name and of its value. It is on the path of every JSON event
//! and does not recurse.

use std::borrow::Cow;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Object,
    Array,
}

/// The members of one object. Its memory is used again for the next.
#[derive(Clone, Debug, Default)]
pub struct Members {
    list: Vec<Place>,
}

/// Where a member is in the object's text.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: (u32, u32),
    value: (u32, u32),
    kind: Kind,
    name_is_escaped: bool,
    value_is_escaped: bool,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// As it is written between the quotes.
    written_name: &'a str,
    /// The value as it is written: JSON text.
    pub raw: &'a str,
    pub kind: Kind,
    name_is_escaped: bool,
    value_is_escaped: bool,
}

/// Why bytes are not the beginning of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// They may become one with more bytes.
    #[error("the JSON text ends too early")]
    Incomplete,
    #[error("{reason} at byte {at}")]
    Invalid { at: usize, reason: &'static str },
}

/// Containers inside a member's value may be nested so deep. Readers of the stored text commonly recurse,
/// with a limit of 128.
const DEPTH_MAX: u32 = 120;

impl Members {
    /// Finds the members of the object at the very beginning of `bytes` and tells where it ends.
    pub fn parse_prefix(&mut self, bytes: &[u8]) -> Result<usize, JsonError> {
        self.list.clear();
        if u32::try_from(bytes.len()).is_err() {
            return Err(JsonError::Invalid { at: 0, reason: "an object of 4 GiB" });
        }
        let mut scan = Scan { bytes, at: 0 };
        if scan.next()? != b'{' {
            return scan.fail(0, "expected an object");
        }
        if scan.peek_after_space()? == b'}' {
            return Ok(scan.at + 1);
        }
        loop {
            scan.expect_after_space(b'"', "expected a member's name in quotes")?;
            let name_start = scan.at;
            let name_is_escaped = scan.rest_of_string()?;
            let name = (name_start as u32, scan.at as u32 - 1);
            scan.expect_after_space(b':', "expected a colon")?;
            scan.peek_after_space()?;
            let start = scan.at;
            let (kind, value_is_escaped) = scan.value()?;
            let value = (start as u32, scan.at as u32);
            self.list.push(Place { name, value, kind, name_is_escaped, value_is_escaped });
            match scan.peek_after_space()? {
                b',' => scan.at += 1,
                b'}' => return Ok(scan.at + 1),
                _ => return scan.fail(scan.at, "expected a comma or the object's end"),
            }
        }
    }

    /// Finds the members of an object that is all of `text`.
    pub fn parse(&mut self, text: &str) -> Result<(), JsonError> {
        let end = self.parse_prefix(text.as_bytes())?;
        match text[end..].trim_ascii().is_empty() {
            true => Ok(()),
            false => Err(JsonError::Invalid { at: end, reason: "something follows the object" }),
        }
    }

    /// The members in the order of the text, which must be the one they were found in.
    pub fn iter<'t>(&self, text: &'t str) -> impl ExactSizeIterator<Item = Field<'t>> + Clone {
        self.list.iter().map(move |place| Field {
            written_name: &text[place.name.0 as usize..place.name.1 as usize],
            raw: &text[place.value.0 as usize..place.value.1 as usize],
            kind: place.kind,
            name_is_escaped: place.name_is_escaped,
            value_is_escaped: place.value_is_escaped,
        })
    }

    /// The first member of a name that is written without escapes.
    pub fn get<'t>(&self, text: &'t str, name: &str) -> Option<Field<'t>> {
        self.iter(text).find(|field| field.written_name == name)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl<'a> Field<'a> {
    pub fn name(&self) -> Cow<'a, str> {
        if self.name_is_escaped { unescape(self.written_name).into() } else { self.written_name.into() }
    }

    /// The name if it stands there without escapes, as names do.
    pub fn plain_name(&self) -> Option<&'a str> {
        (!self.name_is_escaped).then_some(self.written_name)
    }

    /// The value as text: a string unwrapped, anything else as it is written, nothing for `null`.
    pub fn text(&self) -> Cow<'a, str> {
        match self.kind {
            Kind::Null => Cow::Borrowed(""),
            Kind::String if self.value_is_escaped => unescape(self.inner()).into(),
            Kind::String => self.inner().into(),
            _ => self.raw.into(),
        }
    }

    /// The value's text without its quotes, if it is a string without escapes.
    pub fn plain_text(&self) -> Option<&'a str> {
        (self.kind == Kind::String && !self.value_is_escaped).then(|| self.inner())
    }

    fn inner(&self) -> &'a str {
        &self.raw[1..self.raw.len() - 1]
    }
}

/// Where the value at the very beginning of `bytes` ends, and what it is. A number ends only at what
/// cannot belong to it, so one at the end of `bytes` is incomplete.
pub fn value_prefix(bytes: &[u8]) -> Result<(usize, Kind), JsonError> {
    let mut scan = Scan { bytes, at: 0 };
    let (kind, _) = scan.value()?;
    Ok((scan.at, kind))
}

/// Where the member (name, colon and value) at the very beginning of `bytes` ends.
pub fn member_prefix(bytes: &[u8]) -> Result<usize, JsonError> {
    let mut scan = Scan { bytes, at: 0 };
    scan.member_name()?;
    scan.value()?;
    Ok(scan.at)
}

/// The text that the inside of a JSON string stands for. Half a surrogate pair becomes U+FFFD.
pub fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        match escape {
            b'b' => out.push('\u{8}'),
            b'f' => out.push('\u{c}'),
            b'n' => out.push('\n'),
            b'r' => out.push('\r'),
            b't' => out.push('\t'),
            b'u' => {
                let (unit, mut after) = hex_unit(rest);
                let mut code = unit;
                if (0xd800..0xdc00).contains(&unit)
                    && let Some(second) = after.strip_prefix("\\u")
                {
                    let (low, after_low) = hex_unit(second);
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        after = after_low;
                    }
                }
                out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = after;
            }
            other => out.push(char::from(other)),
        }
    }
    out.push_str(rest);
    out
}

fn hex_unit(text: &str) -> (u32, &str) {
    let unit = text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    (unit.unwrap_or(0xfffd), text.get(4..).unwrap_or_default())
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn fail<T>(&self, at: usize, reason: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Invalid { at, reason })
    }

    fn peek(&self) -> Result<u8, JsonError> {
        self.bytes.get(self.at).copied().ok_or(JsonError::Incomplete)
    }

    fn next(&mut self) -> Result<u8, JsonError> {
        let byte = self.peek()?;
        self.at += 1;
        Ok(byte)
    }

    fn peek_after_space(&mut self) -> Result<u8, JsonError> {
        loop {
            match self.peek()? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    fn expect_after_space(&mut self, wanted: u8, reason: &'static str) -> Result<(), JsonError> {
        if self.peek_after_space()? != wanted {
            return self.fail(self.at, reason);
        }
        self.at += 1;
        Ok(())
    }

    /// Passes one value, containers with all that is in them. Tells whether a string has escapes.
    fn value(&mut self) -> Result<(Kind, bool), JsonError> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                Ok((Kind::String, self.rest_of_string()?))
            }
            b'{' => self.container().map(|()| (Kind::Object, false)),
            b'[' => self.container().map(|()| (Kind::Array, false)),
            _ => Ok((self.number_or_word()?, false)),
        }
    }

    fn number_or_word(&mut self) -> Result<Kind, JsonError> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => self.number().map(|()| Kind::Number),
            b't' => self.word(b"true").map(|()| Kind::Bool),
            b'f' => self.word(b"false").map(|()| Kind::Bool),
            b'n' => self.word(b"null").map(|()| Kind::Null),
            _ => self.fail(self.at, "expected a value"),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        let found = &self.bytes[self.at..self.bytes.len().min(self.at + word.len())];
        if found == word {
            self.at += word.len();
            return Ok(());
        }
        match word.starts_with(found) {
            true => Err(JsonError::Incomplete),
            false => self.fail(self.at, "expected a value"),
        }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.next()? {
            b'0' => {}
            b'1'..=b'9' => self.digits()?,
            _ => return self.fail(self.at - 1, "expected a digit"),
        }
        if self.peek()? == b'.' {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek()?, b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek()?, b'+' | b'-') {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(())
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        match self.peek()?.is_ascii_digit() {
            true => self.digits(),
            false => self.fail(self.at, "expected a digit"),
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        while self.peek()?.is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    /// Passes a string whose opening quote is behind. Tells whether it has escapes.
    fn rest_of_string(&mut self) -> Result<bool, JsonError> {
        let mut is_escaped = false;
        loop {
            self.at += plain_bytes(&self.bytes[self.at..]);
            match self.next()? {
                b'"' => return Ok(is_escaped),
                b'\\' => {
                    is_escaped = true;
                    self.escape()?;
                }
                _ => return self.fail(self.at - 1, "a control character in a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    if !self.next()?.is_ascii_hexdigit() {
                        return self.fail(self.at - 1, "expected a hexadecimal digit");
                    }
                }
                Ok(())
            }
            _ => self.fail(self.at - 1, "an escape that JSON does not have"),
        }
    }

    /// Passes the object or array that begins here. `objects` has a bit for each open container, the
    /// innermost in front: 1 for an object.
    fn container(&mut self) -> Result<(), JsonError> {
        let (mut objects, mut depth) = (0_u128, 0);
        loop {
            match self.peek()? {
                open @ (b'{' | b'[') => {
                    if depth == DEPTH_MAX {
                        return self.fail(self.at, "values are nested too deep");
                    }
                    let is_object = open == b'{';
                    self.at += 1;
                    depth += 1;
                    objects = objects << 1 | u128::from(is_object);
                    if self.peek_after_space()? != if is_object { b'}' } else { b']' } {
                        if is_object {
                            self.member_name()?;
                        }
                        continue;
                    }
                }
                b'"' => {
                    self.at += 1;
                    self.rest_of_string()?;
                }
                _ => {
                    self.number_or_word()?;
                }
            }
            // A value is behind, or nothing but the beginning of an empty container.
            loop {
                let in_object = objects & 1 == 1;
                match self.peek_after_space()? {
                    b'}' if in_object => {}
                    b']' if !in_object => {}
                    b',' => {
                        self.at += 1;
                        if in_object {
                            self.member_name()?;
                        } else {
                            self.peek_after_space()?;
                        }
                        break;
                    }
                    _ => return self.fail(self.at, "expected a comma or an end"),
                }
                self.at += 1;
                depth -= 1;
                objects >>= 1;
                if depth == 0 {
                    return Ok(());
                }
            }
        }
    }

    /// Passes a member's name and its colon, up to the value.
    fn member_name(&mut self) -> Result<(), JsonError> {
        self.expect_after_space(b'"', "expected a member's name in quotes")?;
        self.rest_of_string()?;
        self.expect_after_space(b':', "expected a colon")?;
        self.peek_after_space().map(|_| ())
    }
}

/// How many bytes from the beginning are neither a quote, a backslash nor a control character. Looks at
/// eight bytes at once.
fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, tail) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zero_in(word ^ (ONES * 0x22)) | zero_in(word ^ (ONES * 0x5c)) | control;
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |b: &u8| *b != b'"' && *b != b'\\' && *b >= 0x20;
    bytes.len() - tail.len() + tail.iter().take_while(|b| is_plain(b)).count()
}
