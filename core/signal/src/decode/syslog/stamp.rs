//! Times as syslog senders write them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::time;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A time and how many bytes of the text it takes, a colon behind it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Microseconds since 1970.
    pub micros: i64,
    pub length: usize,
}

/// Reads times that may lack the year or the zone. Belongs to one decoder, for the messages of one source come
/// on the same day mostly.
pub struct Calendar {
    /// Microseconds east of UTC for times that name no zone.
    zone: i64,
    /// The year of the time last received, and where it begins and ends.
    year: i32,
    begin: i64,
    end: i64,
    /// The month and day last read, and its beginnings in the year before, the year and the year behind.
    day: (u32, u32),
    beginnings: [Option<i64>; 3],
}

impl Calendar {
    /// `zone_seconds` is east of UTC.
    pub fn new(zone_seconds: i32) -> Self {
        let zone = i64::from(zone_seconds) * SECOND;
        Self { zone, year: 0, begin: 0, end: 0, day: (0, 0), beginnings: [None; 3] }
    }

    /// The time that the text begins with: `Oct 11 22:14:15`, with a fraction, a year before or behind the
    /// clock time or before the month, a day of the week before, or a zone's name behind;
    /// `2003-10-11T22:14:15.003Z`; or seconds since 1970 with a fraction. What follows is a space, a colon or
    /// the text's end. A year that is missing is the one that brings the time nearest to `received`.
    pub fn read(&mut self, text: &str, received: i64) -> Option<Stamp> {
        let bytes = text.as_bytes();
        match bytes.first()? {
            b'0'..=b'9' if bytes.get(4) == Some(&b'-') => self.iso(text),
            b'0'..=b'9' if bytes.get(4) == Some(&b' ') => {
                let year = number(bytes, 0, 4)?;
                self.with_month(bytes, 5, Some(year), received)
            }
            b'0'..=b'9' => epoch(text),
            b'A'..=b'Z' => match month(bytes) {
                Some(_) => self.with_month(bytes, 0, None, received),
                None if is_weekday(bytes) => self.with_month(bytes, 4, None, received),
                None => None,
            },
            _ => None,
        }
    }

    /// As [`Calendar::read`], for a text that is a time and nothing else, save that a zone of any form may
    /// follow: `GMT+01:00`, `+0100`, `CET`.
    pub fn read_whole(&mut self, text: &str, received: i64) -> Option<i64> {
        let stamp = self.read(text, received)?;
        match text[stamp.length..].trim_ascii() {
            "" => Some(stamp.micros),
            zone => Some(stamp.micros + self.zone - zone_seconds(zone)? * SECOND),
        }
    }

    /// RFC 3339, with a space for the `T` too.
    pub fn iso(&self, text: &str) -> Option<Stamp> {
        let bytes = text.as_bytes();
        if bytes.len() < 19 || bytes[7] != b'-' || !matches!(bytes[10], b'T' | b't' | b' ') {
            return None;
        }
        let mut end = 19;
        while end < bytes.len() && !matches!(bytes[end], b' ' | b'\t') {
            end += 1;
        }
        // A colon at the end divides; inside it belongs to the zone.
        let is_colon = bytes[end - 1] == b':';
        let stamp = &text[..end - usize::from(is_colon)];
        let has_zone =
            stamp.as_bytes().get(19..)?.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-'));
        let micros = time::parse_datetime(stamp)?;
        Some(Stamp { micros: if has_zone { micros } else { micros - self.zone }, length: end })
    }

