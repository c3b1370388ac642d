//! How a `dynamic` value is represented: as JSON text.
//!
//! This is the only module that knows. Others ask it for the Arrow type, hand it text or values to
//! store, and take values out through it, so that the representation can change here alone
//! (docs/decisions/0002 has the measurements and what would change the choice).
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
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

/// The text between the braces of a stored object that has members; `None` for anything else.
pub fn members_of(json: &str) -> Option<&str> {
    let members = json.strip_prefix('{')?.strip_suffix('}')?;
    (!members.trim_ascii().is_empty()).then_some(members)
}

/// Writes an object, member by member, in the stored form.
#[derive(Default)]
pub struct ObjectWriter {
    text: String,
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
        self.text.push_str(json);
    }

    /// Adds the members of another object, as [`members_of`] gives them.
    pub fn members(&mut self, members: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push_str(members);
    }

    /// Ends the object, leaving the writer empty with its memory kept; `f` sees the text.
    pub fn finish<T>(&mut self, f: impl FnOnce(&str) -> T) -> T {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        let result = f(&self.text);
        self.text.clear();
        result
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        push_quoted(&mut self.text, name);
        self.text.push(':');
    }
}

/// Appends `text` as a JSON string with its quotes.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x00..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}
