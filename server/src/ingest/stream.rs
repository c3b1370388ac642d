//! A source of any known format, streamed: opened, guessed, decoded piece by piece, and made durable.
//!
//! Archives are opened on the way ([`archive`]), each file in them a source of its own with its own guess and
//! report. A file that nobody recognises is kept whole in the dead-letter table, from where it can be replayed
//! as a format.
//!
//! Reading and decoding run on threads of their own ([`Crew`]) and hand full batches on to the journal as they
//! go; while the journal has no room, they stand still, and with them the sender. Memory is bounded by the
//! pieces under way, some batches for each decoder, and the decoder's own bound.

use std::{
    cell::Cell,
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::body::Bytes;
use phalanx_signal::{
    Catalog, Table, TenantId,
    decode::{
        self, Confidence, Format, Output, Sample, Session, Split,
        archive::{self, ArchiveLimits, Found, Input, ReadSeek, Visitor, WalkError},
    },
};
use tokio::{runtime::Handle, sync::mpsc};
use uuid::Uuid;

use super::{
    DecodePool, Intake,
    appender::Appender,
    crew::{Crew, Decoded},
    cut::{Cutter, Fill},
    now_micros,
    report::{Event, SourceReport},
};
use crate::config;

const INTERFACE: &str = "ingest";

/// Bytes by which a format is guessed.
const SAMPLE_BYTES: usize = 64 << 10;

/// Bytes by which it is guessed where those are not enough: a record of the usual limit and a line behind it.
const LONG_SAMPLE_BYTES: usize = (1 << 20) + SAMPLE_BYTES;

/// A sender that does not read what it is told holds nobody up for longer.
const LISTEN: Duration = Duration::from_secs(10);

/// In the dead-letter table, the format of files that none of the formats recognises.
const UNRECOGNISED: &str = "unrecognised";

const NOT_RECOGNISED: &str = "format not recognised; name it: `phalanx dead-letters replay --as FORMAT`";

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
    pool: DecodePool,
    archive_bytes_max: u64,
    /// Where archives are laid that must be read at any place.
    spool: PathBuf,
}

impl Streams {
    pub fn new(intake: Arc<Intake>, pool: DecodePool, config: &config::Ingest, spool: PathBuf) -> Self {
        Self { intake, pool, archive_bytes_max: config.archive_bytes_max, spool }
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        self.intake.catalog()
    }

    /// Counts a source that was not taken.
    pub fn refuse(&self, reason: &str) {
        self.intake.refuse(INTERFACE, reason);
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
            let intake = self.intake.clone();
            let mut reader = Pieces { intake, bytes, current: Bytes::new(), failure: None, read: 0 };
            let result = self.read(&source, &mut reader, runtime, told);
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
        tokio::time::timeout(LISTEN, events.send(last)).await.ok();
    }

    fn read(
        &self,
        source: &Source,
        reader: &mut Pieces,
        runtime: Handle,
        events: mpsc::Sender<Event>,
    ) -> Result<(), String> {
        let limits = ArchiveLimits { bytes_max: self.archive_bytes_max, ..ArchiveLimits::default() };
        let appender = Appender::new(self.intake.clone(), INTERFACE);
        let mut taking =
            Taking { streams: self, source, appender, runtime, events, is_deaf: Cell::new(false) };
        let walked = archive::walk(&source.name, Input::Stream(reader), limits, &mut taking);
        let kept = taking.runtime.block_on(taking.appender.finish());
        match walked {
            Err(WalkError::Visitor(message)) => Err(message),
            Err(bomb @ WalkError::Bomb { .. }) => {
                self.intake.refuse(INTERFACE, "archive unpacks to too much");
                Err(format!("{bomb}; what came before is kept (`ingest.archive_bytes_max` is the most)"))
            }
            Ok(()) => kept.map_err(|error| error.to_string()),
        }
    }
}

