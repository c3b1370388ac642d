//! Datetimes in text.

use chrono::{NaiveDate, NaiveTime};

use super::timespan::fraction_ticks;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// Microseconds since 1970 of a date, or a date and a time: ISO 8601 and its looser spellings (`2024-1-5`,
/// `2024-01-05 10:00`), RFC 822 and RFC 850 (`Sat, 8 Nov 14 15:05:02 GMT`), and months first with four digits of the
/// year behind (`12/31/2024 11:59 PM`). Without an offset it is UTC. Ticks below a microsecond are cut off.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let mut reader = Reader { text };
    reader.weekday();
    let date = reader.date()?;
    let time = reader.time()?;
    let offset = reader.zone()?;
    reader.text.is_empty().then_some(())?;
    let days = date.signed_duration_since(NaiveDate::default()).num_days();
    days.checked_mul(MICROS_A_DAY)?.checked_add(time)?.checked_sub(offset)
}

/// What has not been read yet.
struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// `Sat, ` or `Saturday `, which says nothing new.
    fn weekday(&mut self) {
        let end = self.text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(self.text.len());
        let is_day = end >= 3 && self.text[..end].to_ascii_lowercase().parse::<chrono::Weekday>().is_ok();
        if is_day {
            self.text = self.text[end..].trim_start_matches([',', ' ']);
        }
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let before = self.text;
        if let Some(month) = self.month() {
            // `Nov 8 2014`, `November 8, 2014`
            self.separator();
            let (day, _) = self.number(2)?;
            self.separator();
            let (year, _) = self.number(4)?;
            return NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day);
        }
        let (first, digits) = self.number(8)?;
        if digits == 8 {
            return NaiveDate::from_ymd_opt(
                i32::try_from(first / 10_000).ok()?,
                first / 100 % 100,
                first % 100,
            );
        }
        let separator = self.separator();
        if digits == 4 {
            let year = i32::try_from(first).ok()?;
            if separator.is_none() {
                return NaiveDate::from_ymd_opt(year, 1, 1);
            }
            let month = self.month().or_else(|| self.number(2).map(|(month, _)| month))?;
            let day = match separator.is_some() && self.text.starts_with(['-', '/', '.', ' ']) {
                true if self.is_day_next() => {
                    self.separator();
                    self.number(2)?.0
                }
                _ => 1,
            };
            return NaiveDate::from_ymd_opt(year, month, day);
        }
        if digits > 2 || separator.is_none() {
            self.text = before;
            return None;
        }
        if let Some(month) = self.month() {
            // `8 Nov 14`, `08-Nov-2014`
            self.separator();
            let (year, digits) = self.number(4)?;
            return NaiveDate::from_ymd_opt(full_year(year, digits)?, month, first);
        }
        let (second, _) = self.number(2)?;
        self.separator()?;
        let (year, digits) = self.number(4)?;
        NaiveDate::from_ymd_opt(full_year(year, digits)?, first, second)
    }

    /// Whether a separator and a day come next, not a time.
    fn is_day_next(&self) -> bool {
        let rest = &self.text[1..];
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&end) && !rest[end..].starts_with(':')
    }

    /// Microseconds since midnight; midnight if there is no time.
    fn time(&mut self) -> Option<i64> {
        let rest = self.text.strip_prefix(['T', 't', ' ', ',']).map(|rest| rest.trim_start_matches(' '));
        let Some(rest) = rest.filter(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit())) else {
            return Some(0);
        };
        self.text = rest;
        let (mut hour, digits) = self.number(6)?;
        let (mut minute, mut second, mut ticks) = (0, 0, 0);
        if digits > 2 {
            // `235959` of the basic format
            (hour, minute, second) = match digits {
                4 => (hour / 100, hour % 100, 0),
                6 => (hour / 10_000, hour / 100 % 100, hour % 100),
                _ => return None,
            };
            ticks = self.fraction()?;
        } else if self.skip(':') {
            minute = self.number(2)?.0;
            if self.skip(':') {
                second = self.number(2)?.0;
                ticks = self.fraction()?;
            }
        }
        let half = self.text.trim_start();
        if let Some(half) = half.get(..2).filter(|half| matches!(&*half.to_ascii_lowercase(), "am" | "pm")) {
            (1..=12).contains(&hour).then_some(())?;
            hour = hour % 12 + if half.eq_ignore_ascii_case("pm") { 12 } else { 0 };
            self.text = &self.text.trim_start()[2..];
        }
        if (hour, minute, second, ticks) == (24, 0, 0, 0) {
            return Some(MICROS_A_DAY);
        }
        // A leap second is the last one that a minute has.
        let time = NaiveTime::from_hms_opt(hour, minute, second.min(59))?;
        (second <= 60).then_some(())?;
        let seconds = time.signed_duration_since(NaiveTime::MIN).num_seconds();
        Some(seconds * 1_000_000 + ticks / 10)
    }

    fn fraction(&mut self) -> Option<i64> {
        if !self.text.starts_with(['.', ',']) {
            return Some(0);
        }
        let end = 1 + self.text[1..].bytes().take_while(u8::is_ascii_digit).count();
        let ticks = fraction_ticks(&self.text[1..end]).filter(|_| end > 1)?;
        self.text = &self.text[end..];
        Some(ticks)
    }

    /// Microseconds that the time is ahead of UTC.
    fn zone(&mut self) -> Option<i64> {
        let rest = self.text.trim_start();
        let mut letters = rest.chars();
        let sign = match letters.next() {
            None => {
                self.text = rest;
                return Some(0);
            }
            Some('+') => 1,
            Some('-' | '\u{2212}') => -1,
            Some(_) => {
                let is_utc = ["Z", "UTC", "GMT", "UT"].iter().any(|name| rest.eq_ignore_ascii_case(name));
                self.text = if is_utc { "" } else { rest };
                return is_utc.then_some(0);
            }
        };
        self.text = letters.as_str();
        let (mut hours, digits) = self.number(4)?;
        let mut minutes = 0;
        if digits > 2 {
            (hours, minutes) = (hours / 100, hours % 100);
        } else if self.skip(':') {
            minutes = self.number(2)?.0;
        }
        (hours <= 14 && minutes <= 59).then_some(())?;
        Some(sign * i64::from(hours * 60 + minutes) * 60_000_000)
    }

    /// A number of at most so many digits, and how many it has.
    fn number(&mut self, digits_max: usize) -> Option<(u32, usize)> {
        let digits = self.text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.text.split_at(digits);
        let value = (1..=digits_max).contains(&digits).then(|| number.parse().ok()).flatten()?;
        self.text = rest;
        Some((value, digits))
    }

    /// A month by its English name or the first three letters of it.
    fn month(&mut self) -> Option<u32> {
        let end = self.text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let month = self.text[..end].parse::<chrono::Month>().ok()?;
        self.text = &self.text[end..];
        Some(month.number_from_month())
    }

    fn separator(&mut self) -> Option<char> {
        let separator =
            self.text.chars().next().filter(|letter| matches!(letter, '-' | '/' | '.' | ' ' | ','))?;
        self.text = self.text[1..].trim_start_matches(' ');
        Some(separator)
    }

    fn skip(&mut self, letter: char) -> bool {
        let rest = self.text.strip_prefix(letter);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }
}

/// Two digits are a year from 1950 to 2049.
fn full_year(year: u32, digits: usize) -> Option<i32> {
    let year = i32::try_from(year).ok()?;
    match digits {
        2 if year < 50 => Some(year + 2000),
        2 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}
