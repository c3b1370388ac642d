//! The systemd journal, read through `journalctl` in its export format.
//!
//! `journalctl` is the one reader of journal files that follows every version of their format, and the export
//! format is the one of its outputs that loses nothing. A child process writes entries to a pipe; when
//! Phalanx's journal is overloaded the pipe fills and the child waits. After a restart it goes on behind the
//! cursor of the last entry taken in.
//! See systemd.io/JOURNAL_EXPORT_FORMATS.

mod child;
mod split;

use std::{io, sync::Arc, time::Duration};

use phalanx_hub::{EmitError, ServiceContext, ServiceError, SourceReport, SourceState};
use phalanx_signal::decode;
use tokio::time::{Instant, sleep, sleep_until};

use self::{
    child::{Child, Start},
    split::Splitter,
};
use crate::{
    feed::Feed,
    host::Host,
    settings::{Settings, UseJournald},
};

/// The source's name, in cursors, reports and dead letters.
const SOURCE: &str = "journald";
const FORMAT: &str = "journald-export";
/// Entries wait for others at most so long before they are emitted together.
const GATHER: Duration = Duration::from_millis(200);
/// Bytes after which entries are emitted without waiting for more.
const GATHER_BYTES: usize = 512 << 10;
/// Bytes of an entry that are held until it is known whose it is. Phalanx's own are shorter.
const ENTRY_HELD_BYTES: usize = 256 << 10;
/// Waits before `journalctl` is started again.
const RESTART_FIRST: Duration = Duration::from_secs(1);
const RESTART_MOST: Duration = Duration::from_secs(60);
/// How often the heartbeat is given while nothing comes.
const BEAT: Duration = Duration::from_secs(10);

/// The systemd journal as a source.
pub(crate) struct JournalSource {
    ctx: ServiceContext,
    settings: Arc<Settings>,
    host: Arc<Host>,
}

/// Why reading ended.
enum Ending {
    Shutdown,
    /// The child ended or could not be started.
    Child {
        detail: String,
        advice: Option<String>,
    },
}

impl JournalSource {
    pub fn new(ctx: ServiceContext, settings: Arc<Settings>, host: Arc<Host>) -> Self {
        Self { ctx, settings, host }
    }

    /// Whether there is a journal to be read: one was read before, or `journalctl` has an entry.
    pub async fn is_present(&self) -> bool {
        match self.settings.journald {
            UseJournald::Always => true,
            UseJournald::Never => false,
            UseJournald::Auto => {
                decode::format(FORMAT).is_some()
                    && (self.ctx.cursor(SOURCE).await.is_some()
                        || child::has_entries(&self.settings.journalctl).await)
            }
        }
    }

    /// Reads the journal until the platform shuts down.
    ///
    /// # Errors
    /// The rows can't be emitted.
    pub async fn run(&self) -> Result<(), ServiceError> {
        let mut wait = RESTART_FIRST;
        loop {
            let began = Instant::now();
            let Ending::Child { detail, advice } = self.read().await? else {
                return Ok(());
            };
            self.report(SourceState::Fail, &detail, advice);
            wait = if began.elapsed() > RESTART_MOST { RESTART_FIRST } else { wait };
            self.ctx.beat();
            tokio::select! {
                () = self.ctx.shutdown().cancelled() => return Ok(()),
                () = sleep(wait) => {}
            }
            wait = (wait * 2).min(RESTART_MOST);
        }
    }

