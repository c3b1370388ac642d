//! Lengths, joining, case and order of strings.

use std::collections::HashMap;

use crate::functions::{Call, Column, define::Answer};

pub(super) fn strlen(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::longs((0..call.rows).map(|row| Some(length(values.text(row))))))
}

/// The characters of a text.
pub(super) fn length(text: &str) -> i64 {
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn string_size(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::longs((0..call.rows).map(|row| i64::try_from(values.text(row).len()).ok())))
}

pub(super) fn strcat(call: &Call<'_>) -> Answer {
    let values = (0..call.arguments.len()).map(|at| call.texts(at)).collect::<Result<Vec<_>, _>>()?;
    call.strings(|row, out| values.iter().for_each(|value| out.push_str(value.text(row))))
}

pub(super) fn strcat_delim(call: &Call<'_>) -> Answer {
    let delimiters = call.texts(0)?;
    let values = (1..call.arguments.len()).map(|at| call.texts(at)).collect::<Result<Vec<_>, _>>()?;
    call.strings(|row, out| {
        for (at, value) in values.iter().enumerate() {
            if at > 0 {
                out.push_str(delimiters.text(row));
            }
            out.push_str(value.text(row));
        }
    })
}

pub(super) fn tolower(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = values.text(row);
        if text.is_ascii() {
            out.push_str(text);
            out.make_ascii_lowercase();
        } else {
            out.push_str(&text.to_lowercase());
        }
    })
}

pub(super) fn toupper(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| {
        let text = values.text(row);
        if text.is_ascii() {
            out.push_str(text);
            out.make_ascii_uppercase();
        } else {
            out.push_str(&text.to_uppercase());
        }
    })
}

pub(super) fn substring(call: &Call<'_>) -> Answer {
    let (values, starts) = (call.texts(0)?, call.longs(1)?);
    let lengths = call.has(2).then(|| call.longs(2)).transpose()?;
    call.strings(|row, out| {
        let text = values.text(row);
        let Some(start) = starts.get(row) else { return };
        let wanted = match &lengths {
            None => i64::MAX,
            Some(lengths) => match lengths.get(row) {
                Some(wanted) if wanted >= 0 => wanted,
                Some(_) => i64::MAX,
                None => return,
            },
        };
        let start = if start < 0 { (length(text) + start).max(0) } else { start };
        out.push_str(slice(text, start, wanted));
    })
}

/// So many characters from a place on, as far as there are any.
fn slice(text: &str, start: i64, wanted: i64) -> &str {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if text.is_ascii() {
        let start = start.min(text.len());
        return &text[start..start.saturating_add(wanted).min(text.len())];
    }
    let rest = &text[offset(text, start)..];
    &rest[..offset(rest, wanted)]
}

/// The byte at which a character begins; the end if there are not so many.
pub(super) fn offset(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

pub(super) fn strcmp(call: &Call<'_>) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    Ok(Column::longs((0..call.rows).map(|row| Some(left.text(row).cmp(right.text(row)) as i64))))
}

/// How often a text is repeated at most.
const REPEATS_MAX: i64 = 1024;

pub(super) fn strrep(call: &Call<'_>) -> Answer {
    let (values, counts) = (call.texts(0)?, call.longs(1)?);
    let delimiters = call.has(2).then(|| call.texts(2)).transpose()?;
    call.strings(|row, out| {
        for at in 0..counts.get(row).unwrap_or_default().min(REPEATS_MAX) {
            if at > 0 {
                out.push_str(delimiters.as_ref().map_or("", |delimiters| delimiters.text(row)));
            }
            out.push_str(values.text(row));
        }
    })
}

pub(super) fn reverse(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| out.extend(values.text(row).chars().rev()))
}

pub(super) fn translate(call: &Call<'_>) -> Answer {
    let (searched, replacements, sources) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let is_constant = call.is_constant(0) && call.is_constant(1);
    let mut table = table(searched.text(0), replacements.text(0));
    call.strings(|row, out| {
        if !is_constant && row > 0 {
            table = self::table(searched.text(row), replacements.text(row));
        }
        out.extend(sources.text(row).chars().filter_map(|letter| match table.get(&letter) {
            Some(replacement) => *replacement,
            None => Some(letter),
        }));
    })
}

/// What becomes of each character; `None` removes it.
fn table(searched: &str, replacements: &str) -> HashMap<char, Option<char>> {
    let last = replacements.chars().next_back();
    let replacements = replacements.chars().map(Some).chain(std::iter::repeat(last));
    let mut table = HashMap::new();
    for (letter, replacement) in searched.chars().zip(replacements) {
        table.entry(letter).or_insert(replacement);
    }
    table
}

pub(super) fn isascii(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::booleans((0..call.rows).map(|row| Some(values.text(row).is_ascii()))))
}

/// A string is always UTF-8: what is not never becomes one.
pub(super) fn isutf8(call: &Call<'_>) -> Answer {
    Ok(Column::booleans((0..call.rows).map(|_| Some(true))))
}
