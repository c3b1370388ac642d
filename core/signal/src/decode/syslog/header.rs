//! What stands before a message's text.
//!
//! RFC 5424 has a grammar. RFC 3164 describes what was found in the wild in 2001, and more is found today:
//!
//! | who | what |
//! |---|---|
//! | most | `<38>Oct 11 22:14:15 host sshd[123]: text` |
//! | files of syslog daemons | the same without the priority |
//! | rsyslog today | `2026-11-25T02:13:02.123456+00:00 host sshd[123]: text` |
//! | local sockets | `<38>Oct 11 22:14:15 sshd[123]: text` |
//! | Cisco IOS | `<189>237: router: 000123: *Mar  1 00:00:00.123 UTC: %SYS-5-CONFIG_I: text` |
//! | files of Cisco's messages | `10.0.0.1 237: Mar  1 00:00:00.123: %SYS-5-CONFIG_I: text` |
//! | Cisco ASA | `<166>Mar 01 2026 00:00:00 firewall : %ASA-6-302013: text`, or no time at all |
//! | Cisco NX-OS | `<189>: 2026 Mar  1 00:00:00 UTC: %ETHPORT-5-IF_UP: text` |
//! | Cisco Meraki | `<134>1 1767323045.123456789 MX84 text` |
//! | Solaris, AIX | `host sshd[1]: [ID 800047 auth.info] text`, `Message forwarded from host: sshd[1]: text` |
//!
//! So the parts are read from left to right, each if it is there, and what is left is the text. Nothing is
//! refused: a text without any header is a message, too.

use std::net::Ipv6Addr;

use super::{
    priority::Priority,
    stamp::{Calendar, Stamp},
    structured,
};

/// A message's header and text. A part that is not there is empty.
#[derive(Clone, Debug, Default)]
pub struct Header<'a> {
    pub priority: Option<Priority>,
    /// The sender's time, in microseconds since 1970.
    pub time: Option<i64>,
    /// The sender says that its clock may be wrong.
    pub doubts_time: bool,
    pub host: &'a str,
    pub program: &'a str,
    pub pid: &'a str,
    pub message_id: &'a str,
    /// Elements of structured data, as [`structured::json`] takes them.
    pub elements: &'a str,
    /// What else stood before the time: a sequence number, Cisco's sign for a clock that is not set.
    pub prelude: &'a str,
    pub text: &'a str,
    /// Whether the time is of the form that only syslog has, or the version of RFC 5424 is there.
    pub is_distinctive: bool,
}

/// Longest name of a program that is taken for one.
const PROGRAM_MAX: usize = 128;
/// Longest name of a host: that of a domain name.
const HOST_MAX: usize = 255;

impl<'a> Header<'a> {
    /// Reads a message that is not empty.
    pub fn read(message: &'a str, calendar: &mut Calendar, received: i64) -> Self {
        let mut header = Self::default();
        let mut rest = message;
        if let Some((priority, behind)) = Priority::read(message) {
            header.priority = Some(priority);
            rest = behind;
        }
        if !header.read_rfc5424(rest, calendar) {
            header.read_legacy(rest, calendar, received);
        }
        header
    }

    /// Whether this is a syslog message beyond doubt.
    pub fn is_clear(&self) -> bool {
        const LEVELS: [&str; 8] = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL"];
        let has_names = !self.host.is_empty() && !self.program.is_empty() && !LEVELS.contains(&self.host);
        self.priority.is_some() || self.time.is_some() && (self.is_distinctive || has_names)
    }

