//! Texts with separators in them.

use crate::{
    dynamic::ArrayWriter,
    functions::{Call, Column, define::Answer},
};

pub(super) fn split(call: &Call<'_>) -> Answer {
    let (sources, delimiters) = (call.texts(0)?, call.texts(1)?);
    let wanted = call.has(2).then(|| call.longs(2)).transpose()?;
    Ok(Column::texts((0..call.rows).map(|row| {
        let (source, delimiter) = (sources.text(row), delimiters.text(row));
        let mut parts = ArrayWriter::default();
        if delimiter.is_empty() {
            parts.push_text(source);
            return Some(parts.finish());
        }
        match &wanted {
            None => source.split(delimiter).for_each(|part| parts.push_text(part)),
            Some(wanted) => {
                if let Ok(at) = usize::try_from(wanted.get(row)?)
                    && let Some(part) = source.split(delimiter).nth(at)
                {
                    parts.push_text(part);
                }
            }
        }
        Some(parts.finish())
    })))
}

pub(super) fn parse_csv(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::texts((0..call.rows).map(|row| Some(record(values.text(row))))))
}

/// The fields of the first record, as an array.
fn record(text: &str) -> String {
    let mut fields = ArrayWriter::default();
    let mut field = String::new();
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.is_empty() => is_quoted = true,
            ',' if !is_quoted => {
                fields.push_text(&field);
                field.clear();
            }
            '\n' if !is_quoted => {
                if field.ends_with('\r') {
                    field.pop();
                }
                break;
            }
            letter => field.push(letter),
        }
    }
    fields.push_text(&field);
    fields.finish()
}
