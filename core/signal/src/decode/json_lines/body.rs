//! The body of a Logs Ingestion request: an array of objects.
//!
//! What is no JSON is refused as a whole, for nobody can tell where its rows are. An item that is no row is
//! one of its own trouble: it becomes a dead letter, and the others are taken.

use std::sync::Arc;

use super::{JsonDecoder, JsonLines};
use crate::{
    SignalBatch,
    decode::{
        Counts, Output, Session,
        json::{JsonError, Kind, Members, members},
    },
};

/// What a body holds.
#[derive(Debug)]
pub struct Decoded {
    pub batches: Vec<SignalBatch>,
    pub counts: Counts,
}

/// Why a body is refused as a whole. Positions are bytes from its beginning.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is not valid JSON: {reason} at byte {at}")]
    Syntax { at: usize, reason: &'static str },
    #[error("the body is not UTF-8 at byte {at}")]
    Encoding { at: usize },
}

/// Decodes a body: a JSON array of objects whose members are the columns of the session's table. Items
/// that are no rows are dead letters. All of it is checked before any row is handed out. `received` is in
/// microseconds since 1970.
pub fn decode_json_array(session: &Arc<Session>, received: i64, body: &[u8]) -> Result<Decoded, BodyError> {
    let text = std::str::from_utf8(body).map_err(|error| BodyError::Encoding { at: error.valid_up_to() })?;
    let mut out = Output::new(session.clone(), super::FORMAT.name);
    out.set_received(received);
    let mut decoder = JsonLines::new(session.table.as_deref());
    let mut members = Members::default();
    let limit = session.limits.record_bytes;

    let mut at = if body.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    expect(body, &mut at, b'[', "expected an array of objects")?;
    let mut is_last = peek(body, &mut at)? == b']';
    while !is_last {
        let rest = &body[at..];
        let parsed = members.parse_prefix(rest);
        let (end, is_object) = match parsed {
            Ok(end) => (end, true),
            Err(error) => (other_value(rest).ok_or_else(|| syntax(error, at, body))?, false),
        };
        let item = &text[at..at + end];
        if !is_object {
            out.dead_letter(at as u64, item.as_bytes(), "expected an object with a row's columns");
        } else if end > limit {
            let reason = format_args!("record is longer than the limit of {limit} bytes");
            out.dead_letter(at as u64, item.as_bytes(), reason);
        } else if let Err(reason) = decoder.record(at as u64, item, &members, &mut out) {
            out.dead_letter(at as u64, item.as_bytes(), reason);
        }
        at += end;
        is_last = match peek(body, &mut at)? {
            b',' => {
                at += 1;
                peek(body, &mut at)?;
                false
            }
            b']' => true,
            _ => return Err(BodyError::Syntax { at, reason: "expected a comma or the array's end" }),
        };
    }
    at += 1;
    match body[at..].trim_ascii_start() {
        [] => Ok(Decoded { batches: out.flush(), counts: out.take_counts() }),
        rest => {
            let at = body.len() - rest.len();
            Err(BodyError::Syntax { at, reason: "something follows the array" })
        }
    }
}

/// The length of a value that is JSON and no object.
fn other_value(bytes: &[u8]) -> Option<usize> {
    members::value_prefix(bytes).ok().filter(|(_, kind)| *kind != Kind::Object).map(|(end, _)| end)
}

fn peek(body: &[u8], at: &mut usize) -> Result<u8, BodyError> {
    while body.get(*at).is_some_and(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')) {
        *at += 1;
    }
    body.get(*at).copied().ok_or(BodyError::Syntax { at: body.len(), reason: "the text ends too early" })
}

fn expect(body: &[u8], at: &mut usize, byte: u8, reason: &'static str) -> Result<(), BodyError> {
    match peek(body, at)? == byte {
        true => {
            *at += 1;
            Ok(())
        }
        false => Err(BodyError::Syntax { at: *at, reason }),
    }
}

fn syntax(error: JsonError, start: usize, body: &[u8]) -> BodyError {
    match error {
        JsonError::Incomplete => BodyError::Syntax { at: body.len(), reason: "the text ends too early" },
        JsonError::Invalid { at, reason } => BodyError::Syntax { at: start + at, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, TenantId, decode::Limits};

    fn decode(body: &str) -> Result<Decoded, BodyError> {
        let catalog = Arc::new(Catalog::new());
        let mut session = Session::new(catalog.clone(), TenantId::new(Default::default()), "test");
        session.table = catalog.table("SecurityEvent");
        session.limits = Limits { record_bytes: 200, ..Limits::default() };
        decode_json_array(&Arc::new(session), 1, body.as_bytes())
    }

    #[test]
    fn an_item_that_is_no_row_costs_no_other() {
        let long = format!(r#"{{"Computer":"{}"}}"#, "x".repeat(300));
        let body = format!(
            r#" [ {{"Computer":"a"}}, 7 , "text", null, [1,[2]], {{}}, {long}, {{"Computer":"b"}} ] "#
        );
        let decoded = decode(&body).expect("it is JSON");
        assert_eq!(decoded.counts.rows["SecurityEvent"], 2);
        let reasons: Vec<_> = decoded
            .counts
            .dead_letters
            .iter()
            .map(|(reason, (count, _))| (reason.as_str(), *count))
            .collect();
        let expected = [
            ("an object without members", 1),
            ("expected an object with a row's columns", 4),
            ("record is longer than the limit of 200 bytes", 1),
        ];
        assert_eq!(reasons, expected);
    }

    #[test]
    fn what_is_no_array_of_json_is_refused_whole() {
        for (body, reason) in [
            ("", "the text ends too early"),
            ("{}", "expected an array of objects"),
            (r#"[{"Computer":"a"}"#, "the text ends too early"),
            (r#"[{"Computer":"a"} {"Computer":"b"}]"#, "expected a comma or the array's end"),
            (r#"[{"Computer":"a"},]"#, "expected"),
            (r#"[{"Computer":"a"}] x"#, "something follows the array"),
            (r#"[{"Computer":nil}]"#, "byte"),
        ] {
            let error = decode(body).expect_err(body).to_string();
            assert!(error.contains(reason), "{body}: {error}");
        }
        assert!(decode("[]").expect("an empty array is one").batches.is_empty());
    }
}
