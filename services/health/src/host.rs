//! What the heartbeat tells of this machine.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
};

/// This machine, as far as it can be asked without rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub name: String,
    pub os_type: String,
    /// `Debian GNU/Linux 13 (trixie)`.
    pub os_name: String,
    pub os_version: (String, String),
    /// The address that it would speak to the world with.
    pub address: Option<IpAddr>,
    /// Its own addresses.
    pub addresses: Vec<IpAddr>,
    pub machine_id: Option<String>,
}

impl Host {
    /// Asks.
    pub fn find() -> Self {
        let release = read("/etc/os-release").unwrap_or_default();
        let version = release_field(&release, "VERSION_ID").unwrap_or_default();
        let (major, minor) = version.split_once('.').unwrap_or((&version, ""));
        Self {
            name: read("/proc/sys/kernel/hostname").unwrap_or_else(|| "localhost".to_owned()),
            os_type: read("/proc/sys/kernel/ostype").unwrap_or_else(|| std::env::consts::OS.to_owned()),
            os_name: release_field(&release, "PRETTY_NAME").unwrap_or_default(),
            os_version: (major.to_owned(), minor.to_owned()),
            address: address(),
            addresses: addresses(),
            machine_id: read("/etc/machine-id").and_then(|id| machine_id(&id)),
        }
    }
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn release_field(release: &str, name: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches(['"', '\'']).to_owned())
}

/// Connecting a datagram socket sends nothing; it only chooses a route. The address is one of those
/// that are reserved for documentation, and so never this machine's own.
fn address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}

/// The machine's own addresses, the loopback's and those good only on one link left out.
fn addresses() -> Vec<IpAddr> {
    let mut addresses = read("/proc/net/fib_trie").map(|trie| own_addresses(&trie)).unwrap_or_default();
    addresses.extend(read("/proc/net/if_inet6").map(|list| own_v6_addresses(&list)).unwrap_or_default());
    addresses
}

/// The addresses of scope global (`00`) in the kernel's list: address, interface, prefix, scope, flags, name.
fn own_v6_addresses(list: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (address, scope) = (fields.next()?, fields.nth(2)?);
        let bits = u128::from_str_radix(address, 16).ok().filter(|_| address.len() == 32 && scope == "00")?;
        Some(IpAddr::V6(Ipv6Addr::from_bits(bits)))
    };
    list.lines().filter_map(address).collect()
}

/// The machine's own addresses in the kernel's routing table.
fn own_addresses(trie: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    let mut last = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = last.filter(|address| !address.is_loopback())
            && !addresses.contains(&IpAddr::V4(address))
        {
            addresses.push(IpAddr::V4(address));
        }
    }
    addresses
}

/// The 32 hexadecimal digits of a machine's id in the form of a GUID.
fn machine_id(id: &str) -> Option<String> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_those_of_local_hosts() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.5\n        \
                    /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\nLocal:\n     |-- 10.0.0.5\n        \
                    /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n";
        assert_eq!(own_addresses(trie), [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5))]);
    }

    #[test]
    fn only_addresses_that_others_can_reach_are_told() {
        let list = "00000000000000000000000000000001 01 80 10 80       lo\n\
                    fe80000000000000021122fffe334455 02 40 20 80     eth0\n\
                    20010db8000000000000000000000007 02 40 00 00     eth0\nodd\n";
        assert_eq!(own_v6_addresses(list), ["2001:db8::7".parse::<IpAddr>().expect("an address")]);
    }

    #[test]
    fn names_come_without_their_quotes() {
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 13\"\nVERSION_ID=\"13.1\"\n";
        assert_eq!(release_field(release, "PRETTY_NAME").as_deref(), Some("Debian GNU/Linux 13"));
        assert_eq!(release_field(release, "VERSION_ID").as_deref(), Some("13.1"));
        assert_eq!(release_field(release, "ID"), None);
    }

    #[test]
    fn a_machine_id_becomes_a_guid() {
        let guid = machine_id("0123456789abcdef0123456789abcdef");
        assert_eq!(guid.as_deref(), Some("01234567-89ab-cdef-0123-456789abcdef"));
        assert_eq!(machine_id("uninitialized"), None);
    }
}
