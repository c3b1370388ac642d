//! IBM's Log Event Extended Format, versions 1.0 and 2.0.
//!
//! `LEEF:1.0|Vendor|Product|Version|EventID|` and attributes divided by tabs, or `LEEF:2.0|…|EventID|Delimiter|`
//! and attributes divided by that: one character, or its number in hexadecimal (`x09`, `0x5E`); a tab if it is
//! empty or left out. Nothing is escaped. Relays turn tabs into `#011` or spaces; where no tab is left, those
//! divide too.

use memchr::memmem;

/// The header's fields and the attributes, as they stand.
pub struct Parts<'a> {
    pub format_version: &'a str,
    /// Vendor, product, version, event id.
    pub fields: [&'a str; 4],
    pub attributes: Attributes<'a>,
}

/// Attributes and what divides them.
#[derive(Debug, PartialEq)]
pub struct Attributes<'a> {
    text: &'a str,
    delimiter: Delimiter,
}

#[derive(Debug, PartialEq)]
enum Delimiter {
    Char(char),
    /// A tab that a syslog daemon has escaped.
    EscapedTab,
    /// As in CEF.
    Space,
}

/// Divides a record, which begins with `LEEF:`.
pub fn parts(record: &str) -> Result<Parts<'_>, &'static str> {
    let mut rest = record.strip_prefix("LEEF:").ok_or("expected `LEEF:`")?;
    let format_version = field(&mut rest).ok_or(FEW)?.trim();
    let mut fields = [""; 4];
    for (at, place) in fields.iter_mut().enumerate() {
        *place = match field(&mut rest) {
            Some(field) => field,
            None if at == 3 && !rest.is_empty() => std::mem::take(&mut rest),
            None => return Err(FEW),
        };
    }
    let mut delimiter = None;
    if format_version.starts_with('2')
        && let Some(behind) = rest.strip_prefix("||")
    {
        (delimiter, rest) = (Some('|'), behind);
    } else if format_version.starts_with('2')
        && let Some((named, behind)) = rest.split_once('|')
        && let Some(known) = named_delimiter(named)
    {
        (delimiter, rest) = (Some(known), behind);
    }
    let delimiter = match delimiter {
        Some('\t') | None => tab_of(rest),
        Some(other) => Delimiter::Char(other),
    };
    Ok(Parts { format_version, fields, attributes: Attributes { text: rest, delimiter } })
}

const FEW: &str = "a LEEF header has five fields divided by bars, and this one fewer";

fn field<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (field, behind) = rest.split_once('|')?;
    *rest = behind;
    Some(field)
}

/// The character that a header's field names; nothing if the field is none but an attribute already.
fn named_delimiter(text: &str) -> Option<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (None, _) => return Some('\t'),
        (Some(one), None) => return Some(one),
        _ => {}
    }
    let digits = text.trim_start_matches('0').strip_prefix(['x', 'X'])?;
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

fn tab_of(attributes: &str) -> Delimiter {
    if attributes.contains('\t') {
        Delimiter::Char('\t')
    } else if memmem::find(attributes.as_bytes(), b"#011").is_some() {
        Delimiter::EscapedTab
    } else {
        Delimiter::Space
    }
}

impl<'a> Attributes<'a> {
    /// Calls `f` with the keys and values, as they stand, in order. What has no key is given with an empty one.
    pub fn for_each(&self, mut f: impl FnMut(&'a str, &'a str)) {
        let pair = |text: &'a str| {
            let text = text.trim_matches([' ', '\t']);
            match text.split_once('=') {
                Some((key, value)) if !key.is_empty() => f(key, value),
                _ if text.is_empty() => {}
                _ => f("", text),
            }
        };
        match self.delimiter {
            Delimiter::Char(delimiter) => self.text.split(delimiter).for_each(pair),
            Delimiter::EscapedTab => self.text.split("#011").for_each(pair),
            Delimiter::Space => super::cef::for_each_pair(self.text, f),
        }
    }

    /// The value of a key.
    pub fn get(&self, wanted: &str) -> Option<&'a str> {
        let mut found = None;
        self.for_each(|key, value| {
            if key == wanted && found.is_none() {
                found = Some(value);
            }
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(record: &str, expected: &[(&str, &str)]) {
        let parts = parts(record).expect(record);
        assert_eq!(parts.fields, ["V", "P", "1", "E"], "{record}");
        let mut pairs = Vec::new();
        parts.attributes.for_each(|key, value| pairs.push((key, value)));
        assert_eq!(pairs, expected, "{record}");
    }

    #[test]
    fn delimiters() {
        check("LEEF:1.0|V|P|1|E|", &[]);
        check("LEEF:1.0|V|P|1|E", &[]);
        check("LEEF:1.0|V|P|1|E|a=b c\td=e=f", &[("a", "b c"), ("d", "e=f")]);
        check("LEEF:1.0|V|P|1|E|a=b|c\td=", &[("a", "b|c"), ("d", "")]);
        check("LEEF:1.0|V|P|1|E|a=b#011c=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:1.0|V|P|1|E|a=b c=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:2.0|V|P|1|E|^|a=b\tc^d=e", &[("a", "b\tc"), ("d", "e")]);
        check("LEEF:2.0|V|P|1|E|x5E|a=b^c=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:2.0|V|P|1|E|0x5e|a=b^c=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:2.0|V|P|1|E|x09|a=b\tc=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:2.0|V|P|1|E||a=b\tc=d", &[("a", "b"), ("c", "d")]);
        check("LEEF:2.0|V|P|1|E|a=b\tc=d|e", &[("a", "b"), ("c", "d|e")]);
        check("LEEF:2.0|V|P|1|E|¦|a=b¦c", &[("a", "b"), ("", "c")]);
        check("LEEF:2.0|V|P|1|E|||a=b|c=d", &[("a", "b"), ("c", "d")]);
    }

    #[test]
    fn short_headers() {
        for record in ["LEEF:1.0", "LEEF:1.0|V|P|1", "LEEF:1.0|V|P|1|"] {
            assert!(parts(record).is_err(), "{record}");
        }
    }
}
