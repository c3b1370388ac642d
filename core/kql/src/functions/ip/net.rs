//! An address, or a network of them.

use std::net::Ipv6Addr;

/// Which kind of addresses a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V4,
    /// Also IPv4 addresses, as the IPv6 addresses they map to.
    V6,
}

/// An address with the number of its first bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Net {
    /// The address as written; of IPv4 in the last 32 bits.
    pub bits: u128,
    pub prefix: u32,
}

/// How an IPv4 address is written in 128 bits.
const MAPPED: u128 = 0xffff << 32;

impl Version {
    /// How many bits an address has.
    pub fn width(self) -> u32 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// Reads an address, which may have `/prefix` behind it.
    pub fn parse(self, text: &str) -> Option<Net> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(small_number(prefix)?)),
            None => (text, None),
        };
        let net = |bits, width: u32, beyond: u32| {
            let prefix = prefix.unwrap_or(width);
            (prefix <= width).then_some(Net { bits, prefix: prefix + beyond })
        };
        if self == Self::V4 {
            return net(parse_v4(address)?.into(), 32, 0);
        }
        if !address.contains(':') {
            return net(MAPPED | u128::from(parse_v4(address)?), 32, 96);
        }
        // Its last part may be written as an IPv4 address; then it is one, and the prefix counts its bits.
        match address.rsplit_once(':') {
            Some((before, v4))
                if v4.contains('.') && before.bytes().all(|byte| matches!(byte, b':' | b'0')) =>
            {
                net(MAPPED | u128::from(parse_v4(v4)?), 32, 96)
            }
            Some((before, v4)) if v4.contains('.') && before.eq_ignore_ascii_case("::ffff") => {
                net(MAPPED | u128::from(parse_v4(v4)?), 32, 96)
            }
            _ => net(address.parse::<Ipv6Addr>().ok()?.into(), 128, 0),
        }
    }
}

impl Net {
    /// The first address of the network of `prefix` bits.
    pub fn masked(self, version: Version, prefix: u32) -> u128 {
        let free = version.width() - prefix.min(version.width());
        if free >= 128 { 0 } else { self.bits >> free << free }
    }

    /// The first and last address of the network.
    pub fn bounds(self, version: Version) -> (u128, u128) {
        let first = self.masked(version, self.prefix);
        let free = version.width() - self.prefix;
        let rest = if free >= 128 { u128::MAX } else { (1 << free) - 1 };
        (first, first | rest)
    }
}

/// An address of four numbers with points between them, and nothing else.
pub fn parse_v4(text: &str) -> Option<u32> {
    let (address, length) = leading_v4(text.as_bytes())?;
    (length == text.len()).then_some(address)
}

/// The address that a text begins with, and its length.
pub fn leading_v4(text: &[u8]) -> Option<(u32, usize)> {
    let (mut address, mut at) = (0, 0);
    for part in 0..4 {
        if part > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let digits = text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&digits) {
            return None;
        }
        let number =
            text[at..at + digits].iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
        if number > 255 {
            return None;
        }
        address = address << 8 | number;
        at += digits;
    }
    Some((address, at))
}

/// The four numbers of an address.
pub fn v4_text(bits: u128) -> String {
    let [.., a, b, c, d] = bits.to_be_bytes();
    format!("{a}.{b}.{c}.{d}")
}

/// An address in eight groups of four digits, none left out.
pub fn v6_text(bits: u128) -> String {
    let groups = Ipv6Addr::from(bits).segments();
    groups.map(|group| format!("{group:04x}")).join(":")
}

fn small_number(text: &str) -> Option<u32> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}
