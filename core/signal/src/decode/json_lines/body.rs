//! The body of a Logs Ingestion request: an array of objects, taken whole or not at all.

use std::sync::Arc;

use super::{JsonDecoder, JsonLines};
use crate::{
    SignalBatch,
    decode::{
        Counts, Output, Session,
        json::{JsonError, Members},
    },
};

/// What a body holds.
#[derive(Debug)]
pub struct Decoded {
    pub batches: Vec<SignalBatch>,
    pub counts: Counts,
}

/// Why a body is refused as a whole. Positions are bytes from its beginning, records count from 0.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is not valid JSON: {reason} at byte {at}")]
    Syntax { at: usize, reason: &'static str },
    #[error("the body is not UTF-8 at byte {at}")]
    Encoding { at: usize },
    #[error("record {index} at byte {at} has {bytes} bytes; {limit} is the most")]
    TooLong { index: usize, at: usize, bytes: usize, limit: usize },
    #[error("record {index} at byte {at}: {reason}")]
    Record { index: usize, at: usize, reason: String },
}

/// Decodes a body: a JSON array of objects whose members are the columns of the session's table. All of
/// it is checked before any row is handed out. `received` is in microseconds since 1970.
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
    let mut index = 0;
    while !is_last {
        let end = members.parse_prefix(&body[at..]).map_err(|error| syntax(error, at, body))?;
        if end > limit {
            return Err(BodyError::TooLong { index, at, bytes: end, limit });
        }
        decoder
            .record(at as u64, &text[at..at + end], &members, &mut out)
            .map_err(|reason| BodyError::Record { index, at, reason: reason.into_owned() })?;
        at += end;
        index += 1;
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
