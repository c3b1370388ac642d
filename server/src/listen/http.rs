//! HTTP/1.1 and HTTP/2 over TLS.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use phalanx_web::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;
use tracing::Instrument;

use super::Shared;
use crate::telemetry::traces::request_span;

/// A client has this long for its TLS handshake, and for the head of each request.
const PATIENCE: Duration = Duration::from_secs(20);

/// Accepts until shutdown.
pub(super) async fn serve(listener: TcpListener, tls: TlsAcceptor, router: Router, shared: Shared) {
    while let Some((stream, peer)) = accept(&listener, &shared).await {
        let Ok(permit) = shared.connections.clone().try_acquire_owned() else {
            // Dropping the connection is the only answer that costs nothing.
            shared.metrics.refusals.with_label_values(&["https", "too many connections"]).inc();
            continue;
        };
        let (tls, router, shared) = (tls.clone(), router.clone(), shared.clone());
        shared.tracker.clone().spawn(async move {
            let _permit = permit;
            let gauge = shared.metrics.connections.with_label_values(&["https"]);
            gauge.inc();
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
                Ok(Ok(stream)) => serve_connection(stream, router, Peer::Network(peer), &shared).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS connection"),
                Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
            }
            gauge.dec();
        });
    }
}

/// The next connection; `None` at shutdown. Running out of file descriptors is waited out.
pub(super) async fn accept(
    listener: &TcpListener,
    shared: &Shared,
) -> Option<(tokio::net::TcpStream, SocketAddr)> {
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return None,
            accepted = listener.accept() => match accepted {
                Ok(connection) => return Some(connection),
                Err(error) => {
                    tracing::warn!(%error, "can't accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

/// Serves one connection; at shutdown, the requests that are under way end.
pub(super) async fn serve_connection<S>(stream: S, router: Router, peer: Peer, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE).half_close(true);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PATIENCE).max_concurrent_streams(64);
    let service = TowerToHyperService::new(tower::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let span = request_span(request.headers());
        router.clone().oneshot(request).instrument(span)
    }));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(?peer, %error, "the connection broke");
    }
}
