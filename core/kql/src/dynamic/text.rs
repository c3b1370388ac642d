//! JSON text in other spellings: compact, canonical, and as `tostring` gives it.

use std::borrow::Cow;

use super::{
    Json, push_text,
    scan::{end_of_string, skip_space},
};

/// How deep [`canonical`] sorts members; what lies deeper stays in the order it has.
const SORT_DEPTH_MAX: usize = 64;

/// The value's text as `tostring` gives it: a string without quotes, anything else compact, null empty.
pub fn to_text(json: Json<'_>) -> Cow<'_, str> {
    if json.is_null() {
        return Cow::Borrowed("");
    }
    json.as_text().unwrap_or_else(|| compact(json.text()))
}

/// The same JSON without white space between its parts.
pub fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<String> = None;
    // What is behind `kept` has not been copied yet.
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
                out.push_str(&text[kept..at]);
                at = skip_space(bytes, at);
                kept = at;
            }
            _ => at += 1,
        }
    }
    match out {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(&text[kept..]);
            Cow::Owned(out)
        }
    }
}

/// The same JSON, compact and with the members of each bag in the order of their names. Of a name that comes
/// twice, the first stays.
pub fn canonical(json: Json<'_>) -> Cow<'_, str> {
    if !json.is_bag() && !json.is_array() {
        return Cow::Borrowed(json.text());
    }
    let mut out = String::with_capacity(json.text().len());
    push_canonical(json, SORT_DEPTH_MAX, &mut out);
    Cow::Owned(out)
}

fn push_canonical(json: Json<'_>, depth: usize, out: &mut String) {
    if depth == 0 {
        out.push_str(&compact(json.text()));
    } else if let Some(elements) = json.elements() {
        out.push('[');
        for (at, element) in elements.enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_canonical(element, depth - 1, out);
        }
        out.push(']');
    } else if let Some(members) = json.members() {
        let mut members: Vec<_> =
            members.filter_map(|(name, value)| Some((name.as_text()?, value))).collect();
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        members.dedup_by(|(a, _), (b, _)| a == b);
        out.push('{');
        for (at, (name, value)) in members.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_text(out, name);
            out.push(':');
            push_canonical(*value, depth - 1, out);
        }
        out.push('}');
    } else {
        out.push_str(json.text());
    }
}

/// Text of any kind as a `dynamic`: what is JSON as it is, anything else as a string; `None` for JSON's null and
/// for no text.
pub fn from_text(text: &str) -> Option<Cow<'_, str>> {
    phalanx_signal::dynamic::from_text(text)
}
