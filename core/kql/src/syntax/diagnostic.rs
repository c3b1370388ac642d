//! What is wrong with a query, and where.

use std::fmt::Write;

use super::Span;

/// Something wrong, for the author of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    /// Lower case, without a full stop; names of the query in backticks.
    pub message: String,
    pub span: Span,
}

/// The kinds of mistakes that need no schema to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Something else was expected here.
    Unexpected,
    /// A word that is no tabular operator.
    UnknownOperator,
    /// A string without its closing quote.
    UnterminatedString,
    /// `\` before a character that needs none.
    InvalidEscape,
    /// A number, timespan, guid … that is none, or out of its type's range.
    MalformedLiteral,
    /// A word that is no type.
    UnknownType,
    /// A character that begins no token.
    UnknownCharacter,
    /// Nested or chained deeper than is run.
    TooDeep,
    /// Longer than is read.
    TooLong,
    /// Nothing but white space and comments.
    Empty,
}

impl Code {
    /// The code that clients show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unexpected => "SYN0002",
            Self::UnknownOperator => "SYN0003",
            Self::UnterminatedString => "SYN0004",
            Self::InvalidEscape => "SYN0005",
            Self::MalformedLiteral => "SYN0006",
            Self::UnknownType => "SYN0007",
            Self::UnknownCharacter => "SYN0008",
            Self::TooDeep => "SYN0009",
            Self::TooLong => "SYN0010",
            Self::Empty => "SYN0011",
        }
    }
}

/// A place as people count: both from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    /// The place of a byte offset in `text`.
    pub fn of(text: &str, offset: u32) -> Self {
        let offset = floor(text, offset as usize);
        let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..offset]).count();
        let column = 1 + text[line_start(text, offset)..offset].chars().count();
        Self { line: line as u32, column: column as u32 }
    }
}

impl Diagnostic {
    /// The message, the place, the line, and the place underlined in it.
    pub fn render(&self, text: &str) -> String {
        render(self.code.as_str(), &self.message, self.span, text)
    }
}

/// As [`Diagnostic::render`], for a diagnostic of another stage.
pub fn render(code: &str, message: &str, span: Span, text: &str) -> String {
    let position = Position::of(text, span.start);
    let (line, column, width) = excerpt(text, span);
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(out, "error[{code}]: {message}");
    let _ = writeln!(out, "{margin}--> line {}, column {}", position.line, position.column);
    let _ = writeln!(out, "{margin} |");
    let _ = writeln!(out, "{number} | {}", line.trim_end());
    let _ = write!(out, "{margin} | {}{}", " ".repeat(column), "^".repeat(width));
    out
}

/// How much of a long line is shown before and after the beginning of the place, in characters.
const SHOWN_BEFORE: usize = 60;
const SHOWN_AFTER: usize = 60;

/// The line around a place, the place's column in it from zero, and its width: at least one.
fn excerpt(text: &str, span: Span) -> (String, usize, usize) {
    let start = floor(text, span.start as usize);
    let line_start = line_start(text, start);
    let mut out = String::new();
    let before = &text[line_start..start];
    let cut = before.char_indices().rev().nth(SHOWN_BEFORE - 1).map_or(0, |(at, _)| at);
    if cut > 0 {
        out.push('…');
    }
    out.extend(before[cut..].chars().map(printable));
    let column = out.chars().count();
    let rest = text[start..].split(['\n', '\r']).next().unwrap_or_default();
    let (shown, is_cut) = match rest.char_indices().nth(SHOWN_AFTER) {
        Some((at, _)) => (&rest[..at], true),
        None => (rest, false),
    };
    out.extend(shown.chars().map(printable));
    let length = floor(text, span.end as usize).saturating_sub(start).min(shown.len());
    let width = shown[..length].chars().count().max(1);
    if is_cut {
        out.push('…');
    }
    (out, column, width)
}

/// One column for each character, so that what is underlined is what is meant.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        _ if character.is_control() => '\u{fffd}',
        _ => character,
    }
}

fn line_start(text: &str, offset: usize) -> usize {
    memchr::memrchr(b'\n', &text.as_bytes()[..offset]).map_or(0, |at| at + 1)
}

/// The greatest boundary of a character that is not after `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The candidate that a misspelt word most likely means.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer ones are no slips of the hand, and comparing them costs their length squared.
    const LONGEST: usize = 40;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_ascii_lowercase();
    // Every short word is near to another; those only differ in case.
    let allowed = (word.len() / 3).min(3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