    /// `Mmm dd hh:mm:ss` from `at` on.
    fn with_month(&mut self, bytes: &[u8], at: usize, year: Option<u32>, received: i64) -> Option<Stamp> {
        let month = month(bytes.get(at..)?)?;
        let mut at = at + 3;
        if bytes.get(at) != Some(&b' ') {
            return None;
        }
        at += 1;
        if bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        let day_digits = digits(bytes, at);
        if !(1..=2).contains(&day_digits) || bytes.get(at + day_digits) != Some(&b' ') {
            return None;
        }
        let day = number(bytes, at, day_digits)?;
        at += day_digits + 1;

        let mut year = year;
        if year.is_none() && digits(bytes, at) == 4 && bytes.get(at + 4) == Some(&b' ') {
            year = Some(number(bytes, at, 4)?);
            at += 5;
        }
        let (clock, mut at) = clock(bytes, at)?;
        if year.is_none()
            && bytes.get(at) == Some(&b' ')
            && digits(bytes, at + 1) == 4
            && matches!(bytes.get(at + 5..).unwrap_or_default(), [] | [b' ', ..] | [b':', b' ', ..])
            && matches!(bytes[at + 1..at + 3], [b'1', b'9'] | [b'2', b'0'])
        {
            year = Some(number(bytes, at + 1, 4)?);
            at += 5;
        }
        let (zone, at) = self.zone(bytes, at);
        let at = match bytes.get(at) {
            None | Some(b' ' | b'\t') => at,
            Some(b':') => at + 1,
            Some(_) => return None,
        };
        let micros = match year {
            Some(year) => day_begin(year as i32, month, day)? + clock - zone,
            None => self.nearest(month, day, clock - zone, received)?,
        };
        Some(Stamp { micros, length: at })
    }

    /// The offset of a zone's name behind the time, and where it ends. `UTC` and `GMT` are taken as they stand;
    /// other names only before a colon, as Cisco writes them, for they could be a host's.
    fn zone(&self, bytes: &[u8], at: usize) -> (i64, usize) {
        if bytes.get(at) == Some(&b'Z') {
            return (0, at + 1);
        }
        let Some(b" ") = bytes.get(at..at + 1) else { return (self.zone, at) };
        let name = &bytes[at + 1..];
        let length = name.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
        let behind = name.get(length);
        let known = ZONES.iter().find(|(known, _)| known.as_bytes() == &name[..length]);
        match known {
            Some((_, 0)) if matches!(behind, None | Some(b' ' | b':')) => (0, at + 1 + length),
            Some((_, minutes)) if behind == Some(&b':') => (minutes * 60 * SECOND, at + 1 + length),
            _ => (self.zone, at),
        }
    }

    /// The time of a day and a clock, in the year that brings it nearest to `received`.
    fn nearest(&mut self, month: u32, day: u32, clock: i64, received: i64) -> Option<i64> {
        if !(self.begin..self.end).contains(&received) {
            self.year = DateTime::<Utc>::from_timestamp_micros(received)?.year();
            self.begin = day_begin(self.year, 1, 1)?;
            self.end = day_begin(self.year + 1, 1, 1)?;
            self.day = (0, 0);
        }
        if self.day != (month, day) {
            self.day = (month, day);
            self.beginnings = [-1, 0, 1].map(|shift| day_begin(self.year + shift, month, day));
        }
        let nearest = self.beginnings.iter().flatten().map(|begin| begin + clock);
        if let Some(micros) = nearest.min_by_key(|micros| received.abs_diff(*micros)) {
            return Some(micros);
        }
        // The 29th of February, with no leap year next to this one.
        let leap = |step: i32| (2..8).find_map(|years| day_begin(self.year + step * years, month, day));
        let found = [leap(-1), leap(1)].into_iter().flatten().map(|begin| begin + clock);
        found.min_by_key(|micros| received.abs_diff(*micros))
    }
}

/// Zones' names and their minutes east of UTC: those of RFC 822, and those of Europe.
const ZONES: [(&str, i64); 18] = [
    ("UTC", 0),
    ("GMT", 0),
    ("Z", 0),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
];

