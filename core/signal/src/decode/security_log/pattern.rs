//! Times in a form that the record itself describes: Java's `SimpleDateFormat`, which LEEF's `devTimeFormat`
//! names.

use chrono::{FixedOffset, NaiveDate, NaiveTime};

/// Reads `text` by a pattern; microseconds since 1970. `zone_seconds` is east of UTC and counts where neither the
/// text nor the pattern tells a zone. Nothing for a letter that is not known, or where the year is missing.
pub fn read(pattern: &str, text: &str, zone_seconds: i64) -> Option<i64> {
    let mut fields = Fields { zone_seconds, ..Fields::default() };
    let mut rest = text.trim();
    let mut letters = pattern.trim().chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            // A quoted text; two quotes are one.
            if letters.next_if_eq(&'\'').is_some() {
                rest = rest.strip_prefix('\'')?;
                continue;
            }
            for quoted in letters.by_ref().take_while(|c| *c != '\'') {
                rest = rest.strip_prefix(quoted)?;
            }
        } else if letter.is_ascii_alphabetic() {
            let mut count = 1;
            while letters.next_if_eq(&letter).is_some() {
                count += 1;
            }
            // Digits that follow each other without anything between have the width that the pattern shows.
            let is_packed = letters.peek().is_some_and(char::is_ascii_alphabetic);
            rest = fields.read(letter, count, is_packed, rest)?;
        } else if letter == ' ' {
            rest = rest.trim_start();
        } else {
            rest = rest.strip_prefix(letter)?;
        }
    }
    rest.trim().is_empty().then(|| fields.micros()).flatten()
}

#[derive(Default)]
struct Fields {
    year: Option<i32>,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    /// Behind noon, where hours count to twelve.
    is_afternoon: Option<bool>,
    zone_seconds: i64,
}

impl Fields {
    fn read<'a>(&mut self, letter: char, count: usize, is_packed: bool, text: &'a str) -> Option<&'a str> {
        let width = if is_packed { count } else { 9 };
        match letter {
            'y' | 'u' => {
                let (year, rest) = number(text, width)?;
                self.year = Some(if count == 2 && year < 100 { year as i32 + 2_000 } else { year as i32 });
                Some(rest)
            }
            'M' | 'L' if count >= 3 => {
                let (month, rest) = name(text, &MONTHS)?;
                self.month = month;
                Some(rest)
            }
            'M' | 'L' => set(&mut self.month, text, width),
            'd' => set(&mut self.day, text, width),
            'H' | 'k' | 'h' | 'K' => {
                let rest = set(&mut self.hour, text, width)?;
                if matches!(letter, 'k') && self.hour == 24 {
                    self.hour = 0;
                }
                Some(rest)
            }
            'm' => set(&mut self.minute, text, width),
            's' => set(&mut self.second, text, width),
            'S' => {
                let digits = text.bytes().take_while(u8::is_ascii_digit).count();
                let (fraction, rest) = text.split_at(digits);
                let kept = &fraction[..digits.min(6)];
                self.micros = format!("{kept:0<6}").parse().ok().filter(|_| digits > 0)?;
                Some(rest)
            }
            'a' => {
                let (half, rest) = name(text, &["am", "pm"])?;
                self.is_afternoon = Some(half == 2);
                Some(rest)
            }
            'E' => name(text, &DAYS).map(|(_, rest)| rest),
            'z' | 'Z' | 'X' => {
                let end = text.find(' ').unwrap_or(text.len());
                self.zone_seconds = crate::decode::syslog::zone_seconds(&text[..end])?;
                Some(&text[end..])
            }
            _ => None,
        }
    }

    fn micros(&self) -> Option<i64> {
        let hour = match self.is_afternoon {
            None => self.hour,
            Some(is_afternoon) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
        };
        let time = NaiveTime::from_hms_micro_opt(hour, self.minute, self.second, self.micros)?;
        let date = NaiveDate::from_ymd_opt(self.year?, self.month.max(1), self.day.max(1))?;
        let zone = FixedOffset::east_opt(self.zone_seconds as i32)?;
        date.and_time(time).and_local_timezone(zone).single().map(|time| time.timestamp_micros())
    }
}

/// Months by the first letters of their names.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A word that begins with one of the names, whose number from 1 is returned.
fn name<'a>(text: &'a str, names: &[&str]) -> Option<(u32, &'a str)> {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let word = word.to_ascii_lowercase();
    let at = names.iter().position(|name| word.starts_with(name))?;
    Some((at as u32 + 1, rest))
}

fn set<'a>(field: &mut u32, text: &'a str, width: usize) -> Option<&'a str> {
    let (number, rest) = number(text, width)?;
    *field = number;
    Some(rest)
}

fn number(text: &str, width: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("yyyy-MM-dd HH:mm:ss", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2026-01-02T03:04:05.678+0100", "2026-01-02T02:04:05.678Z"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
            ("MMM dd yyyy HH:mm:ss zzz", "Jan 2 2026 03:04:05 GMT+02:00", "2026-01-02T01:04:05Z"),
            ("EEE, d MMMM yyyy hh:mm a", "Fri, 2 January 2026 12:30 AM", "2026-01-02T00:30:00Z"),
            ("MM/dd/yy h:mm:ss a", "01/02/26 3:04:05 PM", "2026-01-02T15:04:05Z"),
            ("yyyyMMddHHmmss", "20260102030405", "2026-01-02T03:04:05Z"),
            ("dd ''MM'' yyyy", "02 '01' 2026", "2026-01-02T00:00:00Z"),
        ] {
            let got = read(pattern, text, 0).map(time::format_datetime);
            let expected = time::parse_datetime(expected).map(time::format_datetime);
            assert_eq!(got, expected, "{pattern}: {text}");
        }
        for (pattern, text) in [
            ("yyyy-MM-dd", "2026-13-02"),
            ("yyyy-MM-dd", "2026-01-02 x"),
            ("HH:mm", "03:04"),
            ("yyyy Q", "2026 1"),
            ("yyyy-MM-dd", ""),
        ] {
            assert_eq!(read(pattern, text, 0), None, "{pattern}: {text}");
        }
        assert_eq!(read("yyyy-MM-dd", "1970-01-01", 3_600), Some(-3_600_000_000));
    }
}
