//! Punycode (RFC 3492), alone and in the labels of domain names.

use idna::punycode;

use crate::functions::{Call, Texts, define::Answer};

/// The characters a text may have: decoding takes time that grows with their square.
const LENGTH_MAX: usize = 4_096;

const PREFIX: &str = "xn--";

/// What divides labels (UTS #46, section 2.3).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

fn each(call: &Call<'_>, f: impl Fn(&str) -> Option<String>) -> Answer {
    let values: Texts = call.texts(0)?;
    call.strings(|row, out| {
        let text = values.text(row);
        if text.len() <= LENGTH_MAX {
            out.push_str(&f(text).unwrap_or_default());
        }
    })
}

pub(super) fn encode(call: &Call<'_>) -> Answer {
    each(call, punycode::encode_str)
}

pub(super) fn decode(call: &Call<'_>) -> Answer {
    each(call, punycode::decode_to_string)
}

pub(super) fn encode_domain(call: &Call<'_>) -> Answer {
    each(call, |domain| {
        let label = |label: &str| {
            if label.is_ascii() {
                return Some(label.to_owned());
            }
            Some(format!("{PREFIX}{}", punycode::encode_str(label)?))
        };
        Some(domain.split(DOTS).map(label).collect::<Option<Vec<_>>>()?.join("."))
    })
}

pub(super) fn decode_domain(call: &Call<'_>) -> Answer {
    each(call, |domain| {
        let label = |label: &str| match label.get(..PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => {
                punycode::decode_to_string(&label[PREFIX.len()..])
            }
            _ => Some(label.to_owned()),
        };
        Some(domain.split('.').map(label).collect::<Option<Vec<_>>>()?.join("."))
    })
}
