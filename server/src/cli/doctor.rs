//! `phalanx doctor`: checks, and what to do where one fails.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use http::Method;
use serde_json::json;

use super::{Place, show};
use crate::{client::Client, config::Config, data_folder::DataFolder, tls};

/// Check disk, clock, ports, certificates and permissions, and say what to do.
#[derive(Args)]
pub struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a check found.
struct Finding {
    check: &'static str,
    outcome: Outcome,
    found: String,
}

enum Outcome {
    Well,
    /// What to do; nothing is broken yet.
    Warning(String),
    /// What to do.
    Failure(String),
}

impl Doctor {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config(&[])?;
        let path = place.path();
        let mut findings = Vec::new();
        match DataFolder::open(&path) {
            Ok(folder) => {
                findings.push(permissions(&folder));
                findings.push(certificate(&folder));
                let is_served = std::os::unix::net::UnixStream::connect(folder.socket()).is_ok();
                findings.push(server(is_served, &folder, &config).await);
                findings.extend(ports(&config, is_served));
                findings.push(clock(&folder));
                findings.push(disk(folder.path(), &config));
            }
            Err(error) => {
                findings.push(Finding::failure(
                    "data folder",
                    format!("{error:#}"),
                    "run `phalanx init` or `phalanx serve`",
                ));
                findings.extend(ports(&config, false));
            }
        }
        findings.push(open_files(&config));
        let failed = findings.iter().any(|f| matches!(f.outcome, Outcome::Failure(_)));
        show::print(&if self.json { as_json(&findings) } else { as_text(&findings) });
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

impl Finding {
    fn well(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Well, found: found.into() }
    }

    fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Warning(advice.into()), found: found.into() }
    }

    fn failure(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, outcome: Outcome::Failure(advice.into()), found: found.into() }
    }
}

fn permissions(folder: &DataFolder) -> Finding {
    const CHECK: &str = "permissions";
    let path = folder.path();
    let me = rustix::process::geteuid().as_raw();
    for private in
        [path.to_owned(), folder.join("keys"), folder.join("tls/ca.key"), folder.join("tls/server.key")]
    {
        let Ok(metadata) = std::fs::metadata(&private) else { continue };
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let advice = format!("chmod go= {}", private.display());
            return Finding::failure(
                CHECK,
                format!("others can open {} (mode {mode:o})", private.display()),
                advice,
            );
        }
        if metadata.uid() != me && me != 0 {
            let found = format!("{} belongs to user {}", private.display(), metadata.uid());
            return Finding::failure(
                CHECK,
                found,
                "run phalanx as that user, or change the owner with chown -R",
            );
        }
    }
    match tempfile::tempfile_in(folder.join("tmp")) {
        Ok(_) => Finding::well(CHECK, format!("{} is private and writable", path.display())),
        Err(error) => Finding::failure(
            CHECK,
            format!("can't write to {}: {error}", path.display()),
            "make the folder writable for this user, or the disk for anyone",
        ),
    }
}

fn certificate(folder: &DataFolder) -> Finding {
    const CHECK: &str = "certificate";
    let advice = "start the server: it makes a new one";
    match (tls::check(&folder.join("tls")), now()) {
        (Err(error), _) => {
            Finding::failure(CHECK, format!("{error:#}"), "delete `tls/server.json` and start again")
        }
        (Ok(Some(end)), now) if end > now => Finding::well(
            CHECK,
            format!(
                "valid for {} days; clients trust {}",
                (end - now) / 86_400,
                folder.join("tls/ca.pem").display()
            ),
        ),
        (Ok(Some(_)), _) => Finding::failure(CHECK, "has expired", advice),
        (Ok(None), _) => Finding::warning(CHECK, "not made yet", advice),
    }
}

async fn server(is_served: bool, folder: &DataFolder, config: &Config) -> Finding {
    const CHECK: &str = "server";
    if !is_served {
        return Finding::warning(CHECK, "does not run", "start it with `phalanx serve`");
    }
    let asked = async {
        let client = Client::open(folder.clone(), config.clone()).await?;
        client.json(Method::GET, "/readyz", None).await
    };
    match asked.await {
        Ok(_) => Finding::well(CHECK, "runs and is ready"),
        Err(error) => Finding::failure(
            CHECK,
            format!("runs but is not ready: {error:#}"),
            format!("look at the log in {}", folder.join("logs").display()),
        ),
    }
}

fn ports(config: &Config, is_served: bool) -> Vec<Finding> {
    if is_served {
        return Vec::new();
    }
    let syslog = &config.syslog;
    let mut findings =
        vec![port(TcpListener::bind(config.server.listen), config.server.listen, "server.listen")];
    findings.extend(syslog.udp.iter().map(|address| port(UdpSocket::bind(address), *address, "syslog.udp")));
    findings
        .extend(syslog.tcp.iter().map(|address| port(TcpListener::bind(address), *address, "syslog.tcp")));
    findings
        .extend(syslog.tls.iter().map(|address| port(TcpListener::bind(address), *address, "syslog.tls")));
    findings
}

