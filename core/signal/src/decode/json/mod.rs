//! JSON as logs bring it: records found in a stream of bytes, members found in a record.
//!
//! Formats made of JSON share two steps. [`stream`] cuts a source into objects, whether they stand one
//! a line, in an array, in a wrapper such as `{"Records": […]}`, or spread over many lines. [`members`]
//! finds the members of one object without building a tree, so that a value that a table keeps as JSON
//! is kept byte for byte, and a format looks only at what it needs.

pub mod flatten;
pub mod members;
pub mod stream;

pub use flatten::Flat;
pub use members::{Field, JsonError, Kind, Members};
pub use stream::{JsonDecoder, JsonRecords};

use super::{Sample, Split};

/// The first record of a sample, for guessing. `None` if it does not begin with a JSON object, in an
/// array or a wrapper of the given names or not, or if that object is longer than the sample.
pub fn first_record<'a>(sample: &Sample<'a>, wrappers: &[&str]) -> Option<(&'a str, Members)> {
    first_record_behind(sample, wrappers, &[])
}

/// As [`first_record`], where members of the preamble may stand in front of the wrapper's array.
pub fn first_record_behind<'a>(
    sample: &Sample<'a>,
    wrappers: &[&str],
    preamble: &[&str],
) -> Option<(&'a str, Members)> {
    let bytes = sample.bytes;
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if let Some(inner) = rest.strip_prefix(b"[") {
        rest = inner.trim_ascii_start();
    } else if let stream::Opening::Wrapper(length) = stream::opening(rest, wrappers, preamble) {
        rest = rest[length..].trim_ascii_start();
    }
    let mut members = Members::default();
    let end = members.parse_prefix(rest).ok()?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    Some((text, members))
}

/// JSON may be cut at line feeds when its first record is a line, else not at all.
pub fn split(sample: &Sample<'_>) -> Split {
    let bytes = sample.bytes;
    let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
    let mut members = Members::default();
    match members.parse_prefix(line) {
        Ok(end) if line[end..].trim_ascii().is_empty() && !line[..end].contains(&b'\n') => Split::Lines,
        _ => Split::Never,
    }
}
