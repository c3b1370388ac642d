//! Time ranges as the query APIs take them (ISO 8601): a duration until now (`P1D`, `PT86400.0S`), an interval
//! (`start/end`, `start/P1D`, `P1D/end`), or a start.

use std::ops::Range;

use phalanx_signal::time::parse_datetime;

/// The range in microseconds since 1970; `None` if the text is none.
pub fn range(text: &str, now: i64) -> Option<Range<i64>> {
    let text = text.trim();
    let Some((start, end)) = text.split_once('/') else {
        return match duration(text) {
            Some(length) => Some(now.checked_sub(length)?..now.saturating_add(1)),
            None => Some(parse_datetime(text)?..now.saturating_add(1)),
        };
    };
    let (start, end) = (start.trim(), end.trim());
    match (duration(start), duration(end)) {
        (Some(_), Some(_)) => None,
        (Some(length), None) => {
            let end = parse_datetime(end)?;
            Some(end.checked_sub(length)?..end)
        }
        (None, Some(length)) => {
            let start = parse_datetime(start)?;
            Some(start..start.checked_add(length)?)
        }
        (None, None) => Some(parse_datetime(start)?..parse_datetime(end)?),
    }
}

/// A duration in microseconds. Years and months have no length of their own and are refused.
fn duration(text: &str) -> Option<i64> {
    let rest = text.strip_prefix(['P', 'p'])?;
    let (mut micros, mut number, mut is_time, mut parts) = (0_f64, String::new(), false, 0);
    for c in rest.chars() {
        let unit = match (c.to_ascii_uppercase(), is_time) {
            ('T', false) if number.is_empty() => {
                is_time = true;
                continue;
            }
            ('0'..='9' | '.' | ',', _) => {
                number.push(if c == ',' { '.' } else { c });
                continue;
            }
            ('W', false) => 7.0 * 86_400.0,
            ('D', false) => 86_400.0,
            ('H', true) => 3_600.0,
            ('M', true) => 60.0,
            ('S', true) => 1.0,
            _ => return None,
        };
        micros += number.parse::<f64>().ok()? * unit * 1e6;
        number.clear();
        parts += 1;
    }
    (parts > 0 && number.is_empty() && micros < i64::MAX as f64).then_some(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn every_form_is_read() {
        let now = 10 * DAY;
        for (text, expected) in [
            ("P1D", 9 * DAY..now + 1),
            ("PT86400.0S", 9 * DAY..now + 1),
            ("P1DT12H", 8 * DAY + DAY / 2..now + 1),
            ("P1W", 3 * DAY..now + 1),
            ("1970-01-02T00:00:00Z/1970-01-03T00:00:00Z", DAY..2 * DAY),
            ("1970-01-02T00:00:00Z/P1D", DAY..2 * DAY),
            ("1970-01-02T00:00:00Z/PT86400.0S", DAY..2 * DAY),
            ("P1D/1970-01-03T00:00:00Z", DAY..2 * DAY),
            ("1970-01-02", DAY..now + 1),
        ] {
            assert_eq!(range(text, now), Some(expected), "{text}");
        }
        for text in ["", "P", "P1M", "soon", "P1D/P1D", "PT", "1D", "P1X", "/", "P99999999999999999999D"] {
            assert_eq!(range(text, now), None, "{text}");
        }
    }
}
