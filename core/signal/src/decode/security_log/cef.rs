//! ArcSight's Common Event Format: "Implementing ArcSight Common Event Format (CEF)", versions 0.1 to 1.2.
//!
//! `CEF:Version|Device Vendor|Device Product|Device Version|Device Event Class ID|Name|Severity|Extension`. In
//! the header a bar and a backslash have a backslash before them; in the extension an equals sign and a
//! backslash, and `\n` and `\r` are line ends. Values may have spaces: a value ends where the next key begins.
//! Senders forget to escape equals signs, so one counts only behind a key, which is a word of letters, digits,
//! and `_.-[]` behind a space: `request=http://x/?a=1&b=2 act=block` has two keys.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

/// The header's fields and the extension, as they stand.
pub struct Parts<'a> {
    pub format_version: &'a str,
    /// Vendor, product, version, class, name, severity.
    pub fields: [&'a str; 6],
    pub extension: &'a str,
}

/// Divides a record, which begins with `CEF:`.
pub fn parts(record: &str) -> Result<Parts<'_>, &'static str> {
    let mut rest = record.strip_prefix("CEF:").ok_or("expected `CEF:`")?.trim_start();
    let format_version = field(&mut rest).ok_or(FEW)?;
    let mut fields = [""; 6];
    for (at, place) in fields.iter_mut().enumerate() {
        *place = match field(&mut rest) {
            Some(field) => field,
            // Without an extension some leave out the last bar.
            None if at == 5 && !rest.is_empty() => std::mem::take(&mut rest),
            None => return Err(FEW),
        };
    }
    Ok(Parts { format_version, fields, extension: rest })
}

const FEW: &str = "a CEF header has seven fields divided by bars, and this one fewer";

/// Takes what stands before the next bar that counts, and the bar.
fn field<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'|', &rest.as_bytes()[from..])?;
        if !is_escaped(rest.as_bytes(), at) {
            let field = &rest[..at];
            *rest = &rest[at + 1..];
            return Some(field);
        }
        from = at + 1;
    }
}

/// Calls `f` with the keys and values of an extension, as they stand, in order. What stands before the first
/// key is given with an empty key.
pub fn for_each_pair<'a>(extension: &'a str, mut f: impl FnMut(&'a str, &'a str)) {
    let bytes = extension.as_bytes();
    let (mut key, mut value_at) = ("", 0);
    for equals in memchr_iter(b'=', bytes) {
        let length = bytes[..equals].iter().rev().take_while(|byte| is_key(**byte)).count();
        let key_at = equals - length;
        let is_behind_space = key_at == 0 || bytes[key_at - 1].is_ascii_whitespace();
        if length == 0 || !is_behind_space || key_at < value_at {
            continue;
        }
        let before = extension[value_at..key_at].trim_ascii_end();
        if !(key.is_empty() && before.is_empty()) {
            f(key, before);
        }
        (key, value_at) = (&extension[key_at..equals], equals + 1);
    }
    let last = extension[value_at..].trim_ascii_end();
    if !(key.is_empty() && last.trim_ascii().is_empty()) {
        f(key, last);
    }
}

/// A value or field of the header without its backslashes.
pub fn unescaped(value: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'\\', value.as_bytes()) else { return Cow::Borrowed(value) };
    let mut text = String::with_capacity(value.len());
    text.push_str(&value[..first]);
    let mut chars = value[first..].chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some(escaped @ ('=' | '\\' | '|')) => text.push(escaped),
            // No escape: the sender's paths are not escaped.
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    Cow::Owned(text)
}

/// Whether the byte at `at` has an odd number of backslashes before it.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_pairs(extension: &str, expected: &[(&str, &str)]) {
        let mut pairs = Vec::new();
        for_each_pair(extension, |key, value| pairs.push((key.to_owned(), unescaped(value).into_owned())));
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(pairs, expected, "{extension}");
    }

    #[test]
    fn extensions() {
        check_pairs("", &[]);
        check_pairs("a=b", &[("a", "b")]);
        check_pairs("a=b c d=e f", &[("a", "b c"), ("d", "e f")]);
        check_pairs("a= b=c  d=", &[("a", ""), ("b", "c"), ("d", "")]);
        check_pairs(r"a=x\=y b=C:\\dir\\ c=1\n2\r3", &[("a", "x=y"), ("b", r"C:\dir\"), ("c", "1\n2\r3")]);
        check_pairs(
            "request=http://x/?a=1&b=2 act=block",
            &[("request", "http://x/?a=1&b=2"), ("act", "block")],
        );
        check_pairs(r"a=C:\temp\x y=z", &[("a", r"C:\temp\x"), ("y", "z")]);
        check_pairs("a.b[0]=1 c_d-e=2", &[("a.b[0]", "1"), ("c_d-e", "2")]);
        check_pairs("noise a=b", &[("", "noise"), ("a", "b")]);
        check_pairs("no pair", &[("", "no pair")]);
        check_pairs("=x a==b", &[("", "=x"), ("a", "=b")]);
        check_pairs("msg=é ü=x ok=1", &[("msg", "é ü=x"), ("ok", "1")]);
    }

    #[test]
    fn headers() {
        let parts = parts(r"CEF:0|a\|b|c\\|1.0|100|n=m \= x|5|x=\|").expect("a record");
        assert_eq!(parts.format_version, "0");
        let fields = parts.fields.map(|field| unescaped(field).into_owned());
        assert_eq!(fields, ["a|b", r"c\", "1.0", "100", "n=m = x", "5"]);
        assert_eq!(parts.extension, r"x=\|");
    }

    #[test]
    fn short_headers() {
        for record in ["CEF:0|a", "CEF:0", "CEF:0|a|b|c|d|e", "CEF:0|a|b|c|d|e|", "CEF:0|a|b|c|d|e\\|5"] {
            assert!(parts(record).is_err(), "{record}");
        }
        assert_eq!(parts("CEF:0|a|b|c|d|e|High").expect("a record").fields[5], "High");
    }
}
