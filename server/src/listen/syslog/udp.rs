//! Syslog over UDP (RFC 5426): a datagram is a message.
//!
//! Nobody can be told to wait. The kernel keeps some megabytes of datagrams while we are busy, we keep some
//! megabytes of rows while the journal is; beyond both, datagrams are given up and counted, the kernel's
//! losses too.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_signal::decode::{Output, syslog::Messages};
use rustix::net::sockopt;
use tokio::time::sleep_until;

use super::{
    Means,
    connection::zone_seconds,
    gather::{ENTRY_BYTES, ENTRY_ROWS, GATHER},
};
use crate::ingest::{Appender, now_micros};

/// The largest datagram there is.
const DATAGRAM_BYTES: usize = 64 << 10;

/// Bytes and datagrams that are read before anybody else gets the thread.
const ROUND_BYTES: usize = 256 << 10;
const ROUND_DATAGRAMS: usize = 512;

/// Rows that are kept while the journal has no room.
const PENDING_BYTES_MAX: usize = 16 << 20;

/// How often the kernel is asked what it gave up.
const LOOK: Duration = Duration::from_secs(5);

/// Opens a listener and serves until shutdown.
pub(super) fn open(address: SocketAddr, means: Means) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind(address)?;
    enlarge(&socket, means.receive_buffer_bytes);
    socket.set_nonblocking(true)?;
    let inode = rustix::fs::fstat(&socket)?.st_ino;
    let socket = tokio::net::UdpSocket::from_std(socket)?;
    let real = socket.local_addr()?;
    let tracker = means.shared.tracker.clone();
    tracker.spawn(async move { Listener::new(socket, inode, means).run().await });
    Ok(real)
}

/// Asks for a large receive buffer: as root beyond the system's bound, else as large as allowed.
fn enlarge(socket: &UdpSocket, bytes: usize) {
    let forced = sockopt::set_socket_recv_buffer_size_force(socket, bytes);
    if forced.is_err()
        && let Err(error) = sockopt::set_socket_recv_buffer_size(socket, bytes)
    {
        tracing::warn!(%error, bytes, "the receive buffer keeps its size");
    }
}

struct Listener {
    socket: tokio::net::UdpSocket,
    inode: u64,
    means: Means,
    appender: Appender,
    messages: Messages,
    out: Output,
    buffer: Vec<u8>,
    /// Datagrams so far.
    received: u64,
    since: Option<Instant>,
    kernel_losses: u64,
}

impl Listener {
    fn new(socket: tokio::net::UdpSocket, inode: u64, means: Means) -> Self {
        let mut session = means.intake.open_session(means.tenant, means.interface, None);
        session.zone_seconds = zone_seconds();
        let session = Arc::new(session);
        Self {
            socket,
            inode,
            appender: Appender::new(means.intake.clone(), means.interface),
            messages: Messages::new(&session),
            out: Output::new(session, "syslog"),
            buffer: vec![0; DATAGRAM_BYTES],
            received: 0,
            since: None,
            kernel_losses: 0,
            means,
        }
    }

