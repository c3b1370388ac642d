//! Syslog over TLS (RFC 5425), with the server's own certificate. Senders need none.

use std::{io, net::SocketAddr, time::Duration};

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::{Means, connection, gather::Gatherer, tcp};

/// A sender has this long for its TLS handshake.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a listener and serves until shutdown.
pub(super) fn open(address: SocketAddr, means: Means) -> io::Result<SocketAddr> {
    let listener = tcp::listen(address)?;
    let real = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(means.tls.clone());
    let tracker = means.shared.tracker.clone();
    tracker.spawn(tcp::serve(listener, Gatherer::start(means), move |stream, peer, gatherer| {
        let acceptor = acceptor.clone();
        async move {
            let handshake = timeout(PATIENCE, acceptor.accept(stream));
            let accepted = tokio::select! {
                () = gatherer.shutdown().cancelled() => return,
                accepted = handshake => accepted,
            };
            match accepted {
                Ok(Ok(stream)) => connection::serve(stream, peer, &gatherer).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS connection"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
        }
    }));
    Ok(real)
}