/// The seconds east of UTC of a zone: a known name, `+01:00`, `+0100`, `+01`, or such a number behind a name.
pub fn zone_seconds(text: &str) -> Option<i64> {
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == text) {
        return Some(minutes * 60);
    }
    let sign_at = text.find(['+', '-'])?;
    if !matches!(&text[..sign_at], "" | "UTC" | "GMT") {
        return None;
    }
    let digits: Vec<i64> = text[sign_at + 1..]
        .bytes()
        .filter(|byte| *byte != b':')
        .map(|byte| byte.is_ascii_digit().then(|| i64::from(byte - b'0')))
        .collect::<Option<_>>()?;
    let seconds = match digits[..] {
        [hour] => hour * 3_600,
        [ten, hour] => (ten * 10 + hour) * 3_600,
        [ten, hour, ten_minutes, minute] => (ten * 10 + hour) * 3_600 + (ten_minutes * 10 + minute) * 60,
        _ => return None,
    };
    Some(if text.as_bytes()[sign_at] == b'-' { -seconds } else { seconds }).filter(|s| s.abs() < 86_400)
}

fn day_begin(year: i32, month: u32, day: u32) -> Option<i64> {
    (1..=9999).contains(&year).then_some(())?;
    NaiveDate::from_ymd_opt(year, month, day).map(|date| i64::from(date.to_epoch_days()) * DAY)
}

/// `hh:mm:ss` with a fraction or without: microseconds, and where it ends.
fn clock(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let hour_digits = digits(bytes, at);
    if !(1..=2).contains(&hour_digits) {
        return None;
    }
    let hour = number(bytes, at, hour_digits)?;
    let at = at + hour_digits;
    let [b':', _, _, b':', _, _, ..] = bytes.get(at..)? else { return None };
    let (minute, second) = (number(bytes, at + 1, 2)?, number(bytes, at + 4, 2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = i64::from(hour * 3_600 + minute * 60 + second) * SECOND;
    let mut at = at + 6;
    if matches!(bytes.get(at), Some(b'.' | b',')) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        let mut unit = SECOND / 10;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
            at += 1;
        }
    }
    Some((micros, at))
}

/// Seconds since 1970 with a fraction, ten digits: the years 2001 to 2286.
fn epoch(text: &str) -> Option<Stamp> {
    let bytes = text.as_bytes();
    if digits(bytes, 0) != 10 || bytes.get(10) != Some(&b'.') {
        return None;
    }
    let length = 11 + digits(bytes, 11);
    if length == 11 || !matches!(bytes.get(length), None | Some(b' ')) {
        return None;
    }
    time::parse_epoch(&text[..length]).map(|micros| Stamp { micros, length })
}

