//! The bytes that stand for an index's values, such that comparing bytes compares values.
//!
//! Both databases compare byte strings the same way, and no other type do they: collations, NUL characters,
//! infinities and the order of nulls all differ. So a filter that is right on one is right on the other, a
//! prefix is a range, and every comparison is one that an ordinary index serves.
//!
//! The first byte is 0 for an absent value, which thereby is the least, and 1 for a value:
//!
//! | kind | after the first byte |
//! |---|---|
//! | text | its UTF-8 bytes; caseless text is folded first |
//! | integer | 8 bytes, big-endian, the sign bit flipped |
//! | real | the bits of the double, big-endian; all flipped if negative, else the sign bit |
//! | boolean | 0 or 1 |
//! | date-time | seconds since 1970 like an integer, then nanoseconds as 4 bytes, big-endian |

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Error, FilterValue, IndexKind, Result};

/// The version of this encoding. A database with entries of another version has its indexes built anew when
/// they are declared; raise it with any change here.
pub(crate) const ENCODING: i64 = 1;

/// The longest text that is indexed, in bytes after folding: PostgreSQL bears no more than 2704 bytes in an
/// entry of an index, with tenant and id.
pub(crate) const TEXT_BYTES_MAX: usize = 1024;

/// The encoding of an absent value.
pub(crate) const NULL: &[u8] = &[0];
/// The least bytes any value may have.
pub(crate) const LEAST: &[u8] = &[1];
/// More than any value has.
pub(crate) const BEYOND: &[u8] = &[2];

/// Encodes a value found in a document, which must be of the index's kind.
pub(crate) fn field(kind: IndexKind, value: &Value) -> Result<Vec<u8>, String> {
    let mismatch = || format!("expected {}, found {}", expectation(kind), describe(value));
    match kind {
        IndexKind::Text => bounded(value.as_str().ok_or_else(mismatch)?.to_owned()),
        IndexKind::TextCaseless => bounded(fold(value.as_str().ok_or_else(mismatch)?)),
        IndexKind::Integer => Ok(integer(value.as_i64().ok_or_else(mismatch)?)),
        IndexKind::Real => Ok(real(value.as_f64().ok_or_else(mismatch)?)),
        IndexKind::Boolean => Ok(boolean(value.as_bool().ok_or_else(mismatch)?)),
        IndexKind::DateTime => {
            let text = value.as_str().ok_or_else(mismatch)?;
            let time = DateTime::parse_from_rfc3339(text).map_err(|_| mismatch())?;
            Ok(date_time(time.to_utc()))
        }
    }
}

/// Encodes a value of a filter, which must be of the index's kind.
pub(crate) fn operand(index: &str, kind: IndexKind, value: &FilterValue) -> Result<Vec<u8>> {
    match (kind, value) {
        (IndexKind::Text, FilterValue::Text(text)) => Ok(text_bytes(text)),
        (IndexKind::TextCaseless, FilterValue::Text(text)) => Ok(text_bytes(&fold(text))),
        (IndexKind::Integer, FilterValue::Integer(number)) => Ok(integer(*number)),
        #[expect(clippy::cast_precision_loss, reason = "a real index holds doubles; so does its operand")]
        (IndexKind::Real, FilterValue::Integer(number)) => Ok(real(*number as f64)),
        (IndexKind::Real, FilterValue::Real(number)) if !number.is_nan() => Ok(real(*number)),
        (IndexKind::Boolean, FilterValue::Boolean(truth)) => Ok(boolean(*truth)),
        (IndexKind::DateTime, FilterValue::DateTime(time)) => Ok(date_time(*time)),
        _ => Err(Error::invalid(format!("index `{index}` compares with {}", expectation(kind)))),
    }
}

