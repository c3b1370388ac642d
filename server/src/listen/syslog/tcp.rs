//! Syslog over TCP (RFC 6587).

use std::{io, net::SocketAddr, sync::Arc};

use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::{Means, connection, gather::Gatherer};
use crate::listen::http::accept;

/// Connections that wait to be accepted.
const QUEUE: u32 = 4_096;

/// Opens a listener and serves until shutdown.
pub(super) fn open(address: SocketAddr, means: Means) -> io::Result<SocketAddr> {
    let listener = listen(address)?;
    let real = listener.local_addr()?;
    let tracker = means.shared.tracker.clone();
    tracker.spawn(serve(listener, Gatherer::start(means), |stream, peer, gatherer| async move {
        connection::serve(stream, peer, &gatherer).await;
    }));
    Ok(real)
}

/// A listener whose queue holds a burst of connections: after a restart all senders come back at once.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port whose last connections are still being closed is free for the same listener again.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(QUEUE)
}

/// Accepts connections until shutdown, each within the bound over all TCP listeners.
pub(super) async fn serve<F>(
    listener: TcpListener,
    gatherer: Arc<Gatherer>,
    serve: impl Fn(TcpStream, SocketAddr, Arc<Gatherer>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let Means { shared, interface, .. } = gatherer.means.clone();
    while let Some((stream, peer)) = accept(&listener, &shared).await {
        let Ok(permit) = shared.connections.clone().try_acquire_owned() else {
            // Syslog has no answer but the end of the connection.
            gatherer.means.intake.refuse(interface, "too many connections");
            continue;
        };
        let served = serve(stream, peer, gatherer.clone());
        shared.tracker.spawn(async move {
            let _permit = permit;
            served.await;
        });
    }
}