/// Whether an address could be had that a setting names.
fn port<T>(opened: io::Result<T>, address: SocketAddr, key: &str) -> Finding {
    const CHECK: &str = "port";
    match opened {
        Ok(_) => Finding::well(CHECK, format!("{address} is free (`{key}`)")),
        Err(error) => Finding::failure(
            CHECK,
            format!("{address} can't be opened: {error}"),
            format!("stop what uses it, or set `{key}` in the configuration"),
        ),
    }
}

/// A clock far behind what was already written would give rows the wrong time.
fn clock(folder: &DataFolder) -> Finding {
    const CHECK: &str = "clock";
    let newest = ["journal", "state.db", "logs", "phalanx.json"]
        .iter()
        .filter_map(|name| std::fs::metadata(folder.join(name)).ok()?.modified().ok())
        .filter_map(|time| time.duration_since(UNIX_EPOCH).ok())
        .map(|time| time.as_secs())
        .max()
        .unwrap_or(0);
    let now = now();
    if now + 300 < newest {
        return Finding::failure(
            CHECK,
            format!("is {} minutes behind what was written last", (newest - now) / 60),
            "set the clock, best by NTP: timedatectl set-ntp true",
        );
    }
    if Path::new("/run/systemd/timesync").exists()
        && !Path::new("/run/systemd/timesync/synchronized").exists()
    {
        return Finding::warning(CHECK, "is not synchronised", "wait, or see timedatectl timesync-status");
    }
    Finding::well(CHECK, chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn disk(path: &Path, config: &Config) -> Finding {
    const CHECK: &str = "disk";
    let stat = match rustix::fs::statvfs(path) {
        Ok(stat) => stat,
        Err(error) => return Finding::failure(CHECK, format!("can't be asked: {error}"), "check the mount"),
    };
    let free = stat.f_bavail * stat.f_frsize;
    let found = format!("{} free", show::bytes(free));
    let advice = "make room, shorten `lake.retention_days`, or move the data folder";
    if free < config.journal.free_bytes_min {
        let found =
            format!("{found}; below {} nothing is accepted", show::bytes(config.journal.free_bytes_min));
        return Finding::failure(CHECK, found, advice);
    }
    if stat.f_favail < 10_000 && stat.f_files > 0 {
        return Finding::warning(CHECK, format!("{found}, but only {} inodes", stat.f_favail), advice);
    }
    if free < config.journal.bytes_max {
        let found = format!("{found}; the journal may grow to {}", show::bytes(config.journal.bytes_max));
        return Finding::warning(CHECK, found, "make room, or lower `journal.bytes_max`");
    }
    Finding::well(CHECK, found)
}

fn open_files(config: &Config) -> Finding {
    const CHECK: &str = "open files";
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    let wanted = config.server.connections_max as u64 + 500;
    if limit < wanted {
        return Finding::warning(
            CHECK,
            format!("at most {limit}, {wanted} would allow all connections"),
            format!("ulimit -n {wanted}, or lower `server.connections_max`"),
        );
    }
    Finding::well(CHECK, format!("at most {limit}"))
}

fn as_text(findings: &[Finding]) -> String {
    let colours = show::colours(std::io::IsTerminal::is_terminal(&std::io::stdout()));
    let mut text = String::new();
    for finding in findings {
        let (mark, colour, advice) = match &finding.outcome {
            Outcome::Well => ("ok     ", "32", None),
            Outcome::Warning(advice) => ("warning", "33", Some(advice)),
            Outcome::Failure(advice) => ("FAILED ", "31", Some(advice)),
        };
        let mark = if colours { format!("\x1b[{colour}m{mark}\x1b[0m") } else { mark.to_owned() };
        text += &format!("{mark}  {:<12} {}\n", finding.check, finding.found);
        if let Some(advice) = advice {
            text += &format!("{:23}to do: {advice}\n", "");
        }
    }
    text
}

fn as_json(findings: &[Finding]) -> String {
    let checks: Vec<_> = findings
        .iter()
        .map(|finding| {
            let (outcome, advice) = match &finding.outcome {
                Outcome::Well => ("ok", None),
                Outcome::Warning(advice) => ("warning", Some(advice)),
                Outcome::Failure(advice) => ("failed", Some(advice)),
            };
            json!({ "check": finding.check, "outcome": outcome, "found": finding.found, "advice": advice })
        })
        .collect();
    format!("{}\n", json!({ "checks": checks }))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