    /// Reads what one child process gives.
    async fn read(&self) -> Result<Ending, ServiceError> {
        let Some(format) = decode::format(FORMAT) else {
            return Err(ServiceError::new(format!("there is no format `{FORMAT}`")));
        };
        let start = match self.ctx.cursor(SOURCE).await {
            Some(cursor) => Start::After(cursor),
            None => Start::Last(self.settings.journald_history_lines),
        };
        let mut child = match Child::follow(&self.settings.journalctl, &start) {
            Ok(child) => child,
            Err(error) => return Ok(self.unstarted(&error)),
        };
        let mut reading = Reading {
            feed: Feed::new(self.ctx.clone(), &self.host, SOURCE, format),
            splitter: Splitter::new(std::process::id()),
            entry: Vec::new(),
            is_handed_on: false,
            offset: 0,
            gathered: 0,
            until: None,
            cursor: None,
        };
        let mut buffer = vec![0; 64 << 10];
        loop {
            tokio::select! {
                biased;
                () = self.ctx.shutdown().cancelled() => {
                    reading.commit().await?;
                    child.end().await;
                    return Ok(Ending::Shutdown);
                }
                () = sleep_until(reading.until.unwrap_or_else(Instant::now)), if reading.until.is_some() => {
                    reading.commit().await?;
                    self.report(SourceState::Work, "the journal is followed", None);
                }
                () = sleep(BEAT) => {
                    if let Some((detail, advice)) = child.complaint() {
                        self.report(SourceState::Fail, &detail, Some(advice));
                    } else {
                        self.report(SourceState::Work, "the journal is followed", None);
                    }
                }
                read = child.read(&mut buffer) => match read {
                    Ok(0) => {
                        reading.commit().await?;
                        let (detail, advice) = child.ended().await;
                        return Ok(Ending::Child { detail, advice });
                    }
                    Ok(read) => reading.take(&buffer[..read]).await?,
                    Err(error) => {
                        reading.commit().await?;
                        let detail = format!("the output of journalctl can't be read: {error}");
                        return Ok(Ending::Child { detail, advice: None });
                    }
                },
            }
            self.ctx.beat();
        }
    }

    fn unstarted(&self, error: &io::Error) -> Ending {
        let program = self.settings.journalctl.display();
        let advice = (error.kind() == io::ErrorKind::NotFound).then(|| {
            "install systemd's journalctl, or set `journald = \"never\"` for this service".to_owned()
        });
        Ending::Child { detail: format!("`{program}` can't be started: {error}"), advice }
    }

    fn report(&self, state: SourceState, detail: &str, advice: Option<String>) {
        let (source, detail) = (SOURCE.to_owned(), detail.to_owned());
        self.ctx.report(SourceReport { source, state, detail, advice });
    }
}

/// What has been read of one child and not emitted yet.
struct Reading {
    feed: Feed,
    splitter: Splitter,
    /// What has come of an entry that has not ended, unless its beginning was handed on.
    entry: Vec<u8>,
    is_handed_on: bool,
    /// Bytes of this child's output that were decoded.
    offset: u64,
    /// Bytes since the last commit.
    gathered: usize,
    /// When to emit what was gathered.
    until: Option<Instant>,
    /// Of the last whole entry.
    cursor: Option<String>,
}

impl Reading {
    /// Takes bytes in. They are decoded entry by entry, so that at a commit the decoder holds none that
    /// the cursor is behind.
    async fn take(&mut self, mut bytes: &[u8]) -> Result<(), EmitError> {
        while !bytes.is_empty() {
            let (taken, ended) = self.splitter.advance(bytes);
            self.entry.extend_from_slice(&bytes[..taken]);
            self.gathered += taken;
            bytes = &bytes[taken..];
            if let Some(end) = ended {
                if end.is_own && !self.is_handed_on {
                    self.offset += self.entry.len() as u64;
                    self.entry.clear();
                } else {
                    self.hand_on();
                }
                self.is_handed_on = false;
                self.cursor = end.cursor.or(self.cursor.take());
                self.until.get_or_insert_with(|| Instant::now() + GATHER);
                if self.gathered >= GATHER_BYTES {
                    self.commit().await?;
                }
            } else if self.entry.len() >= ENTRY_HELD_BYTES {
                self.hand_on();
                self.is_handed_on = true;
                if self.feed.pending_bytes() > 8 * GATHER_BYTES {
                    self.feed.spill(self.cursor.as_deref()).await?;
                }
            }
        }
        Ok(())
    }

    /// Decodes what is held of an entry.
    fn hand_on(&mut self) {
        self.feed.push(self.offset, &self.entry);
        self.offset += self.entry.len() as u64;
        self.entry.clear();
    }

    /// Emits the whole entries; one that has begun stays in the decoder.
    async fn commit(&mut self) -> Result<(), EmitError> {
        self.until = None;
        self.gathered = 0;
        match &self.cursor {
            Some(cursor) => self.feed.spill(Some(cursor)).await,
            None => Ok(()),
        }
    }
}
