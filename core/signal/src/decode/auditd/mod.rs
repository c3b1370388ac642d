//! The Linux audit log.
//!
//! The audit daemon writes a record a line, `type=CWD msg=audit(1364481363.243:24287): cwd="/"`, raw or with
//! its interpretation behind a byte 0x1D (`log_format` in auditd.conf(5)). The same records come with `node=`
//! before them from `audisp-remote`, behind a syslog header from its syslog plugin, and as
//! `audit: type=1400 audit(…): …` from the kernel's ring buffer where no daemon runs. The fields are those
//! of the audit project's "Audit Event Fields".
//!
//! Every record is a row of `LinuxAuditLog` at once, with the line whole in `RawRecord`. Besides, the records
//! of one event are joined ([`event`]), for only together they tell what a Defender sensor would report. What
//! goes where says `mapping/linux-audit.map`: `record/TYPE` are records, `event/CALL` joined events by their
//! system call.

mod event;
mod facts;
mod fields;
mod line;
mod processes;
mod rows;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;

use rows::RowWriter;
pub use rows::mapping;

use super::{
    Confidence, Decoder, Format, Output, Sample, Session, Split,
    lines::{LineDecoder, Lines},
};

pub static FORMAT: Format =
    Format { name: "auditd", title: "Linux audit log", guess, open, split: |_| Split::Never };

fn open(session: &Arc<Session>) -> Box<dyn Decoder> {
    Box::new(Lines::new(Audit { rows: RowWriter::new(session) }))
}

/// So many lines are looked at to guess.
const GUESS_LINES: usize = 20;

/// A source of syslog may have audit records among its lines; it stays with syslog.
fn guess(sample: &Sample<'_>) -> Confidence {
    let bytes = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes);
    let lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (mut records, mut others) = (0, 0);
    for line in lines.filter(|line| !is_ornament(line)).take(GUESS_LINES) {
        let starts = [&b"type="[..], b"node=", b"audit: type="].iter().any(|start| line.starts_with(start));
        // The sample may end inside of a line, and damaged lines are no other format.
        let is_record = starts && std::str::from_utf8(line).is_ok_and(|text| line::parse(text).is_ok());
        records += usize::from(is_record);
        others += usize::from(!starts);
    }
    match records {
        0 => Confidence::No,
        _ if others == 0 => Confidence::Certain,
        _ if records > others => Confidence::Likely,
        _ => Confidence::No,
    }
}

/// What `ausearch` puts between events: a line of hyphens and the time that the records have themselves.
fn is_ornament(line: &[u8]) -> bool {
    line == b"----" || line.starts_with(b"time->")
}

struct Audit {
    rows: RowWriter,
}

impl LineDecoder for Audit {
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        if is_ornament(line) {
            return;
        }
        let parsed = std::str::from_utf8(line).map_err(|_| "not UTF-8");
        match parsed.and_then(|text| Ok((text, line::parse(text)?))) {
            Ok((text, parsed)) => self.rows.record(text, &parsed, out),
            Err(reason) => out.dead_letter(offset, line, reason),
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.rows.end_all(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.rows.end_all(out);
    }
}
