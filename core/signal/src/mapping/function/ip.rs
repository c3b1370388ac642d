//! Internet addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bumpalo::Bump;

use crate::mapping::value::Datum;

pub(super) fn ip<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let text = arguments[0].text(arena);
    match parse(text) {
        Some(IpAddr::V4(_)) if !text.contains(':') => Datum::Text(text),
        Some(address) => Datum::Text(arena.alloc_str(&address.to_string())),
        None => Datum::Null,
    }
}

pub(super) fn kind<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    match parse(arguments[0].text(arena)) {
        Some(IpAddr::V4(address)) => Datum::Text(kind_v4(address)),
        Some(IpAddr::V6(address)) => Datum::Text(kind_v6(address)),
        None => Datum::Null,
    }
}

/// An address, without a zone, IPv4-mapped as IPv4.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.split('%').next()?;
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn kind_v4(address: Ipv4Addr) -> &'static str {
    match address.octets() {
        [127, ..] => "Loopback",
        [10, ..] | [192, 168, ..] => "Private",
        [172, second, ..] if second & 0xf0 == 16 => "Private",
        [169, 254, ..] => "LinkLocal",
        [255, 255, 255, 255] => "Broadcast",
        [224..240, ..] => "Multicast",
        [0 | 240.., ..] | [100, 64..128, ..] | [192, 0, 0 | 2, _] | [198, 18 | 19, ..] => "Reserved",
        [198, 51, 100, _] | [203, 0, 113, _] => "Reserved",
        _ => "Public",
    }
}

fn kind_v6(address: Ipv6Addr) -> &'static str {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => "Loopback",
        [0x2001, 0, ..] => "Teredo",
        [0xfc00..0xfe00, ..] => "Private",
        [0xfe80..0xfec0, ..] => "LinkLocal",
        [0xff00..=0xffff, ..] => "Multicast",
        [0x2000..0x4000, ..] if address.segments()[..2] != [0x2001, 0xdb8] => "Public",
        _ => "Reserved",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn addresses() {
        check("ip", &["10.0.0.1"], "10.0.0.1");
        check("ip", &["::ffff:10.0.0.1"], "10.0.0.1");
        check("ip", &["fe80:0:0:0:1:2:3:4"], "fe80::1:2:3:4");
        check("ip", &["fe80::1%3"], "fe80::1");
        check("ip", &["-"], "");
        check("ip", &["LOCAL"], "");
        for (address, kind) in [
            ("8.8.8.8", "Public"),
            ("172.31.0.1", "Private"),
            ("172.32.0.1", "Public"),
            ("127.0.0.1", "Loopback"),
            ("::1", "Loopback"),
            ("169.254.1.1", "LinkLocal"),
            ("fe80::1", "LinkLocal"),
            ("239.255.255.250", "Multicast"),
            ("255.255.255.255", "Broadcast"),
            ("0.0.0.0", "Reserved"),
            ("::", "Reserved"),
            ("2001:0:1::1", "Teredo"),
            ("2a00:1450::1", "Public"),
            ("2001:db8::1", "Reserved"),
            ("fd00::1", "Private"),
            ("::ffff:192.168.1.1", "Private"),
            ("host", ""),
        ] {
            check("ip_type", &[address], kind);
        }
    }
}
