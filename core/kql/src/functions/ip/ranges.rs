//! Whether addresses are in networks.

use phalanx_signal::ColumnType::{Bool, Dynamic, String as Text};

use super::net::{Version, v4_text};
use crate::{
    dynamic::ArrayWriter,
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, FunctionError, Returns, Texts,
        define::{Answer, once, repeated},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "ipv4_is_private",
        Family::Ip,
        &[once("ip", Only(Text))],
        Returns::Only(Bool),
        "Whether an address is of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; null if it is none.",
        ipv4_is_private,
    )
    .examples(&[
        (r#"print ipv4_is_private("192.168.1.1/24")"#, "true"),
        (r#"print ipv4_is_private("127.0.0.1")"#, "false"),
    ]),
    Function::kernel(
        "ipv4_is_in_range",
        Family::Ip,
        &[once("ip", Only(Text)), once("range", Only(Text))],
        Returns::Only(Bool),
        "Whether an address is in a network; null if one of them is none.",
        |call| is_in_range(call, Version::V4),
    )
    .examples(&[(r#"print ipv4_is_in_range("10.1.2.3", "10.0.0.0/8")"#, "true")]),
    Function::kernel(
        "ipv4_is_in_any_range",
        Family::Ip,
        &[once("ip", Only(Text)), repeated("range", Any, 1)],
        Returns::Only(Bool),
        "Whether an address is in one of the networks, which are texts or arrays of texts; null if it is none.",
        |call| is_in_any_range(call, Version::V4),
    )
    .examples(&[(r#"print ipv4_is_in_any_range("10.1.2.3", dynamic(["192.168.0.0/16", "10.0.0.0/8"]))"#, "true")]),
    Function::kernel(
        "ipv6_is_in_range",
        Family::Ip,
        &[once("ip", Only(Text)), once("range", Only(Text))],
        Returns::Only(Bool),
        "Whether an address is in a network; null if one of them is none.",
        |call| is_in_range(call, Version::V6),
    )
    .examples(&[(r#"print ipv6_is_in_range("fe80::9", "fe80::/64")"#, "true")]),
    Function::kernel(
        "ipv6_is_in_any_range",
        Family::Ip,
        &[once("ip", Only(Text)), repeated("range", Any, 1)],
        Returns::Only(Bool),
        "Whether an address is in one of the networks, which are texts or arrays of texts; null if it is none.",
        |call| is_in_any_range(call, Version::V6),
    )
    .examples(&[(r#"print ipv6_is_in_any_range("fe80::9", "2001:db8::/32", "fe80::/64")"#, "true")]),
    Function::kernel(
        "ipv4_range_to_cidr_list",
        Family::Ip,
        &[once("start", Only(Text)), once("end", Only(Text))],
        Returns::Only(Dynamic),
        "The networks that together have the addresses from one to another.",
        ipv4_range_to_cidr_list,
    )
    .examples(&[(
        r#"print tostring(ipv4_range_to_cidr_list("1.1.128.0", "1.1.140.255"))"#,
        r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#,
    )]),
];

fn ipv4_is_private(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    let is_private = |row| {
        let net = Version::V4.parse(texts.text(row))?;
        let within = |prefix, network| net.prefix >= prefix && net.masked(Version::V4, prefix) == network;
        Some(within(8, 0x0a00_0000) || within(12, 0xac10_0000) || within(16, 0xc0a8_0000))
    };
    Ok(Column::booleans((0..call.rows).map(is_private)))
}

fn is_in_range(call: &Call<'_>, version: Version) -> Answer {
    let (texts, ranges) = (call.texts(0)?, call.texts(1)?);
    let constant = call.constant_text(1).map(|range| version.parse(range));
    let is_in = |row| {
        let (ip, range) =
            (version.parse(texts.text(row))?, constant.unwrap_or_else(|| version.parse(ranges.text(row)))?);
        let prefix = ip.prefix.min(range.prefix);
        Some(ip.masked(version, prefix) == range.masked(version, prefix))
    };
    Ok(Column::booleans((0..call.rows).map(is_in)))
}

fn is_in_any_range(call: &Call<'_>, version: Version) -> Answer {
    let texts = call.texts(0)?;
    let ranges = call.texts_from(1)?;
    let constant = (1..call.arguments.len()).all(|at| call.is_constant(at));
    let constant = constant.then(|| Ranges::new(call, &ranges, version, 0)).transpose()?;
    let is_in = |row| {
        let ip = version.parse(texts.text(row))?;
        let (first, last) = ip.bounds(version);
        match &constant {
            Some(ranges) => Some(ranges.has(first, last)),
            None => Some(Ranges::new(call, &ranges, version, row).ok()?.has(first, last)),
        }
    };
    Ok(Column::booleans((0..call.rows).map(is_in)))
}

/// Networks, as sorted stretches of addresses that do not touch.
struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    /// The networks of a row. What is none is left out.
    fn new(call: &Call<'_>, texts: &[Texts], version: Version, row: usize) -> Result<Self, FunctionError> {
        let mut bounds = Vec::new();
        let mut add = |text: &str| bounds.extend(version.parse(text).map(|net| net.bounds(version)));
        for (at, texts) in texts.iter().enumerate() {
            if call.types[at + 1] == Dynamic {
                let value = texts.value(row);
                value.as_text().into_iter().for_each(|text| add(&text));
                let elements = value.elements().into_iter().flatten();
                elements.filter_map(|element| element.as_text()).for_each(|text| add(&text));
            } else {
                add(texts.text(row));
            }
        }
        bounds.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(bounds.len());
        for (first, last) in bounds {
            match merged.last_mut() {
                Some(before) if first <= before.1 => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Ok(Self(merged))
    }

    /// Whether a network has an address in common with one of these.
    fn has(&self, first: u128, last: u128) -> bool {
        let behind = self.0.partition_point(|range| range.0 <= last);
        behind > 0 && self.0[behind - 1].1 >= first
    }
}

fn ipv4_range_to_cidr_list(call: &Call<'_>) -> Answer {
    let (starts, ends) = (call.texts(0)?, call.texts(1)?);
    call.dynamics(|row| {
        let mut next = Version::V4.parse(starts.text(row))?.bits;
        let end = Version::V4.parse(ends.text(row))?.bits;
        let mut out = ArrayWriter::default();
        while next <= end {
            // The largest network that begins here and does not go beyond the end.
            let aligned = next.trailing_zeros().min(32);
            let fitting = (end - next + 1).ilog2();
            let free = aligned.min(fitting);
            out.push_text(&format!("{}/{}", v4_text(next), 32 - free));
            next += 1 << free;
        }
        Some(out.finish())
    })
}
