//! The Unix socket of the local commands: peers prove who they are by the kernel's word.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use anyhow::Context;
use axum::Router;
use phalanx_web::Peer;
use tokio::net::UnixListener;

use super::{Shared, http::serve_connection};

/// Opens the socket. One left by a server that was killed is replaced: the caller holds the data
/// folder's lock, so no other server can be using it.
pub(super) fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("can't replace `{}`", path.display()));
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("can't listen on `{}`", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("can't protect `{}`", path.display()))?;
    Ok(listener)
}

/// Accepts until shutdown.
pub(super) async fn serve(listener: UnixListener, router: Router, shared: Shared) {
    loop {
        let accepted = tokio::select! {
            () = shared.shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "can't accept a local connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let peer = match stream.peer_cred() {
            Ok(credentials) => Peer::Local {
                uid: credentials.uid(),
                pid: credentials.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
            },
            Err(error) => {
                tracing::warn!(%error, "a local connection without credentials is refused");
                continue;
            }
        };
        let (router, shared) = (router.clone(), shared.clone());
        shared.tracker.clone().spawn(async move {
            serve_connection(stream, router, peer, &shared).await;
        });
    }
}
