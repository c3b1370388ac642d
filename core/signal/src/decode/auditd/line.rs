//! The head of a record: what stands before its fields.

use crate::decode::auditd::facts;

/// A line, taken apart.
#[derive(Debug, PartialEq)]
pub struct Line<'a> {
    /// The machine that an audit daemon names when it collects from several.
    pub node: &'a str,
    /// The machine that a syslog header before the record names.
    pub host: &'a str,
    /// The record's type, as a name where it has one.
    pub kind: &'a str,
    /// `1364481363.243:24287`: what the records of an event have in common.
    pub id: &'a str,
    /// When the event happened, in microseconds since 1970.
    pub micros: i64,
    pub serial: &'a str,
    /// The fields.
    pub body: &'a str,
    /// What the daemon has interpreted of them (`log_format = ENRICHED`): more fields, in upper case.
    pub enriched: &'a str,
}

/// Divides the fields from their interpretation.
const ENRICHED: char = '\u{1d}';

pub fn parse(line: &str) -> Result<Line<'_>, &'static str> {
    const EXPECTED: &str = "no audit record: expected `type=… msg=audit(seconds.milliseconds:serial):`";
    let start = type_at(line).ok_or(EXPECTED)?;
    let (before, rest) = (&line[..start], &line[start + TYPE.len()..]);
    let (node, header) = match before.rfind("node=") {
        Some(at) => (before[at + 5..].trim_ascii(), &before[..at]),
        None => ("", before),
    };
    let (kind, rest) = rest.split_once(' ').ok_or(EXPECTED)?;
    let rest = rest.trim_start_matches(' ');
    let rest = rest.strip_prefix("msg=").unwrap_or(rest).strip_prefix("audit(").ok_or(EXPECTED)?;
    let (id, rest) = rest.split_once(')').ok_or(EXPECTED)?;
    let (micros, serial) = stamp(id).ok_or(EXPECTED)?;
    let rest = rest.trim_start_matches([' ', ':']);
    let (body, enriched) = rest.split_once(ENRICHED).unwrap_or((rest, ""));
    let (kind, host) = (facts::record_type(kind), if header.is_empty() { "" } else { syslog_host(header) });
    Ok(Line { node, host, kind, id, micros, serial, body, enriched })
}

const TYPE: &str = "type=";

/// Where `type=` stands, as a word of its own.
fn type_at(line: &str) -> Option<usize> {
    if line.starts_with(TYPE) {
        return Some(0);
    }
    memchr::memmem::find_iter(line.as_bytes(), TYPE).find(|at| line.as_bytes()[at - 1] == b' ')
}

/// `seconds.fraction:serial`.
fn stamp(id: &str) -> Option<(i64, &str)> {
    let (time, serial) = id.split_once(':')?;
    let (seconds, fraction) = time.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(seconds) || !is_number(fraction) || !is_number(serial) || fraction.len() > 6 {
        return None;
    }
    // As far as years have four digits.
    let seconds = seconds.parse::<i64>().ok().filter(|seconds| *seconds < 253_402_300_800)?;
    let fraction = fraction.parse::<i64>().ok()? * 10_i64.pow(6 - fraction.len() as u32);
    Some((seconds * 1_000_000 + fraction, serial))
}

/// The host in `<13>Mar  1 12:00:00 host audispd:` (RFC 3164) and in `2026-03-01T12:00:00Z host audispd:`.
fn syslog_host(header: &str) -> &str {
    let header = match header.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest,
        None => header,
    };
    let mut words = header.split_ascii_whitespace();
    let Some(first) = words.next() else { return "" };
    let host = if first.len() == 3 && first.bytes().all(|b| b.is_ascii_alphabetic()) {
        words.nth(2)
    } else if first.len() >= 19 && first.as_bytes()[10] == b'T' {
        words.next()
    } else {
        None
    };
    host.filter(|host| !host.ends_with(':')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Line<'_> = Line {
        node: "",
        host: "",
        kind: "CWD",
        id: "1364481363.243:24287",
        micros: 1_364_481_363_243_000,
        serial: "24287",
        body: "cwd=\"/\"",
        enriched: "",
    };

    #[test]
    fn heads_of_all_shapes() {
        let check = |text: &str, expected: Line<'_>| assert_eq!(parse(text), Ok(expected), "{text}");
        check("type=CWD msg=audit(1364481363.243:24287): cwd=\"/\"", PLAIN);
        check("type=CWD msg=audit(1364481363.243:24287):  cwd=\"/\"", PLAIN);
        check("audit: type=1307 audit(1364481363.243:24287): cwd=\"/\"", PLAIN);
        check("[   12.5] audit: type=UNKNOWN[1307] msg=audit(1364481363.243:24287): cwd=\"/\"", PLAIN);
        check(
            "node=web1 type=CWD msg=audit(1364481363.243:24287): cwd=\"/\"",
            Line { node: "web1", ..PLAIN },
        );
        check(
            "<13>Mar  1 12:00:00 gate audispd: node=web1 type=CWD msg=audit(1364481363.243:24287): cwd=\"/\"",
            Line { node: "web1", host: "gate", ..PLAIN },
        );
        check(
            "2026-03-01T12:00:00.5+01:00 gate audispd: type=CWD msg=audit(1364481363.243:24287): cwd=\"/\"",
            Line { host: "gate", ..PLAIN },
        );
        check(
            "type=CWD msg=audit(1364481363.243:24287): cwd=\"/\"\u{1d}X=\"y\"",
            Line { enriched: "X=\"y\"", ..PLAIN },
        );
        let empty = Line { body: "", kind: "EOE", ..PLAIN };
        check("type=EOE msg=audit(1364481363.243:24287): ", Line { ..empty });
        check("type=EOE msg=audit(1364481363.243:24287):", empty);
    }

    #[test]
    fn other_lines_are_none() {
        for text in [
            "",
            "type=CWD",
            "type=CWD msg=audit(1364481363:24287): x",
            "type=CWD msg=audit(a.1:24287): x",
            "type=CWD msg=audit(1.1:): x",
            "type=CWD msg=audit(99999999999999.1:1): x",
            "type=CWD msg=audit(1.1:1",
            "type=CWD message",
            "mytype=CWD msg=audit(1.1:1): x",
            "audit: backlog limit exceeded",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
