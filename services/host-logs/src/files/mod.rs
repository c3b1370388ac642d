//! Following log files, whatever rotates them.

mod follow;
mod frame;
mod position;
mod siblings;

use std::{io, path::Path, sync::Arc, time::Duration};

use phalanx_hub::{EmitError, ServiceContext, ServiceError, SourceReport, SourceState};
use phalanx_signal::decode::{self, Format};
use tokio::time::{Instant, sleep};

use self::{
    follow::{Chunk, Follower, Found},
    frame::Frame,
    position::FilePosition,
};
use crate::{
    feed::Feed,
    host::Host,
    settings::{LogFile, Settings},
};

/// Wait before a file that can't be read is tried again.
const FAIL_WAIT: Duration = Duration::from_secs(5);
/// Decoded rows of a record that has not ended that are held back.
const PENDING_BYTES_MAX: usize = 4 << 20;

/// One followed file.
pub(crate) struct FileSource {
    ctx: ServiceContext,
    file: LogFile,
    history_bytes: u64,
    look: Duration,
    host: Arc<Host>,
}

impl FileSource {
    pub fn new(ctx: ServiceContext, file: &LogFile, settings: &Settings, host: &Arc<Host>) -> Self {
        let (history_bytes, look) = (settings.file_history_bytes, settings.look);
        Self { ctx, file: file.clone(), history_bytes, look, host: host.clone() }
    }

    /// Follows the file until the platform shuts down.
    ///
    /// # Errors
    /// The file's rows can't be emitted.
    pub async fn run(self) -> Result<(), ServiceError> {
        let source = self.file.path.display().to_string();
        let Some(format) = decode::format(&self.file.format) else {
            return Ok(());
        };
        let cursor = self.ctx.cursor(&source).await;
        let from = cursor.and_then(|cursor| cursor.parse::<FilePosition>().ok());
        let frame = if format.name == "auditd" { Frame::AuditEvents } else { Frame::Lines };
        let mut follower = Follower::new(&self.file.path, frame, from, self.history_bytes);
        let mut feed = Feed::new(self.ctx.clone(), &self.host, &source, format);
        loop {
            let wait = match follower.next(Instant::now().into_std()) {
                Ok(Found::Chunk(chunk)) => {
                    self.take(&mut feed, format, &source, chunk).await?;
                    Duration::ZERO
                }
                Ok(Found::Gap(detail)) => {
                    self.report(&source, SourceState::Fail, &detail, Some(GAP_ADVICE));
                    Duration::ZERO
                }
                Ok(Found::Nothing) => {
                    self.report(&source, SourceState::Work, "the file is followed", None);
                    self.look
                }
                Err(error) => self.fail(&source, &error),
            };
            self.ctx.beat();
            tokio::select! {
                biased;
                () = self.ctx.shutdown().cancelled() => return Ok(()),
                () = sleep(wait) => {}
            }
        }
    }

    /// Decodes and emits a chunk.
    async fn take(
        &self,
        feed: &mut Feed,
        format: &'static Format,
        source: &str,
        chunk: Chunk,
    ) -> Result<(), EmitError> {
        feed.push(chunk.offset, &chunk.bytes);
        if chunk.is_last {
            feed.finish();
        }
        let position = chunk.position.to_string();
        if chunk.is_whole {
            feed.commit(&position).await?;
        } else if feed.pending_bytes() > PENDING_BYTES_MAX {
            // A record without an end: what there is of it goes out, and again after a crash.
            feed.spill(Some(&position)).await?;
        }
        if chunk.is_last {
            *feed = Feed::new(self.ctx.clone(), &self.host, source, format);
        }
        Ok(())
    }

    /// Reports why a file can't be read; returns how long to wait.
    fn fail(&self, source: &str, error: &io::Error) -> Duration {
        match error.kind() {
            io::ErrorKind::NotFound => {
                self.report(source, SourceState::Absent, "there is no such file", None);
                self.look
            }
            io::ErrorKind::PermissionDenied => {
                let advice = advice(&self.file.path);
                self.report(source, SourceState::Fail, "the file must not be read", Some(&advice));
                FAIL_WAIT
            }
            _ => {
                let detail = format!("the file can't be read: {error}");
                self.report(source, SourceState::Fail, &detail, None);
                FAIL_WAIT
            }
        }
    }

    fn report(&self, source: &str, state: SourceState, detail: &str, advice: Option<&str>) {
        let (source, detail) = (source.to_owned(), detail.to_owned());
        let advice = advice.map(str::to_owned);
        self.ctx.report(SourceReport { source, state, detail, advice });
    }
}

const GAP_ADVICE: &str = "keep at least one rotated file uncompressed (`delaycompress` of logrotate), so that \
                          what was written while Phalanx was down can be caught up on";

/// What to do about a file that must not be read: the group that may, where there is one.
fn advice(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt;
    const GROUP_READ: u32 = 0o040;
    let group = path
        .metadata()
        .ok()
        .filter(|metadata| metadata.mode() & GROUP_READ != 0)
        .and_then(|metadata| group_name(metadata.gid()));
    let path = path.display();
    match group {
        Some(group) => format!(
            "add the user that runs Phalanx to group `{group}` (`usermod -aG {group} USER`) and start it anew"
        ),
        None => {
            format!("let the user that runs Phalanx read {path} (`setfacl -m u:USER:r {path}`)")
        }
    }
}

fn group_name(id: u32) -> Option<String> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    })
}
