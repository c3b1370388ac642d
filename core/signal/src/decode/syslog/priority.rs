//! What a priority's number says: the names that the Azure Monitor Agent gives.

/// Facilities by number (RFC 5424 section 6.2.1).
pub const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

/// Severities by number.
pub const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// What a message that was sent without a priority counts as: `user.notice` (RFC 3164 section 4.3.3).
pub const DEFAULT: Priority = Priority(13);

/// Facility times eight plus severity, at most 191.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priority(u8);

impl Priority {
    /// Reads `<PRI>` at the beginning of a message, and gives what is behind.
    pub fn read(text: &str) -> Option<(Self, &str)> {
        let bytes = text.as_bytes();
        if bytes.first() != Some(&b'<') {
            return None;
        }
        let mut number = 0_u32;
        for at in 1..=4 {
            match bytes.get(at)? {
                digit @ b'0'..=b'9' => number = number * 10 + u32::from(digit - b'0'),
                b'>' if at > 1 && number < 192 => return Some((Self(number as u8), &text[at + 1..])),
                _ => return None,
            }
        }
        None
    }

    pub fn facility(self) -> &'static str {
        FACILITIES[usize::from(self.0 >> 3)]
    }

    pub fn severity(self) -> &'static str {
        SEVERITIES[usize::from(self.0 & 7)]
    }
}

/// The facility that a syslog daemon writes to a file of this name, on Debian, Red Hat and their kin. Files
/// that several facilities go to tell none.
pub fn facility_of_file(source: &str) -> Option<&'static str> {
    let name = source.rsplit(['/', '\\']).next().unwrap_or(source);
    let name = name.split('.').next().unwrap_or(name).split('-').next().unwrap_or(name);
    Some(match name {
        "auth" | "secure" => "authpriv",
        "kern" => "kern",
        "mail" | "maillog" => "mail",
        "cron" => "cron",
        "daemon" => "daemon",
        "user" => "user",
        "lpr" => "lpr",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities() {
        let read = |text| Priority::read(text).map(|(p, rest)| (p.facility(), p.severity(), rest));
        assert_eq!(read("<0>x"), Some(("kern", "emerg", "x")));
        assert_eq!(read("<34>"), Some(("auth", "crit", "")));
        assert_eq!(read("<86>x"), Some(("authpriv", "info", "x")));
        assert_eq!(read("<191>x"), Some(("local7", "debug", "x")));
        assert_eq!(read("<013>x"), Some(("user", "notice", "x")));
        for text in ["", "<", "<>x", "<192>x", "<0001>x", "<1", "<a>x", "1>x", "<-1>"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn files() {
        assert_eq!(facility_of_file("/var/log/auth.log"), Some("authpriv"));
        assert_eq!(facility_of_file("/var/log/secure-20260101"), Some("authpriv"));
        assert_eq!(facility_of_file("/var/log/kern.log.1"), Some("kern"));
        assert_eq!(facility_of_file("/var/log/syslog"), None);
    }
}
