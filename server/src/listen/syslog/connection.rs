//! One connection that messages come over, with or without TLS.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Offset;
use futures::FutureExt;
use phalanx_signal::decode::{Decoder, Session, syslog};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use super::gather::{Bench, Gatherer};

/// Bytes that are decoded where they were read: a hundred messages take less than a tenth of a millisecond.
const INLINE_BYTES: usize = 16 << 10;

/// At shutdown, so long is read what senders have sent already.
const LAST_ROUNDS: Duration = Duration::from_secs(2);

/// A byte stream that tells when it is worth reading, so that nobody holds a buffer while there is nothing.
pub(super) trait Line: AsyncRead + Unpin + Send + Sync {
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;
}

impl Line for TcpStream {
    async fn readable(&self) -> io::Result<()> {
        TcpStream::readable(self).await
    }
}

impl Line for TlsStream<TcpStream> {
    /// What TLS has decrypted already is read before this is asked.
    async fn readable(&self) -> io::Result<()> {
        self.get_ref().0.readable().await
    }
}

/// At shutdown, a connection is read until nothing has come for so long: what the kernel has received is known
/// to the runtime only a moment later.
const LAST_LOOK: Duration = Duration::from_millis(50);

/// Why a connection ends.
enum End {
    /// The sender closed it, or it broke.
    Peer,
    Idle,
    Shutdown,
    /// It holds too much of a message that does not end.
    Unfinished,
    /// The journal takes nothing any more.
    Journal,
}

/// What is known of one sender.
struct Sender {
    session: Arc<Session>,
    decoder: Box<dyn Decoder>,
    /// Bytes so far.
    offset: u64,
    /// Bytes of a message that has not ended.
    unfinished: usize,
}

/// Takes in what a connection brings until it ends.
pub(super) async fn serve(mut line: impl Line, peer: SocketAddr, gatherer: &Gatherer) {
    let interface = gatherer.means.interface;
    let gauge = gatherer.means.shared.metrics.connections.with_label_values(&[interface]);
    gauge.inc();
    let place = gatherer.place();
    let mut sender = Sender::new(peer, gatherer);
    let end = read(&mut line, &mut sender, place, gatherer).await;
    match end {
        End::Peer | End::Shutdown | End::Journal => {}
        End::Idle => tracing::debug!(%peer, interface, "a silent connection is closed"),
        End::Unfinished => {
            tracing::warn!(%peer, interface, "a connection whose message does not end is closed");
            gatherer.means.intake.refuse(interface, "unfinished messages take too much memory");
        }
    }
    let mut bench = gatherer.bench(place).await;
    sender.finish(&mut bench);
    gatherer.hold(sender.unfinished, 0);
    let left = match end {
        // Nobody comes by later to collect the rows.
        End::Shutdown => gatherer.flush(&mut bench).await,
        _ => gatherer.leave(&mut bench).await,
    };
    drop(bench);
    if matches!(end, End::Shutdown) && left.is_ok() {
        // What can't be kept was counted where it was refused.
        let _ = gatherer.finish().await;
    }
    gauge.dec();
}

async fn read(line: &mut impl Line, sender: &mut Sender, place: usize, gatherer: &Gatherer) -> End {
    loop {
        // What TLS has decrypted already makes no socket readable, so reading comes before waiting.
        match round(line, sender, place, gatherer).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(end) => return end,
        }
        tokio::select! {
            () = gatherer.shutdown().cancelled() => break,
            readable = timeout(gatherer.means.idle, line.readable()) => match readable {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Peer,
                Err(_) => return End::Idle,
            },
        }
    }
    // What has arrived is taken in; who goes on sending is not waited for.
    let begun = Instant::now();
    while begun.elapsed() < LAST_ROUNDS {
        match round(line, sender, place, gatherer).await {
            Ok(false) => {}
            Ok(true) => match timeout(LAST_LOOK, line.readable()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => break,
            },
            Err(end) => return end,
        }
    }
    End::Shutdown
}

/// Takes in what is there now, up to a buffer full; whether that was all.
async fn round(
    line: &mut impl Line,
    sender: &mut Sender,
    place: usize,
    gatherer: &Gatherer,
) -> Result<bool, End> {
    let mut bench = gatherer.bench(place).await;
    let (filled, is_open) = fill(line, &mut bench.buffer);
    if filled > 0 {
        gatherer.means.intake.count_bytes(gatherer.means.interface, filled);
        sender.decode(&mut bench, filled, gatherer).await;
        let is_within_bounds = sender.hold(gatherer);
        gatherer.leave(&mut bench).await.map_err(|_| End::Journal)?;
        if !is_within_bounds {
            return Err(End::Unfinished);
        }
    }
    if is_open { Ok(filled < bench.buffer.len()) } else { Err(End::Peer) }
}

/// Reads what is there now. Whether more may come.
fn fill(line: &mut impl Line, buffer: &mut [u8]) -> (usize, bool) {
    let mut filled = 0;
    while filled < buffer.len() {
        match line.read(&mut buffer[filled..]).now_or_never() {
            Some(Ok(0) | Err(_)) => return (filled, false),
            Some(Ok(read)) => filled += read,
            None => break,
        }
    }
    (filled, true)
}

impl Sender {
    fn new(peer: SocketAddr, gatherer: &Gatherer) -> Self {
        let means = &gatherer.means;
        let address = peer.ip().to_canonical();
        let source = format!("{} {address}", means.interface);
        let mut session = means.intake.open_session(means.tenant, &source, None);
        session.peer = Some(address);
        session.zone_seconds = zone_seconds();
        let session = Arc::new(session);
        let decoder = syslog::stream(&session);
        Self { session, decoder, offset: 0, unfinished: 0 }
    }

    /// Decodes the first bytes of the bench's buffer.
    async fn decode(&mut self, bench: &mut Bench, bytes: usize, gatherer: &Gatherer) {
        let mut work = || {
            self.begin(bench);
            self.decoder.push(self.offset, &bench.buffer[..bytes], &mut bench.out);
            self.offset += bytes as u64;
        };
        if bytes <= INLINE_BYTES {
            work();
        } else {
            gatherer.means.pool.run_in_place(work).await;
        }
    }

    /// The connection has ended: half a message is a message, or a dead letter.
    fn finish(&mut self, bench: &mut Bench) {
        self.begin(bench);
        self.decoder.finish(&mut bench.out);
    }

    fn begin(&self, bench: &mut Bench) {
        bench.begin();
        bench.out.set_session(self.session.clone());
    }

    fn hold(&mut self, gatherer: &Gatherer) -> bool {
        let before = std::mem::replace(&mut self.unfinished, self.decoder.held_bytes());
        gatherer.hold(before, self.unfinished)
    }
}

/// Seconds east of UTC here, now: times without a zone (RFC 3164) are most probably of the same place.
pub(super) fn zone_seconds() -> i32 {
    chrono::Local::now().offset().fix().local_minus_utc()
}
