//! The values of literals, from their text.

/// Nanoseconds of a unit of timespans, as `d` or `minutes`.
pub fn unit_nanoseconds(unit: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000_000;
    Some(match unit {
        "d" | "day" | "days" => 86_400 * SECOND,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600 * SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * SECOND,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 1_000_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 1_000,
        "tick" | "ticks" => 100,
        "nano" | "nanos" | "nanosec" | "nanosecond" | "nanoseconds" => 1,
        _ => return None,
    })
}

/// Ticks of 100 ns of a timespan's text: `1d`, `1.5 hours`, `2` (days), `1.02:03:04.0000005`, each with a sign or
/// none. `None` if it is no timespan, or out of range.
pub fn timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (is_negative, text) = match text.as_bytes().first()? {
        b'-' => (true, text[1..].trim_start()),
        b'+' => (false, text[1..].trim_start()),
        _ => (false, text),
    };
    let ticks = if text.contains(':') { clock(text)? } else { quantity(text)? };
    i64::try_from(if is_negative { -ticks } else { ticks }).ok()
}

/// A number with a unit, or of days.
fn quantity(text: &str) -> Option<i128> {
    let digits = text.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim_start() {
        "" => unit_nanoseconds("d")?,
        unit => unit_nanoseconds(unit)?,
    };
    Some(scaled(number, unit)? / 100)
}

/// `number × unit`, exact but for what is below one of the result.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { i128::from(whole.parse::<u64>().ok()?) };
    // Digits past the 18th are below a nanosecond of any unit.
    let fraction = &fraction[..fraction.len().min(18)];
    let part = if fraction.is_empty() {
        0
    } else {
        i128::from(fraction.parse::<u64>().ok()?) * unit / 10_i128.pow(fraction.len() as u32)
    };
    Some(whole * unit + part)
}

/// `[days.]hours:minutes[:seconds[.fraction]]`, in ticks.
fn clock(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let first = parts.next()?;
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (number(days)?, number(hours)?),
        None => (0, number(first)?),
    };
    let minutes = number(parts.next()?)?;
    let seconds = match parts.next() {
        Some(seconds) => scaled(seconds, 10_000_000)?,
        None => 0,
    };
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds >= 600_000_000 {
        return None;
    }
    Some(((days * 24 + hours) * 60 + minutes) * 600_000_000 + seconds)
}

fn number(text: &str) -> Option<i128> {
    text.parse::<u64>().ok().map(i128::from)
}

/// The value of `5`, `0x1F`, with a sign or none. Hexadecimal digits may fill all 64 bits.
pub fn long(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits.trim_start()),
        None => ("", text.strip_prefix('+').unwrap_or(text).trim_start()),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let value = u64::from_str_radix(hex, 16).ok()? as i64;
            Some(if sign.is_empty() { value } else { value.wrapping_neg() })
        }
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => format!("{sign}{digits}").parse().ok(),
        _ => None,
    }
}

/// The value of `1.5`, `1e5`, `nan`, `+inf`.
pub fn real(text: &str) -> Option<f64> {
    match text.to_ascii_lowercase().as_str() {
        "nan" => Some(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => Some(f64::INFINITY),
        "-inf" | "-infinity" => Some(f64::NEG_INFINITY),
        lower => match long(lower) {
            Some(whole) if lower.contains('x') => Some(whole as f64),
            _ => is_decimal(lower).then(|| lower.parse().ok()).flatten(),
        },
    }
}

/// Whether a text is digits with an optional sign, point and exponent.
pub fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (digits(whole) || digits(fraction))
        && [whole, fraction].iter().all(|part| part.is_empty() || digits(part))
        && exponent.is_none_or(digits)
}

/// A GUID in lower case and with dashes, of 32 digits with or without dashes and braces.
pub fn guid(text: &str) -> Option<String> {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let dashes = [8, 13, 18, 23];
    let has_dashes = inner.len() == 36 && dashes.iter().all(|at| inner.as_bytes()[*at] == b'-');
    let digits: String = if has_dashes { inner.replace('-', "") } else { inner.into() };
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    Some([&lower[..8], &lower[8..12], &lower[12..16], &lower[16..20], &lower[20..]].join("-"))
}

/// The value of a string literal as the lexer delimits it, and whether it is hidden from logs. Takes unterminated
/// ones and unknown escapes, which the lexer reports: those stand for themselves.
pub fn string(source: &str) -> (String, bool) {
    let (is_hidden, source) = match source.strip_prefix(['h', 'H']) {
        Some(rest) => (true, rest),
        None => (false, source),
    };
    let (is_verbatim, source) = match source.strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, source),
    };
    for fence in ["```", "~~~"] {
        if let Some(rest) = source.strip_prefix(fence) {
            return (rest.strip_suffix(fence).unwrap_or(rest).into(), is_hidden);
        }
    }
    let Some(quote) = source.chars().next() else { return (String::new(), is_hidden) };
    let inner = &source[quote.len_utf8()..];
    let value = if is_verbatim {
        let doubled = String::from_iter([quote, quote]);
        inner.strip_suffix(quote).unwrap_or(inner).replace(&doubled, &quote.to_string())
    } else {
        unescape(inner, quote)
    };
    (value, is_hidden)
}

/// Resolves escapes up to the closing quote.
fn unescape(inner: &str, quote: char) -> String {
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find(['\\', quote]) {
        value.push_str(&rest[..at]);
        if rest[at..].starts_with(quote) {
            return value;
        }
        rest = &rest[at + 1..];
        rest = &rest[escape(rest, &mut value)..];
    }
    value.push_str(rest);
    value
}

/// Appends what the escape means that begins after `\`, and gives its length.
fn escape(rest: &str, value: &mut String) -> usize {
    let Some(first) = rest.chars().next() else {
        value.push('\\');
        return 0;
    };
    let simple = match first {
        '\\' | '\'' | '"' => Some(first),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    };
    if let Some(simple) = simple {
        value.push(simple);
        return 1;
    }
    let found = match first {
        '0'..='7' => octal(rest),
        'x' => hexadecimal(rest, 2),
        'u' => hexadecimal(rest, 4),
        'U' => hexadecimal(rest, 8),
        _ => None,
    };
    let Some((code, mut length)) = found else {
        value.push('\\');
        value.push(first);
        return first.len_utf8();
    };
    let mut code = code;
    // Two halves of a character outside of the basic plane.
    if (0xD800..0xDC00).contains(&code)
        && let Some(low) = rest[length..].strip_prefix("\\")
        && let Some((low, low_length)) = low.starts_with('u').then(|| hexadecimal(low, 4)).flatten()
        && (0xDC00..0xE000).contains(&low)
    {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        length += 1 + low_length;
    }
    value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    length
}

/// One to three digits, up to 255.
fn octal(rest: &str) -> Option<(u32, usize)> {
    let limit = if rest.starts_with(['0', '1', '2', '3']) { 3 } else { 2 };
    let length = rest.bytes().take(limit).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    Some((u32::from_str_radix(&rest[..length], 8).ok()?, length))
}

/// A letter and exactly `digits` digits.
fn hexadecimal(rest: &str, digits: usize) -> Option<(u32, usize)> {
    let text = rest.get(1..1 + digits)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(text, 16).ok()?, digits + 1))
}
