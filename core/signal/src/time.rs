//! Points in time and spans, read from the text that logs contain.
//!
//! A `datetime` is microseconds since 1970 in UTC, a `timespan` is ticks of 100 ns, a `decimal` is units
//! of 10⁻¹⁸. Text without a zone is taken as UTC. What lies outside the years 1 to 9999 is no datetime.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

const MICROS_MIN: i64 = -62_135_596_800_000_000;
const MICROS_MAX: i64 = 253_402_300_799_999_999;

/// Reads ISO 8601 / RFC 3339 (with `T` or a space, any number of fraction digits, an optional zone),
/// a date alone, or a number since 1970 whose size tells its unit (seconds, milliseconds, microseconds
/// or nanoseconds).
pub fn parse_datetime(text: &str) -> Option<i64> {
    if let Some(micros) = parse_iso(text.as_bytes()) {
        return Some(micros);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') {
        return parse_epoch(text);
    }
    let parsed = DateTime::parse_from_rfc2822(text).map(|t| t.timestamp_micros()).ok().or_else(|| {
        const FORMS: [&str; 6] = [
            "%m/%d/%Y %I:%M:%S%.f %p",
            "%m/%d/%Y, %I:%M:%S%.f %p",
            "%m/%d/%Y %H:%M:%S%.f",
            "%b %d %Y %H:%M:%S%.f",
            "%d/%b/%Y:%H:%M:%S",
            "%d/%b/%Y:%H:%M:%S %z",
        ];
        FORMS.iter().find_map(|form| match form.ends_with("%z") {
            true => DateTime::parse_from_str(text, form).ok().map(|t| t.timestamp_micros()),
            false => NaiveDateTime::parse_from_str(text, form).ok().map(|t| t.and_utc().timestamp_micros()),
        })
    });
    parsed.filter(|micros| (MICROS_MIN..=MICROS_MAX).contains(micros))
}

/// A number since 1970: seconds (with a fraction), milliseconds, microseconds or nanoseconds, told apart
/// by size for the years 1970 to 5138.
pub fn parse_epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let number: i64 = whole.parse().ok()?;
    let micros = match number.unsigned_abs() {
        0..100_000_000_000 => {
            let mut micros: i64 = 0;
            let mut digits = 0;
            for byte in fraction.bytes() {
                if !byte.is_ascii_digit() {
                    return None;
                }
                if digits < 6 {
                    micros = micros * 10 + i64::from(byte - b'0');
                    digits += 1;
                }
            }
            micros *= 10_i64.pow(6 - digits);
            number.checked_mul(1_000_000)?.checked_add(if negative { -micros } else { micros })?
        }
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1_000,
    };
    (MICROS_MIN..=MICROS_MAX).contains(&micros).then_some(micros)
}

/// A Windows FILETIME (100-ns ticks since 1601) as microseconds since 1970.
pub fn from_filetime(ticks: u64) -> Option<i64> {
    let micros = i64::try_from(ticks / 10).ok()? - 11_644_473_600_000_000;
    (MICROS_MIN..=MICROS_MAX).contains(&micros).then_some(micros)
}

/// `2016-02-17T08:40:00.000000Z`, with six fraction digits.
pub fn format_datetime(micros: i64) -> String {
    match DateTime::<Utc>::from_timestamp_micros(micros) {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Micros, true),
        None => micros.to_string(),
    }
}

/// Reads `[-][d.]hh:mm:ss[.fffffff]`, as .NET and KQL write it.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let mut parts = text.split(':');
    let (first, minutes, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let (seconds, fraction) = last.split_once('.').unwrap_or((last, ""));
    let number = |text: &str, most: i64| text.parse::<u32>().ok().map(i64::from).filter(|n| *n <= most);
    if fraction.len() > 7 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ticks: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<7}").parse().ok()? };
    let seconds = ((number(days, 10_675_198)? * 24 + number(hours, 23)?) * 60 + number(minutes, 59)?) * 60
        + number(seconds, 59)?;
    let total = seconds.checked_mul(10_000_000)?.checked_add(ticks)?;
    Some(if negative { -total } else { total })
}

/// A decimal number as units of 10⁻¹⁸; `None` where 38 digits do not hold it.
pub fn parse_decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) || whole.len() > 20 {
        return None;
    }
    let kept = &fraction[..fraction.len().min(18)];
    let value: i128 = format!("{whole}{kept:0<18}").parse().ok()?;
    Some(if negative { -value } else { value })
}

/// `YYYY-MM-DD[(T| )hh:mm[:ss[.f…]][Z|±hh[:]mm]]`, without going through a general date library: this is
/// on the path of every event.
fn parse_iso(text: &[u8]) -> Option<i64> {
    let digits = |from: usize, count: usize| -> Option<i64> {
        text.get(from..from + count)?
            .iter()
            .try_fold(0_i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    if text.get(4) != Some(&b'-') || text.get(7) != Some(&b'-') {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(digits(0, 4)? as i32, digits(5, 2)? as u32, digits(8, 2)? as u32)?;
    let days = i64::from(date.to_epoch_days());
    if text.len() == 10 {
        return Some(days * 86_400_000_000);
    }
    if !matches!(text[10], b'T' | b't' | b' ') || text.get(13) != Some(&b':') {
        return None;
    }
    let (hour, minute) = (digits(11, 2)?, digits(14, 2)?);
    let (mut at, mut second, mut micros) = (16, 0, 0);
    if text.get(at) == Some(&b':') {
        second = digits(17, 2)?;
        at = 19;
        if matches!(text.get(at), Some(b'.' | b',')) {
            at += 1;
            let mut unit = 100_000;
            let start = at;
            while let Some(b) = text.get(at).filter(|b| b.is_ascii_digit()) {
                micros += i64::from(b - b'0') * unit;
                unit /= 10;
                at += 1;
            }
            if at == start {
                return None;
            }
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match text.get(at) {
        None => 0,
        Some(b'Z' | b'z') if text.len() == at + 1 => 0,
        Some(b' ') if text[at..] == *b" UTC" => 0,
        Some(sign @ (b'+' | b'-')) => {
            let colon = usize::from(text.get(at + 3) == Some(&b':'));
            let (hours, minutes) = match text.len() - at {
                3 => (digits(at + 1, 2)?, 0),
                n if n == 5 + colon => (digits(at + 1, 2)?, digits(at + 3 + colon, 2)?),
                _ => return None,
            };
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(seconds * 1_000_000 + micros)
}
