//! Percent encoding.

use std::fmt::Write as _;

use crate::functions::{Call, define::Answer};

pub(super) fn encode(call: &Call<'_>, space: &str) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        for byte in values.text(row).bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => {
                    out.push(char::from(byte));
                }
                b' ' => out.push_str(space),
                // Writing to a string cannot fail.
                byte => _ = write!(out, "%{byte:02x}"),
            }
        }
    })
}

pub(super) fn decode(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = values.text(row).replace('+', " ");
        out.push_str(&percent_encoding::percent_decode_str(&text).decode_utf8_lossy());
    })
}
