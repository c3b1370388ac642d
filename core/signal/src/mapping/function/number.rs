//! Numbers and times.

use super::{Value, take, take_text};
use crate::time;

pub(super) fn hex<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    match take(arguments, 0) {
        Value::Long(number) => Value::Long(number),
        other => Value::from(parse(other.into_text().trim())),
    }
}

pub(super) fn plus<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (left, right) = (hex(&mut arguments[..1]), hex(&mut arguments[1..]));
    match (left, right) {
        (Value::Long(left), Value::Long(right)) => Value::from(left.checked_add(right)),
        _ => Value::Null,
    }
}

pub(super) fn filetime<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let ticks = parse(take_text(arguments, 0).trim()).filter(|ticks| *ticks > 0);
    let micros = ticks.and_then(|ticks| time::from_filetime(ticks as u64));
    micros.map_or(Value::Null, Value::Time)
}

pub(super) fn datetime<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    match take(arguments, 0) {
        Value::Time(micros) => Value::Time(micros),
        other => time::parse_datetime(other.into_text().trim()).map_or(Value::Null, Value::Time),
    }
}

/// Unsigned 64-bit values keep their bits.
fn parse(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as i64),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn numbers() {
        check("hex", &["0x3e7"], "999");
        check("hex", &["42"], "42");
        check("hex", &["0xffffffffffffffff"], "-1");
        check("hex", &["-"], "");
        check("plus", &["1", "0x10"], "17");
        check("filetime", &["132000000000000000"], "2019-04-17T18:40:00.000000Z");
        check("filetime", &["0"], "");
        check("datetime", &["2020-01-02 03:04:05.678"], "2020-01-02T03:04:05.678000Z");
    }
}
