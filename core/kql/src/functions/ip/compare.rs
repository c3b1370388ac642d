//! Comparing two addresses under the shorter of their prefixes.

use std::cmp::Ordering;

use phalanx_signal::ColumnType::{Bool, Long, String as Text};

use super::net::{Net, Version};
use crate::functions::{
    Accepts::Only,
    Call, Column, Family, Function, FunctionError, Parameter, Returns,
    define::{once, optional},
};

const PARAMETERS: &[Parameter] =
    &[once("ip1", Only(Text)), once("ip2", Only(Text)), optional("prefix", Only(Long))];

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "ipv4_compare",
        Family::Ip,
        PARAMETERS,
        Returns::Only(Long),
        "-1, 0 or 1 as the first address is less than, equal to or greater than the second, by the bits of the \
         shortest prefix; null if one is no address.",
        |call| Ok(Column::longs(orders(call, Version::V4)?.map(|order| Some(order? as i64)))),
    )
    .examples(&[(r#"print ipv4_compare("10.0.0.1/24", "10.0.0.9")"#, "0")]),
    Function::kernel(
        "ipv4_is_match",
        Family::Ip,
        PARAMETERS,
        Returns::Only(Bool),
        "Whether two addresses are equal in the bits of the shortest prefix; null if one is no address.",
        |call| Ok(Column::booleans(orders(call, Version::V4)?.map(|order| Some(order?.is_eq())))),
    )
    .examples(&[(r#"print ipv4_is_match("10.0.0.1", "10.0.0.9", 24)"#, "true")]),
    Function::kernel(
        "ipv6_compare",
        Family::Ip,
        PARAMETERS,
        Returns::Only(Long),
        "Like ipv4_compare(), of IPv6 addresses; IPv4 ones are taken as those that they map to.",
        |call| Ok(Column::longs(orders(call, Version::V6)?.map(|order| Some(order? as i64)))),
    )
    .examples(&[(r#"print ipv6_compare("fe80::1", "fe80::2")"#, "-1")]),
    Function::kernel(
        "ipv6_is_match",
        Family::Ip,
        PARAMETERS,
        Returns::Only(Bool),
        "Like ipv4_is_match(), of IPv6 addresses; IPv4 ones are taken as those that they map to.",
        |call| Ok(Column::booleans(orders(call, Version::V6)?.map(|order| Some(order?.is_eq())))),
    )
    .examples(&[(r#"print ipv6_is_match("::ffff:c0a8:101", "192.168.1.1")"#, "true")]),
];

/// How the addresses of each row compare.
fn orders(
    call: &Call<'_>,
    version: Version,
) -> Result<impl Iterator<Item = Option<Ordering>>, FunctionError> {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    let prefixes = call.has(2).then(|| call.longs(2)).transpose()?;
    let constants = [0, 1].map(|at| call.constant_text(at).map(|text| version.parse(text)));
    Ok((0..call.rows).map(move |row| {
        let left: Net = constants[0].unwrap_or_else(|| version.parse(left.text(row)))?;
        let right: Net = constants[1].unwrap_or_else(|| version.parse(right.text(row)))?;
        let prefix = match &prefixes {
            Some(prefixes) => {
                u32::try_from(prefixes.get(row)?).ok().filter(|prefix| *prefix <= version.width())?
            }
            None => version.width(),
        };
        let prefix = prefix.min(left.prefix).min(right.prefix);
        Some(left.masked(version, prefix).cmp(&right.masked(version, prefix)))
    }))
}
