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
        check("plus", &["1", "0x10"], "17");
        check("filetime", &["132000000000000000"], "2019-04-17T18:40:00.000000Z");
        check("filetime", &["0"], "");
        check("datetime", &["2020-01-02 03:04:05.678"], "2020-01-02T03:04:05.678000Z");
    }
}
