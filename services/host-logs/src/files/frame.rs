//! Where a chunk of a log file may be cut, so that what is emitted with a cursor is whole.

/// What belongs together in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Each line by itself.
    Lines,
    /// The audit daemon's lines with the same event number, which follow each other.
    AuditEvents,
}

impl Frame {
    /// How many of the bytes are whole. What follows them may be continued by what comes next.
    pub fn whole(self, bytes: &[u8]) -> usize {
        let lines = whole_lines(bytes);
        match self {
            Self::Lines => lines,
            Self::AuditEvents => before_last_event(&bytes[..lines]),
        }
    }

    /// How many of the bytes are whole if nothing more has come for a moment.
    pub fn whole_when_silent(self, bytes: &[u8]) -> usize {
        whole_lines(bytes)
    }
}

fn whole_lines(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)
}

/// The beginning of the lines that have the last line's event number.
fn before_last_event(lines: &[u8]) -> usize {
    let mut start = lines.len();
    let mut event = None;
    while start > 0 {
        let before = memchr::memrchr(b'\n', &lines[..start - 1]).map_or(0, |at| at + 1);
        let number = event_number(&lines[before..start]);
        match (event, number) {
            (None, Some(number)) => event = Some(number),
            (None, None) => return start,
            (Some(event), number) if number != Some(event) => return start,
            _ => {}
        }
        start = before;
    }
    start
}

/// `1364481363.243:24287` of `type=SYSCALL msg=audit(1364481363.243:24287): …`.
fn event_number(line: &[u8]) -> Option<&[u8]> {
    const BEFORE: &[u8] = b"msg=audit(";
    let start = memchr::memmem::find(line, BEFORE)? + BEFORE.len();
    let end = memchr::memchr(b')', &line[start..])?;
    Some(&line[start..start + end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_up_to_the_last_line_feed() {
        for (text, whole) in [("", 0), ("a", 0), ("a\n", 2), ("a\nb", 2), ("a\n\nb\n", 5)] {
            assert_eq!(Frame::Lines.whole(text.as_bytes()), whole, "{text:?}");
        }
    }

    #[test]
    fn the_last_audit_event_waits_for_its_further_records() {
        let one = "type=SYSCALL msg=audit(1.0:1): a\ntype=CWD msg=audit(1.0:1): b\n";
        let two = "type=SYSCALL msg=audit(1.0:2): a\n";
        let whole = |text: &str| Frame::AuditEvents.whole(text.as_bytes());
        assert_eq!(whole(one), 0);
        assert_eq!(whole(&format!("{one}{two}")), one.len());
        assert_eq!(whole(&format!("{one}{two}type=CW")), one.len());
        assert_eq!(whole(&format!("{one}no record at all\n")), one.len() + 17);
        assert_eq!(Frame::AuditEvents.whole_when_silent(one.as_bytes()), one.len());
    }
}
