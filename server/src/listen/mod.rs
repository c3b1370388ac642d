//! The listeners: the TLS port of all APIs, syslog, and the local socket.
//!
//! Every accepted connection has an owner here: a task that is joined at shutdown, counted against one
//! bound for all TCP listeners, with time limits for handshake, headers and silence.

mod http;
mod local;
mod syslog;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use phalanx_web::Peer;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use syslog::Addresses as SyslogAddresses;

use crate::{
    api,
    data_folder::{DataFolder, write_durably},
    metrics::Metrics,
    platform::Platform,
};

/// How long open requests may take to end once shutdown began.
const DRAIN: Duration = Duration::from_secs(10);

/// What all connections share.
#[derive(Clone)]
struct Shared {
    metrics: Arc<Metrics>,
    connections: Arc<Semaphore>,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

/// Where the addresses of a running server are written, in its data folder.
const ADDRESS_FILES: [&str; 2] = ["address", "addresses.json"];

/// Removes the addresses of a server that did not come to its end.
pub fn forget_addresses(folder: &DataFolder) {
    for name in ADDRESS_FILES {
        // There is none behind a clean end.
        let _ = std::fs::remove_file(folder.join(name));
    }
}

/// All listeners, running.
pub struct Listeners {
    shared: Shared,
    addresses: Addresses,
    files: Vec<PathBuf>,
}

/// Where the server really listens.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Addresses {
    pub https: Option<SocketAddr>,
    #[serde(flatten)]
    pub syslog: syslog::Addresses,
}

impl Listeners {
    /// Opens every configured listener and serves until [`Listeners::close`]. The address of the TLS port
    /// is written to `address` in the data folder once it is open, all of them to `addresses.json`.
    pub async fn open(platform: &Platform) -> anyhow::Result<Self> {
        let config = platform.config();
        let folder = platform.folder();
        let shared = Shared {
            metrics: platform.metrics().clone(),
            connections: Arc::new(Semaphore::new(config.server.connections_max)),
            tracker: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        let mut addresses = Addresses::default();

        let https = TcpListener::bind(config.server.listen).await.with_context(|| {
            format!("can't listen on {}; `--listen` takes another address", config.server.listen)
        })?;
        let address = https.local_addr()?;
        addresses.https = Some(address);
        let router = api::router(platform, address).await?;
        // Those that were opened before the one that can't be are closed again.
        addresses.syslog = syslog::open(platform, &shared).inspect_err(|_| shared.shutdown.cancel())?;
        let local = local::bind(&folder.socket())?;
        shared.tracker.spawn(local::serve(local, router.clone(), shared.clone()));
        let tls = tokio_rustls::TlsAcceptor::from(platform.tls().clone());
        shared.tracker.spawn(http::serve(https, tls, router, shared.clone()));

        let all = serde_json::to_vec_pretty(&addresses).context("addresses are JSON")?;
        write_durably(&folder.join(ADDRESS_FILES[1]), &all, 0o644)?;
        write_durably(&folder.address(), format!("{address}\n").as_bytes(), 0o644)?;
        let files = Vec::from(ADDRESS_FILES.map(|name| folder.join(name)));
        let files = files.into_iter().chain([folder.socket()]).collect();
        Ok(Self { shared, addresses, files })
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Takes no new connection, lets open requests end, and removes the address files.
    pub async fn close(self) {
        self.shared.shutdown.cancel();
        self.shared.tracker.close();
        if tokio::time::timeout(DRAIN, self.shared.tracker.wait()).await.is_err() {
            tracing::warn!(left = self.shared.tracker.len(), "connections did not end in time");
        }
        for file in &self.files {
            // A file that somebody removed before is as gone as it should be.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// The peer of a request that this very process makes to itself.
pub fn this_process() -> Peer {
    Peer::Local { uid: rustix::process::geteuid().as_raw(), pid: std::process::id() }
}