    /// `VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`. False if it is not that.
    fn read_rfc5424(&mut self, text: &'a str, calendar: &Calendar) -> bool {
        let bytes = text.as_bytes();
        let version = bytes.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if version == 0 || bytes[0] == b'0' || bytes.get(version) != Some(&b' ') {
            return false;
        }
        let mut rest = &text[version + 1..];
        match rest.as_bytes() {
            [b'-', b' ', ..] if self.priority.is_some() => rest = &rest[1..],
            [b'0'..=b'9', ..] if rest.as_bytes().get(10) == Some(&b'T') => {
                let Some(stamp) = calendar.iso(rest) else { return false };
                self.time = Some(stamp.micros);
                rest = &rest[stamp.length..];
            }
            _ => return false,
        }
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        self.is_distinctive = true;
        for part in [&mut self.host, &mut self.program, &mut self.pid, &mut self.message_id] {
            let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
            *part = if word == "-" { "" } else { word };
            rest = behind;
        }
        if let Some((elements, behind)) = structured::read(rest) {
            self.elements = elements;
            rest = behind.strip_prefix(' ').unwrap_or(behind);
        }
        self.text = rest.strip_prefix('\u{feff}').unwrap_or(rest);
        true
    }

    fn read_legacy(&mut self, text: &'a str, calendar: &mut Calendar, received: i64) {
        if let Some(stamp) = calendar.read(text, received) {
            self.is_distinctive = text.as_bytes()[0].is_ascii_uppercase();
            self.read_behind_time(&text[stamp.length..], stamp);
        } else if self.priority.is_none() {
            // Words before a time may be anything, unless a message's name behind it says who writes so.
            let mut cisco = self.clone();
            if cisco.read_prelude(text, calendar, received) && mnemonic_severity(cisco.program).is_some() {
                *self = cisco;
                return;
            }
            // Without a priority and a time nothing tells a header from the text, but a program's id does.
            self.text = text;
            self.read_tag(text, is_number);
        } else if !self.read_prelude(text, calendar, received) {
            self.read_without_time(text);
        }
    }

    fn read_behind_time(&mut self, rest: &'a str, stamp: Stamp) {
        self.time = Some(stamp.micros);
        let mut rest = rest.trim_start_matches([' ', '\t']);
        if let Some(forwarded) = rest.strip_prefix("Message forwarded from ")
            && let Some((host, behind)) = forwarded.split_once(": ")
        {
            self.host = host;
            rest = behind;
        } else if self.host.is_empty() {
            rest = self.read_host(rest);
        }
        // `host : %ASA-6-302013: text`
        let rest = rest.strip_prefix(": ").unwrap_or(rest);
        self.text = rest;
        self.read_tag(rest, |_| true);
    }