    async fn run(mut self) {
        let shutdown = self.means.shared.shutdown.clone();
        let mut look = tokio::time::interval(LOOK);
        while !shutdown.is_cancelled() {
            let due = self.since.map(|since| since + GATHER);
            tokio::select! {
                () = shutdown.cancelled() => {}
                _ = look.tick() => self.count_kernel_losses(),
                () = sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => {}
                readable = self.socket.readable() => {
                    if let Err(error) = readable {
                        tracing::warn!(%error, "datagrams can't be read");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
            self.take();
            self.send_on().await;
        }
        self.take();
        self.count_kernel_losses();
        let sent = self.appender.push(self.out.flush()).await;
        let kept = sent.and(self.appender.finish().await);
        if let Err(error) = kept {
            tracing::warn!(interface = self.means.interface, %error, "the last messages could not be kept");
        }
    }

    /// Takes the datagrams that are there, but not endlessly.
    fn take(&mut self) {
        let has_room = self.out.pending_bytes() < PENDING_BYTES_MAX;
        let (mut bytes, mut refused) = (0, 0);
        self.out.set_received(now_micros());
        for _ in 0..ROUND_DATAGRAMS {
            let Ok((length, peer)) = self.socket.try_recv_from(&mut self.buffer) else { break };
            bytes += length;
            if has_room {
                let (peer, message) = (peer.ip().to_canonical(), &self.buffer[..length]);
                self.messages.message_from(peer, self.received, message, &mut self.out);
            } else {
                refused += 1;
            }
            self.received += 1;
            if bytes >= ROUND_BYTES {
                break;
            }
        }
        self.means.intake.count_bytes(self.means.interface, bytes);
        self.refuse("no room in the journal", refused);
        if self.since.is_none() && self.out.pending_rows() > 0 {
            self.since = Some(Instant::now());
        }
    }

    /// Sends rows to the journal when they are enough or have waited, if there is room on the way.
    async fn send_on(&mut self) {
        let Some(since) = self.since else { return };
        let is_due = since.elapsed() >= GATHER
            || self.out.pending_rows() >= ENTRY_ROWS
            || self.out.pending_bytes() >= ENTRY_BYTES;
        if !is_due {
            return;
        }
        if self.appender.is_full() {
            // Asked again when more comes, or in a while.
            self.since = Some(Instant::now());
            return;
        }
        self.since = None;
        let (batches, counts) = (self.out.flush(), self.out.take_counts());
        self.means.intake.count_dead_letters("syslog", &counts);
        if let Err(error) = self.appender.push(batches).await {
            tracing::warn!(interface = self.means.interface, %error, "messages can't be kept any more");
        }
    }

    /// Counts what the kernel gave up because its buffer was full.
    fn count_kernel_losses(&mut self) {
        let Some(losses) = kernel_losses(self.inode) else { return };
        self.refuse("the receive buffer was full", losses.saturating_sub(self.kernel_losses));
        self.kernel_losses = losses;
    }

    fn refuse(&self, reason: &str, count: u64) {
        if count > 0 {
            self.means.intake.refuse_many(self.means.interface, reason, count);
            self.means.shared.metrics.syslog_dropped.inc_by(count);
        }
    }
}

/// Datagrams of a socket that the kernel has given up since it was opened.
fn kernel_losses(inode: u64) -> Option<u64> {
    ["/proc/self/net/udp", "/proc/self/net/udp6"].iter().find_map(|file| {
        let table = std::fs::read_to_string(file).ok()?;
        table.lines().find_map(|line| losses_of(line, inode))
    })
}

/// The last field of the socket's line in the kernel's table, whose tenth is the inode.
fn losses_of(line: &str, inode: u64) -> Option<u64> {
    let mut fields = line.split_ascii_whitespace();
    (fields.nth(9)?.parse() == Ok(inode)).then(|| fields.next_back()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_read_from_the_kernels_table() {
        let head = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
        let line = " 2024: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1879048 2 0000000000000000 17";
        assert_eq!(losses_of(line, 1_879_048), Some(17));
        assert_eq!(losses_of(line, 17), None);
        assert_eq!(losses_of(head, 17), None);
    }

    #[test]
    fn the_kernel_counts_what_no_buffer_held() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        sockopt::set_socket_recv_buffer_size(&socket, 4_096).expect("a small buffer");
        let inode = rustix::fs::fstat(&socket).expect("a socket").st_ino;
        assert_eq!(kernel_losses(inode), Some(0));
        let sender = UdpSocket::bind("127.0.0.1:0").expect("a port");
        for _ in 0..1_000 {
            sender.send_to(&[b'x'; 1_000], socket.local_addr().expect("an address")).expect("sent");
        }
        assert!(kernel_losses(inode).is_some_and(|losses| losses > 0));
    }
}
