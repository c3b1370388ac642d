//! What Kusto and Log Analytics answer to a query, taken in as rows of the tables they came from.
//!
//! Three shapes: Log Analytics' `{"tables":[{"name":…,"columns":[…],"rows":[[…]]}]}`, Kusto's version 1 with
//! `Tables`, `Columns` and `Rows`, and its version 2, an array of frames. In all of them an object tells its
//! columns before its rows, and a row is an array of values. A row becomes the record that it stands for, and
//! goes the way of any JSON record: to the table that the sender or its column `Type` names, that the answer
//! names, or whose columns it has. Tables about the query itself (its status, its properties, the list of the
//! answer's tables) are passed over.

mod answer;
mod scan;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc};

use answer::AnswerTable;
use scan::{Scan, Step};

use super::{
    Confidence, Decoder, Format, Output, Sample, Session, Split,
    json::{JsonDecoder, Members},
    json_lines::JsonLines,
    lines::Oversized,
};

pub static FORMAT: Format = Format {
    name: "kusto",
    title: "Answer of Kusto or Log Analytics to a query",
    guess,
    open: |session: &Arc<Session>| Box::new(Kusto::new(session)),
    split: |_| Split::Never,
};

/// How answers begin, without white space.
const BEGINNINGS: [&[u8]; 3] =
    [br#"{"tables":[{"name":"#, br#"{"Tables":[{"TableName":"#, br#"[{"FrameType":"#];

fn guess(sample: &Sample<'_>) -> Confidence {
    let bytes = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    let begin: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(32).collect();
    match BEGINNINGS.iter().any(|known| begin.starts_with(known)) {
        true => Confidence::Certain,
        false => Confidence::No,
    }
}

struct Kusto {
    scan: Scan,
    lines: JsonLines,
    members: Members,
    /// The table that rows are of.
    table: AnswerTable,
    /// What is held: a row, or what stands between rows.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
    /// The record that a row stands for.
    record: String,
}

impl Kusto {
    fn new(session: &Session) -> Self {
        Self {
            scan: Scan::default(),
            lines: JsonLines::new(session.table.as_deref()),
            members: Members::default(),
            table: AnswerTable::default(),
            held: Vec::new(),
            held_at: 0,
            oversized: Oversized::default(),
            record: String::new(),
        }
    }

    /// Holds more of what has begun; what is over the limit goes to the dead letters in pieces.
    fn hold(&mut self, bytes: &[u8], out: &mut Output) {
        if self.oversized.hold(self.held_at, &mut self.held, bytes, out) {
            self.scan.forget();
        }
    }

    /// A row has ended.
    fn row(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else if !self.table.is_about_the_query {
            let result = match std::str::from_utf8(&self.held) {
                Ok(row) => self.table.record(row, &mut self.record).map_err(Cow::Borrowed),
                Err(_) => Err("not UTF-8".into()),
            };
            let result = result.and_then(|()| {
                let parsed = self.members.parse(&self.record);
                parsed.map_err(|error| Cow::Owned(format!("not JSON: {error}")))?;
                self.lines.record(self.held_at, &self.record, &self.members, out)
            });
            if let Err(reason) = result {
                out.dead_letter(self.held_at, &self.held, reason);
            }
        }
        self.held.clear();
    }

    /// Something between rows that is none has ended.
    fn garbage(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else {
            out.dead_letter(self.held_at, self.held.trim_ascii_end(), "no row of the answer");
        }
        self.held.clear();
    }
}

impl Decoder for Kusto {
    fn push(&mut self, offset: u64, bytes: &[u8], out: &mut Output) {
        let mut at = 0;
        while at < bytes.len() {
            if self.held.is_empty() && !self.oversized.is_open() {
                self.held_at = offset + at as u64;
            }
            let (taken, step) = self.scan.feed(self.held.len(), &bytes[at..]);
            let piece = &bytes[at..at + taken];
            at += taken;
            match step {
                Step::Skip => {}
                Step::Hold => self.hold(piece, out),
                Step::RowsBegin { object } => {
                    self.hold(piece, out);
                    let opening = self.held.get(object..).unwrap_or_default();
                    self.table = AnswerTable::of(opening, &out.session().catalog);
                    self.oversized.end(self.held_at, &mut Vec::new(), out);
                    self.held.clear();
                }
                Step::RowEnds => {
                    self.hold(piece, out);
                    self.row(out);
                }
                Step::GarbageEnds => {
                    self.hold(piece, out);
                    self.garbage(out);
                }
                Step::RowsEnd => self.held.clear(),
            }
        }
    }

    fn finish(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else if !self.scan.is_closed() && !self.held.trim_ascii().is_empty() {
            out.dead_letter(self.held_at, self.held.trim_ascii_end(), "the answer ends too early");
        }
        self.held.clear();
    }
}
