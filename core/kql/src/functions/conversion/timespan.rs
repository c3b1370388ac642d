//! Timespans in text.

const TICKS_A_SECOND: i64 = 10_000_000;
const TICKS_A_DAY: i64 = 86_400 * TICKS_A_SECOND;

/// Ticks of 100 ns from `[-][days.]hours:minutes[:seconds[.fraction]]`, from a number with a unit (`1.5h`,
/// `10 seconds`), or from a number of days.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let ticks = if text.contains(':') { clock(text)? } else { quantity(text)? };
    Some(if is_negative { -ticks } else { ticks })
}

fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (first, minutes) = (parts.next()?, parts.next()?);
    let mut seconds = parts.next().unwrap_or("0");
    let (days, hours) = first.split_once('.').unwrap_or(("0", first));
    let (mut days, mut hours, mut minutes) = (number(days)?, number(hours)?, number(minutes)?);
    if let Some(last) = parts.next() {
        // Days may also stand before a colon.
        if first.contains('.') || parts.next().is_some() {
            return None;
        }
        (days, hours, minutes) = (hours, minutes, number(seconds)?);
        seconds = last;
    }
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let seconds = number(seconds)?;
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let time = (hours * 3_600 + minutes * 60 + seconds) * TICKS_A_SECOND + fraction_ticks(fraction)?;
    days.checked_mul(TICKS_A_DAY)?.checked_add(time)
}

/// The ticks of the digits behind a second's point; those behind the seventh are cut off.
pub(super) fn fraction_ticks(digits: &str) -> Option<i64> {
    let mut ticks = 0;
    for at in 0..7 {
        let digit = match digits.as_bytes().get(at) {
            Some(digit @ b'0'..=b'9') => i64::from(digit - b'0'),
            Some(_) => return None,
            None => 0,
        };
        ticks = ticks * 10 + digit;
    }
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(ticks)
}

fn number(digits: &str) -> Option<i64> {
    let is_number =
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

fn quantity(text: &str) -> Option<i64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (count, unit) = (&text[..end], text[end..].trim());
    let unit = match unit {
        "" | "d" | "day" | "days" => TICKS_A_DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600 * TICKS_A_SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * TICKS_A_SECOND,
        "s" | "sec" | "second" | "seconds" => TICKS_A_SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 10_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
        "nano" | "nanos" | "nanosec" | "nanosecond" | "nanoseconds" => {
            return count.parse::<i64>().ok().map(|nanos| nanos / 100);
        }
        "tick" | "ticks" => 1,
        _ => return None,
    };
    if let Ok(count) = count.parse::<i64>() {
        return count.checked_mul(unit);
    }
    super::number::real_to_long((count.parse::<f64>().ok()? * unit as f64).round())
}
