//! Addresses in other spellings.

use phalanx_signal::ColumnType::{Dynamic, Long, String as Text};

use super::net::{Net, Version, v4_text, v6_text};
use crate::{
    dynamic::{Json, to_text},
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "parse_ipv4",
        Family::Ip,
        &[once("ip", Only(Text))],
        Returns::Only(Long),
        "The number that an IPv4 address is, without the bits behind its prefix; null if it is none.",
        |call| parse_ipv4(call, false),
    )
    .examples(&[(r#"print parse_ipv4("192.168.1.1/24")"#, "3232235776")]),
    Function::kernel(
        "parse_ipv4_mask",
        Family::Ip,
        &[once("ip", Only(Text)), once("prefix", Only(Long))],
        Returns::Only(Long),
        "The number that an IPv4 address is, without the bits behind the shorter prefix; null if it is none.",
        |call| parse_ipv4(call, true),
    )
    .examples(&[(r#"print parse_ipv4_mask("127.0.0.1", 24)"#, "2130706432")]),
    Function::kernel(
        "ipv4_netmask_suffix",
        Family::Ip,
        &[once("ip", Only(Text))],
        Returns::Only(Long),
        "The prefix of an IPv4 address, 32 if it has none; null for what is no address.",
        ipv4_netmask_suffix,
    )
    .examples(&[(r#"print ipv4_netmask_suffix("192.168.1.1/24")"#, "24")]),
    Function::kernel(
        "format_ipv4",
        Family::Ip,
        &[once("ip", Any), optional("prefix", Only(Long))],
        Returns::Only(Text),
        "An IPv4 address, of text or a number, without the bits behind the shorter prefix; empty if it is none.",
        |call| format_ipv4(call, false),
    )
    .examples(&[
        (r#"print format_ipv4("192.168.1.255", 24)"#, "192.168.1.0"),
        ("print format_ipv4(3232236031)", "192.168.1.255"),
    ]),
    Function::kernel(
        "format_ipv4_mask",
        Family::Ip,
        &[once("ip", Any), optional("prefix", Only(Long))],
        Returns::Only(Text),
        "Like format_ipv4(), with the prefix behind the address.",
        |call| format_ipv4(call, true),
    )
    .examples(&[(r#"print format_ipv4_mask("192.168.1.255", 24)"#, "192.168.1.0/24")]),
    Function::kernel(
        "parse_ipv6",
        Family::Ip,
        &[once("ip", Only(Text))],
        Returns::Only(Text),
        "An IPv6 or IPv4 address in eight groups, without the bits behind its prefix; empty if it is none.",
        |call| parse_ipv6(call, false),
    )
    .examples(&[(r#"print parse_ipv6("192.168.255.255/24")"#, "0000:0000:0000:0000:0000:ffff:c0a8:ff00")]),
    Function::kernel(
        "parse_ipv6_mask",
        Family::Ip,
        &[once("ip", Only(Text)), once("prefix", Only(Long))],
        Returns::Only(Text),
        "An IPv6 or IPv4 address in eight groups, without the bits behind the shorter prefix; empty if it is none.",
        |call| parse_ipv6(call, true),
    )
    .examples(&[(r#"print parse_ipv6_mask("fe80::1", 10)"#, "fe80:0000:0000:0000:0000:0000:0000:0000")]),
    Function::kernel(
        "geo_info_from_ip_address",
        Family::Ip,
        &[once("ip", Only(Text))],
        Returns::Only(Dynamic),
        "What is known of the place of an address. Without a database of such places, nothing: an empty bag; null \
         for what is no address.",
        geo_info_from_ip_address,
    )
    .examples(&[(r#"print tostring(geo_info_from_ip_address("20.53.203.50"))"#, "{}")]),
];

/// The prefix of a row: the shorter of the address's own and the one given, if that is none too long.
fn shorter(net: Net, version: Version, prefix: Option<i64>) -> Option<u32> {
    let prefix = u32::try_from(prefix?).ok().filter(|prefix| *prefix <= version.width())?;
    Some(prefix.min(net.prefix))
}

fn parse_ipv4(call: &Call<'_>, has_prefix: bool) -> Answer {
    let texts = call.texts(0)?;
    let prefixes = has_prefix.then(|| call.longs(1)).transpose()?;
    let number = |row| {
        let net = Version::V4.parse(texts.text(row))?;
        let given = prefixes.as_ref().map_or(Some(32), |prefixes| prefixes.get(row));
        i64::try_from(net.masked(Version::V4, shorter(net, Version::V4, given)?)).ok()
    };
    Ok(Column::longs((0..call.rows).map(number)))
}

fn ipv4_netmask_suffix(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    let suffix = |row| Some(i64::from(Version::V4.parse(texts.text(row))?.prefix));
    Ok(Column::longs((0..call.rows).map(suffix)))
}

fn format_ipv4(call: &Call<'_>, show_prefix: bool) -> Answer {
    let values = call.json_values(0)?;
    let prefixes = call.has(1).then(|| call.longs(1)).transpose()?;
    let text = |row| {
        let value = values.json(row);
        let value = Json::new(&value);
        let net = match value.as_long() {
            Some(number) => Net { bits: u32::try_from(number).ok()?.into(), prefix: 32 },
            None => Version::V4.parse(&to_text(value))?,
        };
        let given = prefixes.as_ref().map_or(Some(32), |prefixes| prefixes.get(row));
        let prefix = shorter(net, Version::V4, given)?;
        let address = v4_text(net.masked(Version::V4, prefix));
        Some(if show_prefix { format!("{address}/{prefix}") } else { address })
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(text(row).unwrap_or_default()))))
}

fn parse_ipv6(call: &Call<'_>, has_prefix: bool) -> Answer {
    let texts = call.texts(0)?;
    let prefixes = has_prefix.then(|| call.longs(1)).transpose()?;
    let text = |row| {
        let net = Version::V6.parse(texts.text(row))?;
        let given = prefixes.as_ref().map_or(Some(128), |prefixes| prefixes.get(row));
        Some(v6_text(net.masked(Version::V6, shorter(net, Version::V6, given)?)))
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(text(row).unwrap_or_default()))))
}

fn geo_info_from_ip_address(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| Version::V6.parse(texts.text(row)).map(|_| "{}"))
}
