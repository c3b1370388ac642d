//! Syslog over the network: RFC 5426 (UDP), RFC 6587 (TCP) and RFC 5425 (TLS).
//!
//! A listener gathers the rows of all its senders ([`gather`]): a journal entry has the messages of many
//! connections, or of many milliseconds of one. Syslog has no answer, so the only way to tell a sender to wait
//! is to stop reading; over TCP and TLS that is what happens while the journal has no room. Datagrams can't be
//! made to wait: what can't be kept is counted as refused.
//!
//! Who connects and says nothing costs a task and no buffer: buffers belong to the few connections that are
//! being read at the moment ([`connection`]).

mod connection;
mod gather;
mod tcp;
mod tls;
mod udp;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use phalanx_signal::TenantId;

use super::Shared;
use crate::{
    config,
    ingest::{DecodePool, Intake},
    platform::Platform,
};

/// One way in.
struct Transport {
    /// As metrics and refusals name it.
    interface: &'static str,
    /// As the configuration names it.
    key: &'static str,
    addresses: fn(&config::Syslog) -> &[SocketAddr],
    /// Where the real addresses are noted.
    found: fn(&mut Addresses) -> &mut Vec<SocketAddr>,
    /// Opens a listener, which then serves until shutdown. The address is the one that it really has.
    open: fn(SocketAddr, Means) -> std::io::Result<SocketAddr>,
}

/// Every way in, in the order in which they are told.
static TRANSPORTS: [Transport; 3] = [
    Transport {
        interface: "syslog udp",
        key: "syslog.udp",
        addresses: |config| &config.udp,
        found: |addresses| &mut addresses.udp,
        open: udp::open,
    },
    Transport {
        interface: "syslog tcp",
        key: "syslog.tcp",
        addresses: |config| &config.tcp,
        found: |addresses| &mut addresses.tcp,
        open: tcp::open,
    },
    Transport {
        interface: "syslog tls",
        key: "syslog.tls",
        addresses: |config| &config.tls,
        found: |addresses| &mut addresses.tls,
        open: tls::open,
    },
];

/// What a listener works with.
#[derive(Clone)]
struct Means {
    interface: &'static str,
    intake: Arc<Intake>,
    pool: DecodePool,
    tenant: TenantId,
    tls: Arc<rustls::ServerConfig>,
    /// How long a connection may be silent.
    idle: Duration,
    receive_buffer_bytes: usize,
    shared: Shared,
}

/// Where syslog is really taken in.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Addresses {
    #[serde(rename = "syslog_udp")]
    pub udp: Vec<SocketAddr>,
    #[serde(rename = "syslog_tcp")]
    pub tcp: Vec<SocketAddr>,
    #[serde(rename = "syslog_tls")]
    pub tls: Vec<SocketAddr>,
    /// Default addresses that could not be had, and why.
    #[serde(skip)]
    pub missing: Vec<String>,
}

/// Opens every configured listener.
///
/// # Errors
/// An address that somebody chose can't be had. One that is a default may be another program's: then the
/// server runs without it and says so.
pub(super) fn open(platform: &Platform, shared: &Shared) -> anyhow::Result<Addresses> {
    let (config, defaults) = (&platform.config().syslog, config::Syslog::default());
    let mut found = Addresses::default();
    for transport in &TRANSPORTS {
        for address in (transport.addresses)(config) {
            let means = Means {
                interface: transport.interface,
                intake: platform.intake().clone(),
                pool: platform.decode_pool().clone(),
                tenant: platform.folder().tenant(),
                tls: platform.tls().clone(),
                idle: Duration::from_secs(config.idle_seconds.max(1)),
                receive_buffer_bytes: config.receive_buffer_bytes,
                shared: shared.clone(),
            };
            match (transport.open)(*address, means) {
                Ok(real) => (transport.found)(&mut found).push(real),
                Err(error) => {
                    let (interface, key) = (transport.interface, transport.key);
                    let message = format!(
                        "{interface} can't be taken in on {address} ({error}); `{key}` in the configuration takes \
                         another address, or none"
                    );
                    if !(transport.addresses)(&defaults).contains(address) {
                        anyhow::bail!(message);
                    }
                    tracing::warn!(%address, %error, interface, "a default port can't be had");
                    found.missing.push(message);
                }
            }
        }
    }
    Ok(found)
}
