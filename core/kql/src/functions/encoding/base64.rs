//! Base64.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use uuid::Uuid;

use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{Call, Column, define::Answer},
};

/// Padding is written, and must be there when reading.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

pub(super) fn encode_bytes(bytes: &[u8], out: &mut String) {
    BASE64.encode_string(bytes, out);
}

pub(super) fn decode_text(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.trim()).ok()
}

pub(super) fn encode(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| encode_bytes(values.text(row).as_bytes(), out))
}

pub(super) fn decode(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = decode_text(values.text(row)).and_then(|bytes| String::from_utf8(bytes).ok());
        out.push_str(&text.unwrap_or_default());
    })
}

pub(super) fn decode_to_array(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::texts((0..call.rows).map(|row| {
        let mut array = ArrayWriter::default();
        decode_text(values.text(row))?.iter().for_each(|byte| array.push_long(i64::from(*byte)));
        Some(array.finish())
    })))
}

pub(super) fn encode_array(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let bytes = Json::new(values.text(row)).elements().and_then(|elements| {
            elements.map(|element| u8::try_from(element.as_long()?).ok()).collect::<Option<Vec<_>>>()
        });
        encode_bytes(&bytes.unwrap_or_default(), out);
    })
}

pub(super) fn encode_guid(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        if let Ok(guid) = Uuid::try_parse(values.text(row)) {
            encode_bytes(&guid.to_bytes_le(), out);
        }
    })
}

pub(super) fn decode_to_guid(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::texts((0..call.rows).map(|row| {
        let bytes: [u8; 16] = decode_text(values.text(row))?.try_into().ok()?;
        Some(Uuid::from_bytes_le(bytes).to_string())
    })))
}