/// One source on its way in.
struct Taking<'a> {
    streams: &'a Streams,
    source: &'a Source,
    appender: Appender,
    runtime: Handle,
    events: mpsc::Sender<Event>,
    /// Whether the sender has gone, or does not read what it is told.
    is_deaf: Cell<bool>,
}

impl Visitor for Taking<'_> {
    type Error = String;

    fn file(&mut self, found: Found<'_>) -> Result<(), String> {
        let (mut head, mut failure) = fill(found.bytes, SAMPLE_BYTES);
        let table = self.source.table.as_ref().map(|table| &**table.name());
        let guess = |bytes: &[u8]| match self.source.format {
            Some(format) => Some((format, Confidence::Certain)),
            None => decode::guess(&Sample { name: found.name, bytes, table }),
        };
        let mut guessed = guess(&head);
        if guessed.is_none() && failure.is_none() && head.len() == SAMPLE_BYTES {
            // The first record may be longer than the sample.
            let (more, end) = fill(found.bytes, LONG_SAMPLE_BYTES - SAMPLE_BYTES);
            head.extend_from_slice(&more);
            failure = end;
            guessed = guess(&head);
        }
        let failure = match failure {
            Some(error) if head.is_empty() => return self.unreadable(found.path, error),
            // What came before the error is decoded.
            failure => Failing(failure),
        };
        let sample = Sample { name: found.name, bytes: &head, table };
        let (session, whole) =
            (self.session(found.path), io::Cursor::new(&head).chain(failure).chain(found.bytes));
        match guessed {
            Some((format, confidence)) => {
                self.tell(Event::Guess {
                    source: found.path.to_owned(),
                    format: format.name.to_owned(),
                    title: format.title.to_owned(),
                    is_certain: confidence >= Confidence::Likely,
                });
                self.decode(found.path, &session, format, (format.split)(&sample), whole)
            }
            // Nothing is in it, so nothing is lost.
            None if head.is_empty() => {
                self.tell(Event::Source(SourceReport::empty(found.path)));
                Ok(())
            }
            None => self.keep(found.path, session, whole),
        }
    }

    fn unreadable(&mut self, path: &str, reason: io::Error) -> Result<(), String> {
        let message = format!("it can't be read on: {reason}; what came before is kept");
        if path == self.source.name {
            return Err(message);
        }
        self.streams.intake.refuse(INTERFACE, "file in an archive can't be read");
        self.tell(Event::SourceFailed { source: path.to_owned(), message });
        Ok(())
    }

    fn spool(&mut self, bytes: &mut dyn Read) -> io::Result<Box<dyn ReadSeek>> {
        // The file has no name: whatever happens, its space is free once it is closed.
        let mut file = tempfile::tempfile_in(&self.streams.spool)?;
        let most = self.streams.archive_bytes_max;
        let copied = io::copy(&mut bytes.take(most.saturating_add(1)), &mut file)?;
        if copied > most {
            return Err(io::Error::other(format!(
                "the archive has more than {most} bytes (`ingest.archive_bytes_max`)"
            )));
        }
        file.flush()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Box::new(file))
    }
}

