//! What the heartbeat tells of this machine.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
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
            addresses: read("/proc/net/fib_trie").map(|trie| own_addresses(&trie)).unwrap_or_default(),
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

/// The machine's own addresses in the kernel's routing table, the loopback's left out.
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
