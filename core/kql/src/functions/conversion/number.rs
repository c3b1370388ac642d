//! Numbers in text.

/// One, in units of a decimal.
pub(super) const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

/// A whole number, decimal or `0x…`; the fraction of one that has any is cut off.
pub fn parse_long(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let is_hex = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(hex, 16).ok().filter(|_| is_hex)?.cast_signed();
        return Some(if is_negative { bits.wrapping_neg() } else { bits });
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    real_to_long(text.parse().ok().filter(|_| is_number)?)
}

/// A number with point or exponent, or one of the words for what is none.
pub fn parse_real(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.starts_with("0x") || text.starts_with("0X") {
        return parse_long(text).map(|value| value as f64);
    }
    text.parse().ok()
}

/// A decimal, in units of 10⁻¹⁸. Digits beyond the 18th behind the point are cut off; `None` for what does not fit.
pub fn parse_decimal(text: &str) -> Option<i128> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut units = 0i128;
    let mut shift = i64::from(exponent) + 18 + i64::try_from(whole.len()).ok()?;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(char::from(digit).to_digit(10)?);
        shift -= 1;
        if shift < 0 {
            continue;
        }
        if digit != 0 {
            let power = 10i128.checked_pow(u32::try_from(shift).ok()?)?;
            units = units.checked_add(digit.checked_mul(power)?)?;
        }
    }
    fits(if is_negative { -units } else { units })
}

/// What 38 digits can hold.
pub(super) fn fits(units: i128) -> Option<i128> {
    const LIMIT: i128 = 10i128.pow(38);
    (-LIMIT < units && units < LIMIT).then_some(units)
}

#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
pub(super) fn real_to_long(value: f64) -> Option<i64> {
    let whole = value.trunc();
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole).then_some(whole as i64)
}

/// The decimal whose text is the shortest for the value.
pub(super) fn real_to_decimal(value: f64) -> Option<i128> {
    if !value.is_finite() || value.abs() >= 1e20 {
        return None;
    }
    parse_decimal(&format!("{value}"))
}
