//! Collects the logs of the host that Phalanx runs on, so that there is something real to see at once and the
//! platform's own machine is under its protection.
//!
//! Where there is a systemd journal it is read through `journalctl` ([`journald`]), else the text files that
//! syslog daemons write are followed ([`files`]); the file of the audit daemon is followed in both cases. Each
//! is a source with a cursor that goes into Phalanx's journal with the rows ([`feed`]), so that a crash at
//! any moment neither loses nor doubles a line. When the journal is overloaded, collecting waits; the
//! host's files and journal keep what comes meanwhile.
//!
//! What Phalanx itself writes is never read: a line about a line would make another. Its journal entries
//! are known by their process, its files by their folder.
#![forbid(unsafe_code)]

mod feed;
mod files;
mod host;
mod journald;
mod settings;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use futures::future::try_join_all;
use phalanx_hub::{
    Flow, Manifest, Service, ServiceContext, ServiceError, ServiceLimits, SourceReport, SourceState,
};

use crate::{files::FileSource, host::Host, journald::JournalSource, settings::Settings};

/// Tables that the formats of host logs fill.
const TABLES: [&str; 4] = ["Syslog", "CommonSecurityLog", "LinuxAuditLog", "PhalanxDeadLetter"];
/// Endpoint activity that host logs tell of.
const ENDPOINT_TABLES: [&str; 6] = [
    "DeviceProcessEvents",
    "DeviceNetworkEvents",
    "DeviceFileEvents",
    "DeviceLogonEvents",
    "DeviceEvents",
    "DeviceInfo",
];

/// The service `host-logs`.
#[derive(Debug, Default)]
pub struct HostLogs {
    own_folder: Option<PathBuf>,
}

impl HostLogs {
    pub fn new() -> Self {
        Self::default()
    }

    /// Never follows a file below this folder, where the program writes its own.
    pub fn never_below(mut self, folder: &Path) -> Self {
        self.own_folder = Some(real(folder));
        self
    }

    fn is_own(&self, file: &Path) -> bool {
        self.own_folder.as_deref().is_some_and(|folder| real(file).starts_with(folder))
    }
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| absolute())
}

#[async_trait]
impl Service for HostLogs {
    fn manifest(&self) -> Manifest {
        let manifest = Manifest::new(
            "host-logs",
            "Azure Monitor Agent",
            "collects the logs of the host that the platform runs on",
        );
        let manifest = manifest
            .provides_signals(TABLES, [Flow::new(57)])
            .provides_signals(ENDPOINT_TABLES, [Flow::new(16)]);
        let heartbeat = Some(std::time::Duration::from_secs(120));
        settings::declare(manifest).limits(ServiceLimits { heartbeat, ..ServiceLimits::default() })
    }

    async fn run(&self, ctx: &ServiceContext) -> Result<(), ServiceError> {
        let settings = Arc::new(Settings::read(ctx)?);
        let host = Arc::new(Host::find());
        let journal = JournalSource::new(ctx.clone(), settings.clone(), host.clone());
        let has_journal = journal.is_present().await;
        let (own, files): (Vec<_>, Vec<_>) = settings.files.iter().partition(|file| self.is_own(&file.path));
        for file in own {
            ctx.report(SourceReport {
                source: file.path.display().to_string(),
                state: SourceState::Fail,
                detail: "the file is Phalanx's own, and not followed".to_owned(),
                advice: Some("take it out of `files` in the settings of this service".to_owned()),
            });
        }
        let files = files.into_iter().filter(|file| !has_journal || file.is_beside_journal());
        let files = files.map(|file| FileSource::new(ctx.clone(), file, &settings, &host).run());
        tokio::try_join!(try_join_all(files), async {
            if has_journal { journal.run().await } else { Ok(()) }
        })?;
        Ok(())
    }
}
