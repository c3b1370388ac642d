//! What the service can be told in the configuration.

use std::{path::PathBuf, time::Duration};

use phalanx_hub::{Manifest, Parameter, ParameterKind, ServiceContext, ServiceError};
use phalanx_signal::decode;
use serde::Deserialize;
use serde_json::json;

/// The settings as the service uses them.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub journald: UseJournald,
    pub journalctl: PathBuf,
    pub journald_history_lines: u64,
    pub files: Vec<LogFile>,
    pub file_history_bytes: u64,
    pub look: Duration,
}

/// Whether the systemd journal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UseJournald {
    /// If there is one.
    Auto,
    Always,
    Never,
}

/// A file that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogFile {
    pub path: PathBuf,
    /// The name of the decoder.
    #[serde(default = "syslog")]
    pub format: String,
}

#[derive(Deserialize)]
struct Raw {
    journald: UseJournald,
    journalctl: PathBuf,
    journald_history_lines: u64,
    files: Vec<LogFile>,
    file_history_bytes: u64,
    look_ms: u64,
}

/// Adds the settings to the manifest.
pub(crate) fn declare(manifest: Manifest) -> Manifest {
    let choices = ["auto", "always", "never"].map(str::to_owned).to_vec();
    manifest
        .setting(Parameter::with_default(
            "journald",
            ParameterKind::Choice(choices),
            "auto",
            "whether the systemd journal is read instead of the syslog files; auto: if there is one",
        ))
        .setting(Parameter::with_default(
            "journalctl",
            ParameterKind::Text,
            "journalctl",
            "the program that reads the systemd journal, by path or by a name on PATH",
        ))
        .setting(Parameter::with_default(
            "journald_history_lines",
            ParameterKind::Integer,
            10_000,
            "how many of the entries already there are taken in when the journal is read for the first time",
        ))
        .setting(Parameter::with_default(
            "files",
            ParameterKind::List(Box::new(ParameterKind::Object)),
            json!([
                {"path": "/var/log/auth.log"},
                {"path": "/var/log/secure"},
                {"path": "/var/log/syslog"},
                {"path": "/var/log/messages"},
                {"path": "/var/log/kern.log"},
                {"path": "/var/log/audit/audit.log", "format": "auditd"},
            ]),
            "the files that are followed, each with `path` and `format`; those of format `syslog` only where \
             the systemd journal is not read, for it has the same lines",
        ))
        .setting(Parameter::with_default(
            "file_history_bytes",
            ParameterKind::Integer,
            16 << 20,
            "how much of what is already in a file is taken in when it is seen for the first time",
        ))
        .setting(Parameter::with_default(
            "look_ms",
            ParameterKind::Integer,
            500,
            "how often files are looked at, in milliseconds",
        ))
}

impl Settings {
    /// The settings of this run.
    pub fn read(ctx: &ServiceContext) -> Result<Self, ServiceError> {
        let raw: Raw = ctx.settings()?;
        for file in &raw.files {
            if decode::format(&file.format).is_none() {
                let path = file.path.display();
                let message = format!("`{}` of file {path} is no format", file.format);
                return Err(ServiceError::new(message).context("the settings can't be used"));
            }
        }
        Ok(Self {
            journald: raw.journald,
            journalctl: raw.journalctl,
            journald_history_lines: raw.journald_history_lines,
            files: raw.files,
            file_history_bytes: raw.file_history_bytes,
            look: Duration::from_millis(raw.look_ms.clamp(10, 60_000)),
        })
    }
}

impl LogFile {
    /// Whether the file has what the systemd journal has not.
    pub fn is_beside_journal(&self) -> bool {
        self.format != "syslog"
    }
}

fn syslog() -> String {
    "syslog".to_owned()
}
