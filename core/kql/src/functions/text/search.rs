//! Places and numbers of occurrences.

use memchr::memmem;
use regex::Regex;

use super::basic::{length, offset};
use crate::functions::{
    Call, Column, FunctionError, Longs, define::Answer, needle::Needles, operators::texts, regexes,
};

pub(super) fn indexof(call: &Call<'_>) -> Answer {
    let (values, searched) = (call.texts(0)?, call.texts(1)?);
    let window = Window::new(call)?;
    Ok(Column::longs((0..call.rows).map(|row| {
        let (text, searched) = (values.text(row), searched.text(row));
        let window = window.at(row, text, true)?;
        Some(window.find(text, |part| {
            let at = memmem::find(part.as_bytes(), searched.as_bytes())?;
            // The next one may overlap.
            let next = part[at..].chars().next().map_or(1, char::len_utf8);
            Some((at, at + next))
        }))
    })))
}

pub(super) fn indexof_regex(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    let mut regexes = call.prepared(1, regexes::compile)?;
    let window = Window::new(call)?;
    let places = (0..call.rows).map(|row| {
        let text = values.text(row);
        let regex: &Regex = regexes.get(row)?;
        let Some(window) = window.at(row, text, false) else { return Ok(None) };
        Ok(Some(window.find(text, |part| {
            let found = regex.find(part)?;
            Some((found.start(), found.end().max(found.start() + 1)))
        })))
    });
    Ok(Column::longs(places.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}

/// The arguments that say where to look.
struct Window {
    starts: Option<Longs>,
    lengths: Option<Longs>,
    occurrences: Option<Longs>,
}

impl Window {
    fn new(call: &Call<'_>) -> Result<Self, FunctionError> {
        let longs = |at| call.has(at).then(|| call.longs(at)).transpose();
        Ok(Self { starts: longs(2)?, lengths: longs(3)?, occurrences: longs(4)? })
    }

    /// `None` if they make no sense in a row.
    fn at(&self, row: usize, text: &str, may_count_back: bool) -> Option<RowWindow> {
        let value = |longs: &Option<Longs>, default| match longs {
            Some(longs) => longs.get(row),
            None => Some(default),
        };
        let mut start = value(&self.starts, 0)?;
        let (length_wanted, occurrence) = (value(&self.lengths, -1)?, value(&self.occurrences, 1)?);
        if start < 0 && may_count_back {
            start = (length(text) + start).max(0);
        }
        if start < 0 || length_wanted < -1 || occurrence < 0 {
            return None;
        }
        let characters = usize::try_from(length_wanted).ok();
        Some(RowWindow { start: usize::try_from(start).ok()?, characters, occurrence })
    }
}

struct RowWindow {
    start: usize,
    /// As many from wherever the search goes on; `None` for all.
    characters: Option<usize>,
    occurrence: i64,
}

impl RowWindow {
    /// The character at which the wanted occurrence begins, or -1. `find` gives where the first one in a part
    /// begins, and where to go on.
    fn find(&self, text: &str, find: impl Fn(&str) -> Option<(usize, usize)>) -> i64 {
        let mut from = offset(text, self.start);
        for occurrence in 1..=self.occurrence.max(1) {
            let Some(rest) = text.get(from..) else { return -1 };
            let part = self.characters.map_or(rest, |characters| &rest[..offset(rest, characters)]);
            let Some((at, next)) = find(part) else { return -1 };
            if occurrence == self.occurrence.max(1) {
                return length(&text[..from + at]);
            }
            from += next;
            while from < text.len() && !text.is_char_boundary(from) {
                from += 1;
            }
        }
        -1
    }
}

pub(super) fn countof(call: &Call<'_>) -> Answer {
    let (values, searched) = (call.texts(0)?, call.texts(1)?);
    if call.has(2) && call.texts(2)?.text(0).eq_ignore_ascii_case("regex") {
        let mut regexes = call.prepared(1, regexes::compile)?;
        let counts =
            (0..call.rows).map(|row| Ok(Some(regexes.get(row)?.find_iter(values.text(row)).count())));
        let counts = counts.collect::<Result<Vec<_>, FunctionError>>()?;
        return Ok(Column::longs(
            counts.into_iter().map(|count| count.and_then(|count| count.try_into().ok())),
        ));
    }
    Ok(Column::longs((0..call.rows).map(|row| Some(count(values.text(row), searched.text(row))))))
}

/// How often a text is in another, overlaps included. Nothing is nowhere.
fn count(text: &str, searched: &str) -> i64 {
    if searched.is_empty() {
        return 0;
    }
    let finder = memmem::Finder::new(searched);
    let (mut count, mut from) = (0, 0);
    while let Some(at) = finder.find(&text.as_bytes()[from..]) {
        count += 1;
        from += at + 1;
    }
    count
}

pub(super) fn has_any_index(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    let mut needles = call.prepared(1, |list| Ok(Needles::terms(&texts(list)?)))?;
    let places = (0..call.rows).map(|row| {
        let place = needles.get(row)?.first_in(values.text(row));
        Ok(Some(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1)))
    });
    Ok(Column::longs(places.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}
