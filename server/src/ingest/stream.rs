//! A source of any known format, streamed: opened, guessed, decoded piece by piece, and made durable.
//!
//! Decoding runs on a thread of its own and hands full batches to the journal as it goes; while the journal
//! has no room, it stands still, and with it the sender. gzip is opened on the way. Memory is bounded by the
//! pieces under way, one batch per table, and the decoder's own bound.

use std::{
    io::{self, Read},
    sync::Arc,
};

use axum::body::Bytes;
use phalanx_signal::{
    Catalog, SignalBatch, Table, TenantId,
    decode::{self, Confidence, Format, Output, Sample},
};
use tokio::{runtime::Handle, sync::mpsc};

use super::{
    Intake, now_micros,
    report::{Event, SourceReport},
};
use crate::config;

const INTERFACE: &str = "ingest";

/// Bytes by which a format is guessed.
const SAMPLE_BYTES: usize = 64 << 10;

/// Bytes handed to a decoder at once.
const PIECE_BYTES: usize = 256 << 10;

/// Rows that wait in a decoder before they are made durable together.
const ENTRY_ROWS: usize = 32 << 10;

/// What is to be taken in.
pub struct Source {
    pub tenant: TenantId,
    pub name: String,
    /// `None`: it is guessed.
    pub format: Option<&'static Format>,
    pub table: Option<Arc<Table>>,
}

/// Takes in streamed sources.
pub struct Streams {
    intake: Arc<Intake>,
    archive_bytes_max: u64,
}

impl Streams {
    pub fn new(intake: Arc<Intake>, config: &config::Ingest) -> Self {
        Self { intake, archive_bytes_max: config.archive_bytes_max }
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        self.intake.catalog()
    }

    /// Reads a source to its end and tells what becomes of it.
    pub async fn ingest(
        self: Arc<Self>,
        source: Source,
        bytes: mpsc::Receiver<io::Result<Bytes>>,
        events: mpsc::Sender<Event>,
    ) {
        let runtime = Handle::current();
        let told = events.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut reader = Pieces { bytes, current: Bytes::new(), read: 0 };
            let result = self.read(&source, &mut reader, &runtime, &told);
            // What the sender still sends is read and dropped, so that it gets to see the answer.
            if result.is_err() {
                io::copy(&mut reader, &mut io::sink()).ok();
            }
            result.map(|()| reader.read)
        });
        let last = match work.await {
            Ok(Ok(bytes)) => Event::Done { bytes },
            Ok(Err(message)) => Event::Failed { message },
            Err(error) => {
                tracing::error!(%error, "taking in a source died");
                Event::Failed {
                    message: "taking in the source failed; the reason is in the server's log".into(),
                }
            }
        };
        // The sender may have gone; what was acknowledged is kept all the same.
        events.send(last).await.ok();
    }

    fn read(
        &self,
        source: &Source,
        reader: &mut Pieces,
        runtime: &Handle,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), String> {
        let head = fill(reader, SAMPLE_BYTES).map_err(broken)?;
        if head.starts_with(b"PK\x03\x04") {
            return Err("zip archives are not supported; unpack it and ingest the folder".into());
        }
        let whole = io::Read::chain(io::Cursor::new(head.clone()), reader);
        if head.starts_with(&[0x1f, 0x8b]) {
            let name = source.name.strip_suffix(".gz").unwrap_or(&source.name).to_owned();
            let mut unpacked = Bounded {
                inner: flate2::read::MultiGzDecoder::new(whole),
                left: self.archive_bytes_max,
                most: self.archive_bytes_max,
            };
            let head = fill(&mut unpacked, SAMPLE_BYTES).map_err(broken)?;
            let whole = io::Read::chain(io::Cursor::new(head.clone()), unpacked);
            return self.decode(source, &name, &head, whole, runtime, events);
        }
        self.decode(source, &source.name, &head, whole, runtime, events)
    }

    fn decode(
        &self,
        source: &Source,
        name: &str,
        head: &[u8],
        mut reader: impl Read,
        runtime: &Handle,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), String> {
        let table = source.table.as_ref().map(|table| &**table.name());
        let lower = name.to_lowercase();
        let guessed = decode::guess(&Sample { name: &lower, bytes: head, table });
        let (format, confidence) = match source.format {
            Some(format) => (format, Confidence::Certain),
            None => guessed.ok_or_else(|| {
                let known: Vec<_> = decode::FORMATS.iter().map(|format| format.name).collect();
                format!("the format is not recognised; name it with --format ({})", known.join(", "))
            })?,
        };
        let tell = |event| events.blocking_send(event).ok();
        tell(Event::Guess {
            source: source.name.clone(),
            format: format.name.to_owned(),
            title: format.title.to_owned(),
            is_certain: confidence >= Confidence::Likely,
        });
        let session = self.intake.session(source.tenant, &source.name, source.table.clone());
        let mut out = Output::new(session.clone(), format.name);
        let mut decoder = (format.open)(&session);
        let mut offset = 0;
        let mut rows = 0;
        let mut piece = vec![0; PIECE_BYTES];
        let end = loop {
            let read = match reader.read(&mut piece) {
                Ok(0) => break None,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break Some(broken(error)),
            };
            out.set_received(now_micros());
            decoder.push(offset, &piece[..read], &mut out);
            offset += read as u64;
            self.intake.count_bytes(INTERFACE, read);
            if out.pending_rows() >= ENTRY_ROWS {
                rows += self.accept(out.flush(), runtime)?;
                tell(Event::Progress { rows });
            }
        };
        out.set_received(now_micros());
        decoder.finish(&mut out);
        self.accept(out.flush(), runtime)?;
        self.intake.count_dead_letters(format.name, out.counts());
        tell(Event::Source(SourceReport::new(&source.name, format.name, out.counts())));
        end.map_or(Ok(()), Err)
    }

    fn accept(&self, batches: Vec<SignalBatch>, runtime: &Handle) -> Result<u64, String> {
        if batches.is_empty() {
            return Ok(0);
        }
        let rows: usize = batches.iter().map(|batch| batch.rows.num_rows()).sum();
        let accepted = runtime.block_on(self.intake.accept_patiently(INTERFACE, batches));
        accepted.map(|_| rows as u64).map_err(|error| error.to_string())
    }
}

/// The pieces of a request's body, read as one.
struct Pieces {
    bytes: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    read: u64,
}

impl Read for Pieces {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.bytes.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let taken = self.current.split_to(target.len().min(self.current.len()));
        target[..taken.len()].copy_from_slice(&taken);
        self.read += taken.len() as u64;
        Ok(taken.len())
    }
}

/// A reader that refuses to give more than a bound: what an archive unpacks to.
struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(target)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!(
                "it unpacks to more than {} bytes (`ingest.archive_bytes_max`)",
                self.most
            ))
        })?;
        Ok(read)
    }
}

/// Up to `most` bytes from the beginning.
fn fill(reader: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.by_ref().take(most as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn broken(error: io::Error) -> String {
    format!("the source can't be read on: {error}; what came before is kept")
}