impl Taking<'_> {
    fn session(&self, path: &str) -> Arc<Session> {
        self.streams.intake.session(self.source.tenant, path, self.source.table.clone())
    }

    fn decode(
        &self,
        path: &str,
        session: &Arc<Session>,
        format: &'static Format,
        split: Split,
        bytes: impl Read,
    ) -> Result<(), String> {
        // Of a file that is packed, nobody waits for single lines.
        let fill = if path == self.source.name { Fill::Available } else { Fill::Full };
        let mut cutter = Cutter::new(Watched { inner: bytes, taking: self, told: 0 }, split, fill);
        let crew = Crew {
            pool: &self.streams.pool,
            runtime: &self.runtime,
            appender: &self.appender,
            session,
            format,
        };
        let Decoded { counts, broken } =
            crew.decode(&mut cutter, split).map_err(|error| error.to_string())?;
        self.streams.intake.count_dead_letters(format.name, &counts);
        self.tell(Event::Source(SourceReport::new(path, format.name, &counts)));
        match broken {
            Some(error) => self.broken(path, &error),
            None => Ok(()),
        }
    }

    /// Keeps a file that nobody recognises as one dead letter, in pieces.
    fn keep(&self, path: &str, session: Arc<Session>, mut bytes: impl Read) -> Result<(), String> {
        let piece_bytes = session.limits.record_bytes.max(1);
        let mut out = Output::new(session, UNRECOGNISED);
        let (id, mut part, mut broken) = (Uuid::new_v4().to_string(), 0, None);
        while broken.is_none() {
            let (piece, failure) = fill(&mut bytes, piece_bytes);
            broken = failure;
            if piece.is_empty() {
                break;
            }
            out.set_received(now_micros());
            out.dead_letter_piece(&id, 0, part, &piece, NOT_RECOGNISED);
            part += 1;
            let kept = self.appender.push_blocking(&self.runtime, out.flush());
            kept.map_err(|error| error.to_string())?;
        }
        self.streams.intake.count_dead_letters(UNRECOGNISED, out.counts());
        self.tell(Event::Source(SourceReport::new(path, UNRECOGNISED, out.counts())));
        broken.map_or(Ok(()), |error| self.broken(path, &error))
    }

    /// A source could not be read to its end, and what came before is decoded.
    fn broken(&self, path: &str, error: &io::Error) -> Result<(), String> {
        let message = format!("it can't be read on: {error}; what came before is kept");
        if path == self.source.name {
            return Err(message);
        }
        self.tell(Event::SourceFailed { source: path.to_owned(), message });
        Ok(())
    }

    /// Tells the sender, if it listens: what it sent is taken in all the same.
    fn tell(&self, event: Event) {
        if self.is_deaf.get() {
            return;
        }
        let told = tokio::time::timeout(LISTEN, self.events.send(event));
        let is_told = self.runtime.block_on(told).is_ok_and(|told| told.is_ok());
        self.is_deaf.set(!is_told);
    }
}

/// A source's bytes, with word of the rows so far as they are read.
struct Watched<'a, R> {
    inner: R,
    taking: &'a Taking<'a>,
    told: u64,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let rows = self.taking.appender.rows();
        if rows > self.told {
            self.told = rows;
            // Word that nobody listens to at the moment is stale later.
            self.taking.events.try_send(Event::Progress { rows }).ok();
        }
        self.inner.read(target)
    }
}

/// The pieces of a request's body, read as one.
struct Pieces {
    intake: Arc<Intake>,
    bytes: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    /// An error that comes after what was given last.
    failure: Option<io::Error>,
    read: u64,
}

impl Read for Pieces {
    /// Gives as much as there is at the moment.
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < target.len() {
            if self.current.is_empty() {
                if let Some(error) = self.failure.take_if(|_| filled == 0) {
                    return Err(error);
                }
                let next = if filled == 0 { self.bytes.blocking_recv() } else { self.bytes.try_recv().ok() };
                match next {
                    Some(Ok(piece)) => self.current = piece,
                    Some(Err(error)) if filled == 0 => return Err(error),
                    Some(Err(error)) => {
                        self.failure = Some(error);
                        break;
                    }
                    None => break,
                }
                continue;
            }
            let taken = self.current.split_to((target.len() - filled).min(self.current.len()));
            target[filled..filled + taken.len()].copy_from_slice(&taken);
            filled += taken.len();
        }
        self.read += filled as u64;
        self.intake.count_bytes(INTERFACE, filled);
        Ok(filled)
    }
}

/// Fails once, if at all, and has no bytes.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Up to `most` bytes, fewer only at the end or before an error.
fn fill(reader: &mut (impl Read + ?Sized), most: usize) -> (Vec<u8>, Option<io::Error>) {
    let mut bytes = Vec::new();
    let failure = reader.take(most as u64).read_to_end(&mut bytes).err();
    (bytes, failure)
}