/// The range of encoded text that begins with `prefix`: from the first, inclusive, to the second, exclusive.
pub(crate) fn prefix(index: &str, kind: IndexKind, prefix: &str) -> Result<(Vec<u8>, Vec<u8>)> {
    let from = match kind {
        IndexKind::Text => text_bytes(prefix),
        IndexKind::TextCaseless => text_bytes(&fold(prefix)),
        _ => {
            return Err(Error::invalid(format!(
                "index `{index}` is not of text, so its values have no prefix"
            )));
        }
    };
    let mut to = from.clone();
    while to.pop_if(|byte| *byte == u8::MAX).is_some() {}
    let last = to.last_mut().expect("the first byte is 1, so never popped");
    *last += 1;
    Ok((from, to))
}

/// Puts each character in lower case by itself, so that folding a prefix gives a prefix of the folded.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

fn bounded(text: String) -> Result<Vec<u8>, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("expected text of at most {TEXT_BYTES_MAX} bytes, found {}", text.len()));
    }
    Ok(text_bytes(&text))
}

fn text_bytes(text: &str) -> Vec<u8> {
    [LEAST, text.as_bytes()].concat()
}

fn integer(number: i64) -> Vec<u8> {
    [LEAST, &sortable(number)].concat()
}

fn real(number: f64) -> Vec<u8> {
    // Adding zero turns -0 into 0.
    let bits = (number + 0.0).to_bits();
    let sortable = if bits >> 63 == 1 { !bits } else { bits ^ (1 << 63) };
    [LEAST, &sortable.to_be_bytes()].concat()
}

fn boolean(truth: bool) -> Vec<u8> {
    vec![LEAST[0], u8::from(truth)]
}

fn date_time(time: DateTime<Utc>) -> Vec<u8> {
    [LEAST, &sortable(time.timestamp()), &time.timestamp_subsec_nanos().to_be_bytes()].concat()
}

fn sortable(number: i64) -> [u8; 8] {
    (number ^ i64::MIN).to_be_bytes()
}

fn expectation(kind: IndexKind) -> &'static str {
    match kind {
        IndexKind::Text | IndexKind::TextCaseless => "text",
        IndexKind::Integer => "a whole number that fits 64 bits",
        IndexKind::Real => "a number",
        IndexKind::Boolean => "a boolean",
        IndexKind::DateTime => "a date and time in the form of RFC 3339",
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn integers_compare_as_bytes(a: i64, b: i64) {
            prop_assert_eq!(a.cmp(&b), integer(a).cmp(&integer(b)));
        }

        #[test]
        fn reals_compare_as_bytes(a: f64, b: f64) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(a.partial_cmp(&b), Some(real(a).cmp(&real(b))));
        }

        #[test]
        fn texts_compare_as_bytes(a: String, b: String) {
            prop_assert_eq!(a.cmp(&b), text_bytes(&a).cmp(&text_bytes(&b)));
        }

        #[test]
        fn times_compare_as_bytes(a in any::<(i32, u32)>(), b in any::<(i32, u32)>()) {
            let time = |(seconds, nanos): (i32, u32)| {
                DateTime::from_timestamp(i64::from(seconds) * 100, nanos % 1_000_000_000).expect("is in range")
            };
            prop_assert_eq!(time(a).cmp(&time(b)), date_time(time(a)).cmp(&date_time(time(b))));
        }

        #[test]
        fn a_prefix_is_a_range(text: String, start: String) {
            let (from, to) = prefix("name", IndexKind::Text, &start).expect("text has prefixes");
            let bytes = text_bytes(&text);
            prop_assert_eq!(text.starts_with(&start), from <= bytes && bytes < to);
        }

        #[test]
        fn folding_keeps_prefixes(text: String, at: prop::sample::Index) {
            let cut = at.index(text.chars().count() + 1);
            let start: String = text.chars().take(cut).collect();
            prop_assert!(fold(&text).starts_with(&fold(&start)));
        }
    }

    #[test]
    fn zero_has_one_encoding() {
        assert_eq!(real(0.0), real(-0.0));
    }

    #[test]
    fn folding_joins_cases_and_nothing_else() {
        assert_eq!(fold("ÄRGER"), fold("ärger"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδοσ"));
        assert_ne!(fold("mıke"), fold("mike"));
        assert_ne!(fold("straße"), fold("strasse"));
    }
}
