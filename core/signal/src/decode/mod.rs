//! Decoders: from the bytes of a wire format to rows of tables, streaming and in bounded memory.
//!
//! A [`Format`] says what a format is called, how likely some first bytes are of it, and how to open a
//! [`Decoder`]. A decoder is pushed bytes as they come and writes rows and dead letters to an
//! [`Output`]. It never fails: what it can't read goes, whole, to the dead-letter table with source,
//! offset and reason, and it goes on behind it.
//!
//! Adding a format: one file (or folder) here, one line in [`FORMATS`], one fixture folder under
//! `fixtures/`, one fuzz target. docs/howto/add-a-decoder.md walks through it.

pub mod archive;
pub mod auditd;
pub mod azure;
pub mod cloudtrail;
mod columns;
mod csv;
mod device;
pub mod journald;
pub mod json;
pub mod json_lines;
pub mod kusto;
pub mod lines;
pub mod office365;
mod output;
pub mod security_log;
pub mod syslog;
#[cfg(test)]
mod tests;
pub mod windows;
pub mod zeek;

use std::sync::Arc;

pub use output::{Counts, DeadLetter, Limits, Output, Session, TableSlot};

/// A wire format.
pub struct Format {
    /// The name used in `--format`, in configuration and in the dead-letter table: lower case, hyphens.
    pub name: &'static str,
    /// What a person calls it.
    pub title: &'static str,
    /// How likely it is that a source begins like this.
    pub guess: fn(&Sample<'_>) -> Confidence,
    /// Opens a decoder for one source.
    pub open: fn(&Arc<Session>) -> Box<dyn Decoder>,
    /// How a source that begins like this may be cut so that several decoders work on it at once.
    pub split: fn(&Sample<'_>) -> Split,
}

/// The beginning of a source, to guess its format by.
pub struct Sample<'a> {
    /// The file's name, if it has one, in lower case.
    pub name: &'a str,
    /// Up to 64 KiB from its beginning; more where those have told nothing.
    pub bytes: &'a [u8],
    /// The table the sender named, if any.
    pub table: Option<&'a str>,
}

/// How sure a format is that a source is its own. The surest wins; among equals the first in [`FORMATS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    No,
    /// It would decode, but so would many things.
    Possible,
    /// It has the format's shape.
    Likely,
    /// It has the format's signature.
    Certain,
}

/// How a source may be cut so that several decoders, each of its own, work on the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Not at all: what comes later depends on what came before.
    Never,
    /// Behind any line feed.
    Lines,
    /// Behind a header of so many bytes, every so many bytes; each piece is decoded without the header.
    Blocks { header: usize, block: usize },
}

/// Turns the bytes of one source into rows.
///
/// Bytes are pushed in order, in pieces of any size: a record may begin in one and end in another. With
/// [`Split::Lines`] or [`Split::Blocks`] a decoder may get any run of whole pieces of the source.
///
/// A decoder holds no more than one record and what joining records demands, both bounded by
/// [`Limits`]; what is longer becomes dead letters. It does no I/O, never panics, and loses nothing: each
/// record is a row at least once or a dead letter.
pub trait Decoder: Send {
    /// Decodes `bytes`, which begin at `offset` in the source.
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output);

    /// The source has ended: decodes what is held back.
    fn finish(&mut self, out: &mut Output);

    /// The source is a live stream and has been silent for a moment: decodes what waits only for a
    /// possible continuation (an audit event's further records). A file is not live.
    fn idle(&mut self, _out: &mut Output) {}

    /// Bytes of memory that an unfinished record takes, so that a listener can bound what many
    /// connections hold together. 0 where a decoder does not tell.
    fn held_bytes(&self) -> usize {
        0
    }
}

/// Every format, in the order in which equal guesses are decided.
pub static FORMATS: &[&Format] =
    // One a line, so that two additions do not meet.
    &[
        &windows::EVTX,
        &windows::XML,
        &windows::JSON,
        &auditd::FORMAT,
        &cloudtrail::FORMAT,
        &zeek::TSV,
        &zeek::JSON,
        &journald::EXPORT,
        &journald::JSON,
        &azure::FORMAT,
        &office365::FORMAT,
        &kusto::FORMAT,
        &json_lines::FORMAT,
        &csv::FORMAT,
        &security_log::CEF,
        &security_log::LEEF,
        &syslog::FORMAT,
    ];

/// A format by its name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().copied().find(|format| format.name == name)
}

/// Lines behind the first that a format may be recognised by.
const GUESS_LINES: usize = 32;

/// The format that the sample most probably has. `None` when nobody recognises it.
///
/// A source may begin with a line that is damaged: formats made of lines are recognised by a later one.
pub fn guess(sample: &Sample<'_>) -> Option<(&'static Format, Confidence)> {
    let later = || {
        let starts = memchr::memchr_iter(b'\n', sample.bytes).take(GUESS_LINES).map(|at| at + 1);
        starts.map(|start| Sample { bytes: &sample.bytes[start..], ..*sample }).find_map(|behind| {
            guess_from_start(&behind).filter(|(format, _)| {
                (format.split)(&behind) == Split::Lines || format.name == auditd::FORMAT.name
            })
        })
    };
    guess_from_start(sample).or_else(later)
}

fn guess_from_start(sample: &Sample<'_>) -> Option<(&'static Format, Confidence)> {
    let mut best: Option<(&'static Format, Confidence)> = None;
    for format in FORMATS {
        let confidence = (format.guess)(sample);
        if confidence > best.map_or(Confidence::No, |(_, c)| c) {
            best = Some((format, confidence));
        }
    }
    best
}