    /// Takes the host's name from the beginning, unless what stands there is a tag or the text.
    fn read_host(&mut self, text: &'a str) -> &'a str {
        let length = text.bytes().position(|byte| !is_host(byte)).unwrap_or(text.len());
        let behind = &text[length..];
        // A host without anything behind is rather a text of one word.
        if length == 0 || length > HOST_MAX || !behind.starts_with(' ') || behind.trim_ascii().is_empty() {
            return text;
        }
        let (word, rest) = (&text[..length], behind.trim_ascii_start());
        if is_repetition(text) {
            return text;
        }
        if let Some(host) = word.strip_suffix(':') {
            if rest.starts_with('%') {
                self.host = host;
                return rest;
            }
            if word.parse::<Ipv6Addr>().is_err() {
                return text;
            }
        }
        if word.starts_with('[') != word.ends_with(']') || word.as_bytes()[1..].contains(&b'[') {
            return text;
        }
        self.host = word.trim_start_matches('[').trim_end_matches(']');
        rest
    }

    /// Takes `program[pid]:` from the beginning of the text, if it is there.
    fn read_tag(&mut self, text: &'a str, accepts: fn(&str) -> bool) {
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate().take(PROGRAM_MAX) {
            match byte {
                b' ' | b'\t' | b'|' | b'"' | b'{' => return,
                b':' if at > 0 && matches!(bytes.get(at + 1), None | Some(b' ' | b'\t' | b'[' | b'%')) => {
                    if accepts("") && !is_number(&text[..at]) {
                        (self.program, self.text) = (&text[..at], without_space(&text[at + 1..]));
                    }
                    return;
                }
                b'[' if at > 0 => {
                    let Some((pid, behind)) = text[at + 1..].split_once(']') else { return };
                    let (has_colon, behind) = match behind.strip_prefix(':') {
                        Some(behind) => (true, behind),
                        None => (false, behind),
                    };
                    let is_tag = pid.len() <= PROGRAM_MAX
                        && !pid.contains(' ')
                        && (has_colon || is_number(pid) && (behind.is_empty() || behind.starts_with(' ')));
                    if is_tag && accepts(pid) {
                        (self.program, self.pid) = (&text[..at], pid);
                        self.text = without_space(behind);
                    }
                    return;
                }
                _ => {}
            }
        }
    }

    /// What Cisco devices write before the time: `237: `, `router: `, `000123: `, and `*` or `.` for a clock
    /// that is not set or has lost its source. False if no time follows.
    fn read_prelude(&mut self, text: &'a str, calendar: &mut Calendar, received: i64) -> bool {
        let mut rest = text.trim_start_matches([':', ' ']);
        let mut host = "";
        for _ in 0..4 {
            let plain = rest.strip_prefix(['*', '.']).unwrap_or(rest);
            if let Some(stamp) = calendar.read(plain, received) {
                self.prelude = text[..text.len() - plain.len()].trim_ascii();
                self.doubts_time = plain.len() < rest.len();
                self.is_distinctive = true;
                self.host = host;
                self.read_behind_time(&plain[stamp.length..], stamp);
                return true;
            }
            let length = rest.bytes().position(|byte| !is_host(byte)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(length);
            // IOS XR writes the time directly behind the node: `RP/0/RSP0/CPU0:Mar  1 …`.
            if let Some((node, _)) = word.rsplit_once(':').filter(|(_, month)| month.len() == 3) {
                rest = &rest[node.len() + 1..];
                host = if host.is_empty() { node } else { host };
                continue;
            }
            let name = word.strip_suffix(':').unwrap_or(word);
            if name.is_empty() || !behind.starts_with(' ') {
                return false;
            }
            if !is_number(name) {
                if !host.is_empty() {
                    return false;
                }
                host = name;
            }
            rest = behind.trim_ascii_start();
        }
        false
    }

    /// A priority, then no time: `program[1]: text`, `host program[1]: text`, `%ASA-6-302013: text`, or text.
    fn read_without_time(&mut self, text: &'a str) {
        let text = text.trim_start_matches(' ');
        let text = text.strip_prefix(": ").unwrap_or(text);
        self.text = text;
        self.read_tag(text, |_| true);
        if self.program.is_empty()
            && let Some((word, behind)) = text.split_once(' ')
            && word.len() <= HOST_MAX
            && word.bytes().all(is_host)
        {
            self.read_tag(behind, is_number);
            if !self.program.is_empty() {
                self.host = word;
            }
        }
    }
}

/// The severity in the name of a Cisco message, `%FACILITY-SEVERITY-MNEMONIC`.
pub(super) fn mnemonic_severity(program: &str) -> Option<usize> {
    let (before, name) = program.strip_prefix('%')?.rsplit_once('-')?;
    let (facility, severity) = before.rsplit_once('-')?;
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    match severity.as_bytes() {
        [digit @ b'0'..=b'7'] if is_name(facility) && is_name(name) => Some(usize::from(digit - b'0')),
        _ => None,
    }
}

/// What syslog daemons write for a message that came several times, without host or program.
fn is_repetition(text: &str) -> bool {
    ["last message repeated ", "message repeated ", "--- last message "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Letters of names, and of addresses with a port, a zone or a relay.
fn is_host(byte: u8) -> bool {
    const IS_HOST: [bool; 256] = {
        let mut table = [false; 256];
        let mut at = 0;
        while at < 256 {
            let byte = at as u8;
            table[at] = byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'-' | b'_' | b':' | b'/' | b'@' | b'%' | b'[' | b']')
                || byte >= 0x80;
            at += 1;
        }
        table
    };
    IS_HOST[usize::from(byte)]
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_space(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}
