//! A JSON value as a piece of text.

use std::borrow::Cow;

use super::scan::{end_of_string, end_of_value, skip_space};

/// A JSON value, as the text that it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What a value is, as far as the language tells values apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    Null,
    Bool(bool),
    Long(i64),
    /// Also a whole number beyond 64 bits.
    Real(f64),
    Text(Cow<'a, str>),
    Array,
    Bag,
}

impl<'a> Json<'a> {
    pub const NULL: Json<'static> = Json("null");

    /// The value that `text` holds. Text without anything is null.
    pub fn new(text: &'a str) -> Self {
        let text = text.trim_ascii();
        Self(if text.is_empty() { "null" } else { text })
    }

    /// Its text as it was written.
    pub fn text(self) -> &'a str {
        self.0
    }

    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    pub fn is_bag(self) -> bool {
        self.0.starts_with('{')
    }

    pub fn is_string(self) -> bool {
        self.0.starts_with('"')
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A number written without fraction and exponent that fits 64 bits.
    pub fn as_long(self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// Any number; also the texts that stand for what JSON has no number for.
    pub fn as_real(self) -> Option<f64> {
        match self.0.as_bytes().first()? {
            b'0'..=b'9' | b'-' => self.0.parse().ok(),
            b'"' => match self.0 {
                "\"NaN\"" => Some(f64::NAN),
                "\"Infinity\"" => Some(f64::INFINITY),
                "\"-Infinity\"" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            _ => None,
        }
    }

    /// The string that it is, without quotes and escapes.
    pub fn as_text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        Some(Cow::Owned(unescape(inner)))
    }

    pub fn scalar(self) -> Scalar<'a> {
        match self.0.as_bytes()[0] {
            b'"' => self.as_text().map_or(Scalar::Null, Scalar::Text),
            b'[' => Scalar::Array,
            b'{' => Scalar::Bag,
            b't' | b'f' => self.as_bool().map_or(Scalar::Null, Scalar::Bool),
            _ => match self.as_long() {
                Some(value) => Scalar::Long(value),
                None => self.as_real().map_or(Scalar::Null, Scalar::Real),
            },
        }
    }

    /// The elements of an array.
    pub fn elements(self) -> Option<Elements<'a>> {
        self.is_array().then_some(Elements { text: self.0, at: 1 })
    }

    /// The members of a bag, as written; a name may come twice.
    pub fn members(self) -> Option<Members<'a>> {
        self.is_bag().then_some(Members { text: self.0, at: 1 })
    }

    /// The member of a bag with this name.
    pub fn member(self, name: &str) -> Option<Json<'a>> {
        self.members()?.find(|(key, _)| key_is(key.text(), name)).map(|(_, value)| value)
    }

    /// The element of an array at this place; below zero counts from the end.
    pub fn element(self, at: i64) -> Option<Json<'a>> {
        let elements = self.elements()?;
        if let Ok(at) = usize::try_from(at) {
            return elements.into_iter().nth(at);
        }
        let back = usize::try_from(at.unsigned_abs()).ok()?;
        let at = elements.clone().count().checked_sub(back)?;
        elements.into_iter().nth(at)
    }
}

/// Whether the name written as a JSON string is this one.
fn key_is(written: &str, name: &str) -> bool {
    let inner = &written[1..written.len().max(2) - 1];
    inner == name || (memchr::memchr(b'\\', inner.as_bytes()).is_some() && unescape(inner) == name)
}

/// The elements of an array, from first to last.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let start = skip_separators(self.text.as_bytes(), self.at);
        if start >= self.text.len() || self.text.as_bytes()[start] == b']' {
            return None;
        }
        self.at = end_of_value(self.text.as_bytes(), start);
        Some(Json(self.text.get(start..self.at)?))
    }
}

/// The members of a bag: the name as a JSON string, and the value.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Json<'a>, Json<'a>);

    fn next(&mut self) -> Option<(Json<'a>, Json<'a>)> {
        let bytes = self.text.as_bytes();
        let start = skip_separators(bytes, self.at);
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let end = end_of_string(bytes, start);
        let name = self.text.get(start..end).filter(|name| name.len() > 1 && name.ends_with('"'))?;
        let colon = skip_space(bytes, end);
        let value = skip_space(bytes, (colon + 1).min(bytes.len()));
        self.at = end_of_value(bytes, value);
        let value = self.text.get(value..self.at).filter(|value| !value.is_empty())?;
        Some((Json(name), Json(value)))
    }
}

fn skip_separators(bytes: &[u8], at: usize) -> usize {
    let at = skip_space(bytes, at);
    if bytes.get(at) == Some(&b',') { skip_space(bytes, at + 1) } else { at }
}

/// Text between quotes, with escapes resolved. Half a surrogate pair becomes U+FFFD.
fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else { break };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let Some(high) = code_unit(rest) else { continue };
                rest = &rest[4..];
                let low = rest.strip_prefix("\\u").and_then(code_unit);
                match (high, low) {
                    (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                        rest = &rest[6..];
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    _ => out.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

fn code_unit(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}
