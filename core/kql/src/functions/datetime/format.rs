//! Datetimes and timespans as a format says.

use chrono::{Datelike, Timelike};

use super::calendar::time;
use crate::functions::{Call, FunctionError, define::Answer};

/// A piece of a format: a letter and how often it stands there, or something that is copied.
enum Piece {
    Field(char, usize),
    Literal(char),
}

/// How often a letter may stand in a row.
const WIDTH_MAX: usize = 8;

fn pieces(format: &str, letters: &str) -> Result<Vec<Piece>, FunctionError> {
    let mut pieces: Vec<Piece> = Vec::new();
    for letter in format.chars() {
        match pieces.last_mut() {
            _ if !letters.contains(letter) => pieces.push(Piece::Literal(letter)),
            Some(Piece::Field(last, width)) if *last == letter => {
                *width += 1;
                if *width > WIDTH_MAX {
                    return Err(FunctionError(format!(
                        "`{letter}` stands more than {WIDTH_MAX} times in a row"
                    )));
                }
            }
            _ => pieces.push(Piece::Field(letter, 1)),
        }
    }
    Ok(pieces)
}

fn push_number(out: &mut String, value: i64, width: usize) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(out, "{value:0width$}");
}

/// Digits of the fraction of a second, which is given in ticks: all of them, or none that say nothing.
fn push_fraction(out: &mut String, ticks: i64, width: usize, keeps_zeros: bool) {
    let digits = format!("{ticks:07}");
    let digits = &digits[..width.min(7)];
    out.push_str(if keeps_zeros { digits } else { digits.trim_end_matches('0') });
}

pub(super) fn format_datetime(call: &Call<'_>) -> Answer {
    let values = call.datetimes(0)?;
    let mut formats = call.prepared(1, |format| pieces(format, "yMdHhmsfFt"))?;
    call.try_strings(|row, out| {
        let pieces = formats.get(row)?;
        let Some(time) = values.get(row).and_then(time) else { return Ok(()) };
        for piece in pieces {
            let (letter, width) = match piece {
                Piece::Literal(letter) => {
                    out.push(*letter);
                    continue;
                }
                Piece::Field(letter, width) => (*letter, *width),
            };
            let fraction = i64::from(time.nanosecond() / 100);
            match letter {
                'y' if width <= 2 => push_number(out, i64::from(time.year() % 100), width),
                'y' => push_number(out, i64::from(time.year()), width),
                'M' => push_number(out, i64::from(time.month()), width),
                'd' => push_number(out, i64::from(time.day()), width),
                'H' => push_number(out, i64::from(time.hour()), width),
                'h' => push_number(out, i64::from(time.hour12().1), width),
                'm' => push_number(out, i64::from(time.minute()), width),
                's' => push_number(out, i64::from(time.second()), width),
                't' => out.push_str(&(if time.hour() < 12 { "AM" } else { "PM" })[..width.min(2)]),
                letter => push_fraction(out, fraction, width, letter == 'f'),
            }
        }
        Ok(())
    })
}

pub(super) fn format_timespan(call: &Call<'_>) -> Answer {
    let values = call.longs(0)?;
    let mut formats = call.prepared(1, |format| pieces(format, "dHhmsfF"))?;
    call.try_strings(|row, out| {
        let pieces = formats.get(row)?;
        let Some(ticks) = values.get(row) else { return Ok(()) };
        if ticks < 0 {
            out.push('-');
        }
        let magnitude = i64::try_from(ticks.unsigned_abs()).unwrap_or(i64::MAX);
        let seconds = magnitude / 10_000_000;
        for piece in pieces {
            match piece {
                Piece::Literal(letter) => out.push(*letter),
                Piece::Field('d', width) => push_number(out, seconds / 86_400, *width),
                Piece::Field('H' | 'h', width) => push_number(out, seconds / 3_600 % 24, *width),
                Piece::Field('m', width) => push_number(out, seconds / 60 % 60, *width),
                Piece::Field('s', width) => push_number(out, seconds % 60, *width),
                Piece::Field(letter, width) => {
                    push_fraction(out, magnitude % 10_000_000, *width, *letter == 'f');
                }
            }
        }
        Ok(())
    })
}
