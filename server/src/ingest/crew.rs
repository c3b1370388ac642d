//! One source, decoded by several threads.
//!
//! The thread that reads cuts the source into pieces ([`Cutter`]) and lays them in a queue; workers, each with
//! a decoder and rows of its own, take them from there. A second worker is hired only when the first can't
//! keep up, and none where the format can't be cut. The order of rows is not kept: each has its time.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, TrySendError},
    },
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use phalanx_journal::AppendError;
use phalanx_signal::decode::{Counts, Decoder, Format, Output, Session, Split};
use tokio::runtime::Handle;

use super::{
    appender::Appender,
    cut::{Cutter, Piece},
    now_micros,
    pool::DecodePool,
};

/// Rows that wait in a decoder before they are made durable together.
const ENTRY_ROWS: usize = 32 << 10;

/// Bytes of rows that wait in a decoder before they are made durable together.
const ENTRY_BYTES: usize = 4 << 20;

/// Rows wait no longer than this for others while the source is silent.
const SILENCE: Duration = Duration::from_millis(500);

/// What decoding a source needs.
pub struct Crew<'a> {
    pub pool: &'a DecodePool,
    pub runtime: &'a Handle,
    pub appender: &'a Appender,
    pub session: &'a Arc<Session>,
    pub format: &'static Format,
}

/// What became of a source.
pub struct Decoded {
    pub counts: Counts,
    /// Why it could not be read to its end; what came before is decoded.
    pub broken: Option<io::Error>,
}

impl Crew<'_> {
    /// Decodes a source to its end.
    ///
    /// # Errors
    /// The journal takes nothing any more.
    pub fn decode<R: Read>(&self, cutter: &mut Cutter<R>, split: Split) -> Result<Decoded, AppendError> {
        let workers_max = if split == Split::Never { 1 } else { self.pool.threads() };
        let (sender, receiver) = mpsc::sync_channel(1);
        let (queue, has_failed) = (Mutex::new(receiver), AtomicBool::new(false));
        let mut broken = None;
        let counts = thread::scope(|scope| {
            let mut workers = Vec::new();
            while !has_failed.load(Ordering::Relaxed) {
                let piece = match cutter.next() {
                    Ok(Some(piece)) => piece,
                    Ok(None) => break,
                    Err(error) => {
                        broken = Some(error);
                        continue;
                    }
                };
                let waiting = match sender.try_send(piece) {
                    Ok(()) if !workers.is_empty() => continue,
                    Ok(()) => None,
                    Err(TrySendError::Full(piece) | TrySendError::Disconnected(piece)) => Some(piece),
                };
                if workers.len() < workers_max {
                    workers.push(scope.spawn(|| self.work(&queue, &has_failed)));
                }
                if let Some(piece) = waiting
                    && sender.send(piece).is_err()
                {
                    break;
                }
            }
            drop(sender);
            let mut counts = Counts::default();
            let mut result = Ok(());
            for worker in workers {
                match worker.join() {
                    Ok(Ok(own)) => counts.add(&own),
                    Ok(Err(error)) => result = Err(error),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            result.map(|()| counts)
        })?;
        Ok(Decoded { counts, broken })
    }

    fn work(&self, queue: &Mutex<Receiver<Piece>>, has_failed: &AtomicBool) -> Result<Counts, AppendError> {
        let mut work = Work {
            crew: self,
            decoder: (self.format.open)(self.session),
            out: Output::new(self.session.clone(), self.format.name),
        };
        let result = work.take_pieces(queue).and_then(|()| work.finish());
        if result.is_err() {
            has_failed.store(true, Ordering::Relaxed);
            // Who reads must not wait for a place in the queue.
            while queue.lock().recv().is_ok() {}
        }
        result
    }
}

/// A worker's decoder and rows.
struct Work<'a> {
    crew: &'a Crew<'a>,
    decoder: Box<dyn Decoder>,
    out: Output,
}

impl Work<'_> {
    fn take_pieces(&mut self, queue: &Mutex<Receiver<Piece>>) -> Result<(), AppendError> {
        loop {
            let Some(pieces) = queue.try_lock_for(SILENCE) else {
                self.flush()?;
                continue;
            };
            let mut piece = match pieces.recv_timeout(SILENCE) {
                Ok(piece) => piece,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    drop(pieces);
                    self.flush()?;
                    continue;
                }
            };
            // What follows a piece that is not whole is ours as well: the others are kept away.
            while !piece.is_whole {
                self.decode(&piece)?;
                match pieces.recv() {
                    Ok(next) => piece = next,
                    Err(_) => return Ok(()),
                }
            }
            drop(pieces);
            self.decode(&piece)?;
        }
    }

    fn decode(&mut self, piece: &Piece) -> Result<(), AppendError> {
        let crew = self.crew;
        crew.pool.run_here(crew.runtime, || {
            self.out.set_received(now_micros());
            self.decoder.push(piece.offset, &piece.bytes, &mut self.out);
        });
        if self.out.pending_rows() >= ENTRY_ROWS || self.out.pending_bytes() >= ENTRY_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), AppendError> {
        self.crew.appender.push_blocking(self.crew.runtime, self.out.flush())
    }

    fn finish(&mut self) -> Result<Counts, AppendError> {
        self.out.set_received(now_micros());
        self.decoder.finish(&mut self.out);
        self.flush()?;
        Ok(self.out.take_counts())
    }
}