fn digits(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A number of at most four digits.
fn number(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    bytes
        .get(at..at + count)?
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// The month whose English name's first three letters the text begins with.
fn month(bytes: &[u8]) -> Option<u32> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let first = bytes.first_chunk::<3>()?;
    NAMES.iter().position(|name| *name == first).map(|at| at as u32 + 1)
}

fn is_weekday(bytes: &[u8]) -> bool {
    const NAMES: [&[u8; 4]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    bytes.first_chunk::<4>().is_some_and(|first| NAMES.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        time::parse_datetime(text).expect(text)
    }

    #[track_caller]
    fn check_in(zone_seconds: i32, received: &str, text: &str, expected: &str, rest: &str) {
        let stamp = Calendar::new(zone_seconds).read(text, micros(received)).expect(text);
        assert_eq!(time::format_datetime(stamp.micros), time::format_datetime(micros(expected)), "{text}");
        assert_eq!(&text[stamp.length..], rest, "{text}");
    }

    #[track_caller]
    fn check(text: &str, expected: &str, rest: &str) {
        check_in(0, "2026-01-02T03:04:05Z", text, expected, rest);
    }

    #[test]
    fn forms() {
        check("Jan  2 03:04:05 h", "2026-01-02T03:04:05Z", " h");
        check("Jan 2 03:04:05 h", "2026-01-02T03:04:05Z", " h");
        check("Jan 02 03:04:05.123456789 h", "2026-01-02T03:04:05.123456Z", " h");
        check("Jan 02 2025 03:04:05 h", "2025-01-02T03:04:05Z", " h");
        check("Jan  2 03:04:05 2025 h", "2025-01-02T03:04:05Z", " h");
        check("2025 Jan  2 03:04:05 h", "2025-01-02T03:04:05Z", " h");
        check("Fri Jan  2 03:04:05 2026: h", "2026-01-02T03:04:05Z", " h");
        check("Jan  2 03:04:05: %SYS", "2026-01-02T03:04:05Z", " %SYS");
        check("Jan  2 03:04:05.678 UTC: %SYS", "2026-01-02T03:04:05.678Z", " %SYS");
        check("Jan  2 03:04:05.678 CET: %SYS", "2026-01-02T02:04:05.678Z", " %SYS");
        check("Jan  2 03:04:05 CET tag: x", "2026-01-02T03:04:05Z", " CET tag: x");
        check("2025-12-31T23:59:59.5+01:00 h", "2025-12-31T22:59:59.5Z", " h");
        check("2025-12-31T23:59:59+0100 h", "2025-12-31T22:59:59Z", " h");
        check("2025-12-31T23:59:59Z: h", "2025-12-31T23:59:59Z", " h");
        check("2025-12-31 23:59:59 h", "2025-12-31T23:59:59Z", " h");
        check("1767323045.123456789 h", "2026-01-02T03:04:05.123456Z", " h");
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "J",
            "Jan",
            "Jan 2",
            "Jan 32 00:00:00 x",
            "Jan  2 24:00:00 x",
            "Jan  2 03:04 x",
            "Foo  2 03:04:05 x",
            "Jan  2 03:04:05x",
            "2025-13-01T00:00:00Z x",
            "2025-12-31",
            "12345",
            "1767323045 x",
            "Feb 30 00:00:00 x",
            "Janus 2 03:04:05",
            "2026-01-01T00:00:00Z,x",
        ] {
            assert_eq!(Calendar::new(0).read(text, micros("2026-01-02T03:04:05Z")), None, "{text}");
        }
    }

    #[test]
    fn the_year_brings_it_nearest() {
        check_in(0, "2026-01-01T00:00:10Z", "Dec 31 23:59:59 h", "2025-12-31T23:59:59Z", " h");
        check_in(0, "2025-12-31T23:59:50Z", "Jan  1 00:00:01 h", "2026-01-01T00:00:01Z", " h");
        check_in(0, "2024-03-01T00:00:00Z", "Feb 29 12:00:00 h", "2024-02-29T12:00:00Z", " h");
        check_in(0, "2025-02-28T00:00:00Z", "Feb 29 12:00:00 h", "2024-02-29T12:00:00Z", " h");
        check_in(0, "2026-06-01T00:00:00Z", "Feb 29 12:00:00 h", "2028-02-29T12:00:00Z", " h");
        check_in(0, "2026-03-01T00:00:00Z", "Feb 29 12:00:00 h", "2024-02-29T12:00:00Z", " h");
    }

    #[test]
    fn the_zone_is_the_sessions_where_none_is_named() {
        check_in(3_600, "2026-01-01T00:00:10Z", "Jan  1 00:30:00 h", "2025-12-31T23:30:00Z", " h");
        check_in(3_600, "2026-01-01T00:00:10Z", "2026-01-01T00:30:00 h", "2025-12-31T23:30:00Z", " h");
        check_in(3_600, "2026-01-01T00:00:10Z", "2026-01-01T00:30:00Z h", "2026-01-01T00:30:00Z", " h");
        check_in(3_600, "2026-01-01T00:00:10Z", "Jan  1 00:30:00 UTC: h", "2026-01-01T00:30:00Z", " h");
    }

    #[test]
    fn one_calendar_reads_all() {
        let mut calendar = Calendar::new(0);
        for (received, text, expected) in [
            ("2026-01-02T00:00:00Z", "Jan  2 00:00:00", "2026-01-02T00:00:00Z"),
            ("2027-01-02T00:00:00Z", "Jan  2 00:00:00", "2027-01-02T00:00:00Z"),
            ("2027-01-02T00:00:00Z", "Dec 30 00:00:00", "2026-12-30T00:00:00Z"),
        ] {
            let stamp = calendar.read(text, micros(received)).expect(text);
            assert_eq!(stamp.micros, micros(expected), "{text}");
        }
    }
}
