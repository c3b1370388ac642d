//! Syslog: RFC 3164 as it is found, RFC 5424, and what syslog daemons write to files.
//!
//! A message becomes a row of `Syslog`, as the Azure Monitor Agent gives it; one whose text is CEF or LEEF
//! becomes a row of `CommonSecurityLog` instead, whichever header precedes it. What the text of `sshd`,
//! `sudo`, `su`, `useradd` and the like tells of activity becomes a row of a `Device…Events` table as well:
//! `mapping/syslog-messages.txt` has the patterns and `mapping/syslog-activities.map` what they mean.
//!
//! # For listeners
//!
//! | what comes | how to decode it |
//! |---|---|
//! | lines of a file | [`FORMAT`]: `(syslog::FORMAT.open)(&session)` |
//! | a connection (TCP, TLS): lines, octet-counted frames, or both | [`stream`]: `stream(&session) -> Box<dyn Decoder>`; a message may hold line feeds where its frame was counted |
//! | datagrams (UDP) of one sender | [`Messages::new`]`(&session)`, then [`Messages::message`]`(&mut self, offset: u64, message: &[u8], out: &mut Output)` for each datagram |
//! | datagrams of many senders through one [`Output`] | [`Messages::message_from`]`(&mut self, peer: IpAddr, offset: u64, message: &[u8], out: &mut Output)` |
//!
//! `HostIP` is the session's peer, or the peer given with the message; `CollectorHostName` is the session's
//! collector; times without a zone are taken in the session's; times without a year in the year that brings
//! them nearest to [`Output::received`]. `offset` is only for dead letters: bytes of the connection so far,
//! or a count of datagrams. The driver calls [`Output::set_received`] before.

pub(super) mod activity;
pub mod framing;
mod header;
mod pattern;
pub(super) mod priority;
mod rows;
mod stamp;
mod structured;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc};

use framing::Frames;
use header::Header;
use rows::RowWriter;
pub(super) use stamp::{Calendar, zone_seconds};

use super::{
    Confidence, Decoder, Format, Output, Sample, Session, Split,
    lines::{LineDecoder, Lines},
    security_log::{self, Found},
};

pub static FORMAT: Format = Format {
    name: "syslog",
    title: "Syslog, RFC 3164 and RFC 5424, and the files of syslog daemons",
    guess,
    open: |session| Box::new(Lines::new(Messages::new(session))),
    split: |_| Split::Lines,
};

/// A decoder for one connection, over which messages come one a line or octet-counted (RFC 6587), told
/// apart frame by frame.
pub fn stream(session: &Arc<Session>) -> Box<dyn Decoder> {
    Box::new(Frames::new(Messages::new(session)))
}

/// Decodes messages, one at a time. Each becomes a row or a dead letter.
pub struct Messages {
    calendar: Calendar,
    rows: RowWriter,
}

impl Messages {
    pub fn new(session: &Session) -> Self {
        Self { calendar: Calendar::new(session.zone_seconds), rows: RowWriter::new(session) }
    }

    /// Decodes one message, which may hold line feeds; those at its end, and NULs, are no part of it. An
    /// empty message is none.
    pub fn message(&mut self, offset: u64, message: &[u8], out: &mut Output) {
        let length =
            message.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r' | 0)).map_or(0, |at| at + 1);
        let message = &message[..length];
        if message.is_empty() {
            return;
        }
        if message.len() > out.session().limits.record_bytes {
            let limit = out.session().limits.record_bytes;
            return out.dead_letter(
                offset,
                message,
                format_args!("record is longer than the limit of {limit} bytes"),
            );
        }
        match std::str::from_utf8(message) {
            Ok(text) => self.text(text, None, out),
            Err(_) => self.not_utf8(offset, message, out),
        }
    }

    /// As [`Messages::message`], for a message that came from `peer`, whoever the session's peer is.
    pub fn message_from(&mut self, peer: IpAddr, offset: u64, message: &[u8], out: &mut Output) {
        self.rows.set_peer(Some(peer));
        self.message(offset, message, out);
        self.rows.set_peer(out.session().peer);
    }

    /// Decodes a line that has a record of CEF or LEEF, with a syslog header before it or not.
    pub(super) fn record(&mut self, found: Found, offset: u64, line: &[u8], out: &mut Output) {
        let text = String::from_utf8_lossy(line);
        let raw = std::str::from_utf8(line).is_err().then_some(line);
        let header = match found.at {
            0 => Header { text: &text, ..Header::default() },
            _ => Header::read(&text, &mut self.calendar, out.received()),
        };
        let record = security_log::find(header.text).ok_or("the record is divided by the syslog header");
        match record.and_then(|found| self.rows.write_record(found, &header, raw, out)) {
            Ok(()) => out.record(),
            Err(reason) => out.dead_letter(offset, line, reason),
        }
    }

    fn text(&mut self, text: &str, raw: Option<&[u8]>, out: &mut Output) {
        let header = Header::read(text, &mut self.calendar, out.received());
        self.rows.write(&header, raw, out);
        out.record();
    }

    /// A message may be in any encoding (RFC 5424 section 6.4). With a header it is a message, and the row
    /// keeps its bytes beside the text that could be read; without one nothing tells that it is any.
    fn not_utf8(&mut self, offset: u64, message: &[u8], out: &mut Output) {
        let text = String::from_utf8_lossy(message);
        let header = Header::read(&text, &mut self.calendar, out.received());
        if header.priority.is_none() && header.time.is_none() {
            return out.dead_letter(offset, message, "neither a syslog header nor UTF-8");
        }
        self.text(&text, Some(message), out);
    }
}

impl LineDecoder for Messages {
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        self.message(offset, line, out);
    }
}

/// Lines of the sample that are looked at.
const GUESS_LINES: usize = 20;

fn guess(sample: &Sample<'_>) -> Confidence {
    let text = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    let mut calendar = Calendar::new(0);
    let (mut lines, mut clear) = (0, 0);
    for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        if lines == GUESS_LINES {
            break;
        }
        lines += 1;
        let line = String::from_utf8_lossy(&line[..line.len().min(1_024)]);
        let header = Header::read(&line, &mut calendar, 0);
        clear += usize::from(header.is_clear());
    }
    match clear {
        0 => Confidence::No,
        clear if clear * 2 > lines => Confidence::Likely,
        _ => Confidence::Possible,
    }
}
