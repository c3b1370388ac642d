//! Writing JSON text piece by piece.

use chrono::{DateTime, SecondsFormat};

use super::Json;

const TICKS_A_SECOND: u64 = 10_000_000;

/// Appends a string with its quotes.
pub fn push_text(out: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if is_plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&phalanx_signal::dynamic::quote(text));
    }
}

/// Appends a number that reads back as a `real`; NaN and the infinities are strings, as JSON has no such numbers.
pub fn push_real(out: &mut String, value: f64) {
    if value.is_finite() {
        out.push_str(&real_text(value));
    } else {
        push_text(out, &real_text(value));
    }
}

/// A `real` in the language's spelling: the shortest that reads back the same, always with a point or exponent.
pub fn real_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-5..1e15).contains(&magnitude) {
        let text = format!("{value:E}");
        let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        return format!("{digits}E{sign}{exponent:0>2}");
    }
    let mut text = format!("{value}");
    if !text.contains('.') {
        text.push_str(".0");
    }
    text
}

/// Appends the text of a `datetime` (microseconds since 1970) as in `2017-10-15T12:00:00.0000000Z`, without quotes.
pub fn push_datetime(out: &mut String, micros: i64) {
    if let Some(time) = DateTime::from_timestamp_micros(micros) {
        let text = time.to_rfc3339_opts(SecondsFormat::Micros, true);
        out.push_str(text.trim_end_matches('Z'));
        out.push_str("0Z");
    }
}

/// Appends the text of a `timespan` (ticks of 100 ns) as in `1.02:03:04.0000005`, without quotes.
pub fn push_timespan(out: &mut String, ticks: i64) {
    use std::fmt::Write as _;
    let magnitude = ticks.unsigned_abs();
    let (seconds, fraction) = (magnitude / TICKS_A_SECOND, magnitude % TICKS_A_SECOND);
    let days = seconds / 86_400;
    if ticks < 0 {
        out.push('-');
    }
    let time = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    // Writing to a string cannot fail.
    let _ = if days > 0 { write!(out, "{days}.") } else { Ok(()) };
    let _ = write!(out, "{:02}:{:02}:{:02}", time.0, time.1, time.2);
    let _ = if fraction > 0 { write!(out, ".{fraction:07}") } else { Ok(()) };
}

/// An array under way.
#[derive(Debug)]
pub struct ArrayWriter {
    text: String,
}

impl Default for ArrayWriter {
    fn default() -> Self {
        Self { text: String::from("[") }
    }
}

impl ArrayWriter {
    pub fn push(&mut self, json: Json<'_>) {
        self.element().push_str(json.text());
    }

    pub fn push_text(&mut self, text: &str) {
        push_text(self.element(), text);
    }

    pub fn push_long(&mut self, value: i64) {
        self.element().push_str(&value.to_string());
    }

    pub fn push_real(&mut self, value: f64) {
        push_real(self.element(), value);
    }

    pub fn push_bool(&mut self, value: bool) {
        self.element().push_str(if value { "true" } else { "false" });
    }

    pub fn push_null(&mut self) {
        self.element().push_str("null");
    }

    /// Where the text of one more element goes.
    pub fn element(&mut self) -> &mut String {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        &mut self.text
    }

    /// The bytes written so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    pub fn is_empty(&self) -> bool {
        self.text.len() == 1
    }

    pub fn finish(mut self) -> String {
        self.text.push(']');
        self.text
    }
}

impl<'a> FromIterator<Json<'a>> for ArrayWriter {
    fn from_iter<T: IntoIterator<Item = Json<'a>>>(values: T) -> Self {
        let mut writer = Self::default();
        values.into_iter().for_each(|value| writer.push(value));
        writer
    }
}

impl FromIterator<f64> for ArrayWriter {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        let mut writer = Self::default();
        values.into_iter().for_each(|value| writer.push_real(value));
        writer
    }
}

/// A bag under way. Names are not checked for coming twice.
#[derive(Debug)]
pub struct BagWriter {
    text: String,
}

impl Default for BagWriter {
    fn default() -> Self {
        Self { text: String::from("{") }
    }
}

impl BagWriter {
    /// A member whose value is JSON.
    pub fn push(&mut self, name: &str, value: Json<'_>) {
        self.member(name).push_str(value.text());
    }

    pub fn push_text(&mut self, name: &str, value: &str) {
        push_text(self.member(name), value);
    }

    pub fn push_real(&mut self, name: &str, value: f64) {
        push_real(self.member(name), value);
    }

    /// A member whose name is a JSON string already.
    pub fn push_raw(&mut self, name: Json<'_>, value: Json<'_>) {
        self.separate();
        self.text.push_str(name.text());
        self.text.push(':');
        self.text.push_str(value.text());
    }

    /// Where the value of one more member goes.
    pub fn member(&mut self, name: &str) -> &mut String {
        self.separate();
        push_text(&mut self.text, name);
        self.text.push(':');
        &mut self.text
    }

    pub fn finish(mut self) -> String {
        self.text.push('}');
        self.text
    }

    fn separate(&mut self) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
    }
}
