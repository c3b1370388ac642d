//! Numbers and times.

use bumpalo::Bump;

use crate::{mapping::value::Datum, time};

pub(super) fn hex<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    number(arguments[0], arena).into()
}

pub(super) fn plus<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let (left, right) = (number(arguments[0], arena), number(arguments[1], arena));
    left.zip(right).and_then(|(left, right)| left.checked_add(right)).into()
}

pub(super) fn filetime<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let ticks = number(arguments[0], arena).filter(|ticks| *ticks > 0);
    let micros = ticks.and_then(|ticks| time::from_filetime(ticks as u64));
    micros.map_or(Datum::Null, Datum::Time)
}

pub(super) fn datetime<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    match arguments[0] {
        Datum::Time(micros) => Datum::Time(micros),
        other => time::parse_datetime(other.text(arena).trim_ascii()).map_or(Datum::Null, Datum::Time),
    }
}

pub(super) fn hexadecimal<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    bits(arguments[0], arena).map(|number| number as i64).into()
}

pub(super) fn in_hexadecimal<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    match number(arguments[0], arena) {
        Some(number) => Datum::Text(arena.alloc_str(&format!("{number:x}"))),
        None => Datum::Null,
    }
}

pub(super) fn any_bit<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let wanted = number(arguments[1], arena).unwrap_or_default() as u64;
    bits(arguments[0], arena).map_or(Datum::Null, |number| Datum::Bool(number & wanted != 0))
}

pub(super) fn milliseconds<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    micros(arguments[0], arena).map(|micros| (micros + 500) / 1000).into()
}

pub(super) fn later<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let Datum::Time(time) = datetime(&arguments[..1], arena) else { return Datum::Null };
    match micros(arguments[1], arena).and_then(|micros| time.checked_add(micros)) {
        Some(later) => Datum::Time(later),
        None => Datum::Null,
    }
}

/// Seconds, with or without a fraction, as microseconds.
fn micros(seconds: Datum<'_>, arena: &Bump) -> Option<i64> {
    let seconds: f64 = match seconds {
        Datum::Long(number) => number as f64,
        Datum::Real(number) => number,
        other => other.text(arena).trim_ascii().parse().ok()?,
    };
    let micros = (seconds * 1e6).round();
    // As far as a real number is exact.
    (micros.abs() < 9e15).then_some(micros as i64)
}

fn bits(datum: Datum<'_>, arena: &Bump) -> Option<u64> {
    u64::from_str_radix(datum.text(arena), 16).ok()
}

/// Decimal or `0x…`; unsigned 64-bit values keep their bits.
fn number(datum: Datum<'_>, arena: &Bump) -> Option<i64> {
    let text = match datum {
        Datum::Long(number) => return Some(number),
        Datum::Text(text) => text.trim_ascii(),
        other => return other.text(arena).parse().ok(),
    };
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
        check("hexadecimal", &["4d2"], "1234");
        check("hexadecimal", &["x"], "");
        check("in_hexadecimal", &["4660"], "1234");
        check("in_hexadecimal", &["x"], "");
        check("any_bit", &["241", "3"], "true");
        check("any_bit", &["240", "3"], "false");
        check("any_bit", &["ffffffffffffff9c", "0x4000"], "true");
        check("any_bit", &["", "3"], "");
        check("milliseconds", &["1.5004"], "1500");
        check("milliseconds", &["0.0005"], "1");
        check("milliseconds", &["7"], "7000");
        check("milliseconds", &["-"], "");
        check("milliseconds", &["1e300"], "");
        check("later", &["2020-01-02 03:04:05", "1.5"], "2020-01-02T03:04:06.500000Z");
        check("later", &["2020-01-02 03:04:05", ""], "");
        check("plus", &["1", "0x10"], "17");
        check("filetime", &["132000000000000000"], "2019-04-17T18:40:00.000000Z");
        check("filetime", &["0"], "");
        check("datetime", &["2020-01-02 03:04:05.678"], "2020-01-02T03:04:05.678000Z");
    }
}
