//! `phalanx serve`.

use std::{
    net::{AddrParseError, SocketAddr},
    process::ExitCode,
    str::FromStr,
};

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Place, init, show};
use crate::{
    data_folder::DataFolder,
    listen::{self, Addresses, Listeners},
    platform::Platform,
    telemetry,
};

/// Run the platform until Ctrl-C.
///
/// Makes the data folder if there is none and shows its administrator's credentials, once. Takes in
/// this machine's own logs and what is sent to it. A second start goes on where the first ended.
#[derive(Args)]
pub struct Serve {
    /// Address of the TLS port; port 0 picks a free one. It is written to `address` in the data folder
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address for syslog over UDP and TCP; `off` for none
    #[arg(long, value_name = "ADDR")]
    syslog: Option<SyslogAddress>,
    /// Address for syslog over TLS; `off` for none
    #[arg(long, value_name = "ADDR")]
    syslog_tls: Option<SyslogAddress>,
    /// Leave this machine's own logs alone
    #[arg(long)]
    no_host_logs: bool,
    /// Log to the terminal too
    #[arg(long)]
    log_terminal: bool,
}

/// An address, or none.
#[derive(Clone, Copy)]
struct SyslogAddress(Option<SocketAddr>);

impl FromStr for SyslogAddress {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        if text == "off" { Ok(Self(None)) } else { text.parse().map(|address| Self(Some(address))) }
    }
}

impl Serve {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let config = place.config(&self.flags())?;
        let path = place.path();
        if !DataFolder::exists(&path) {
            let first = Platform::first_start(&path, &config).await?;
            show::print(&init::credentials(&first));
        }
        let folder = DataFolder::open(&path)?;
        let _log = telemetry::start(&config.logging, &config.traces, &folder.join("logs"))?;
        let mut interrupt = signal(SignalKind::interrupt()).context("can't watch for Ctrl-C")?;
        let mut terminate = signal(SignalKind::terminate()).context("can't watch for SIGTERM")?;

        let platform = Platform::open(folder, config).await?;
        let opened = match platform.start_services().await {
            Ok(()) => Listeners::open(&platform).await,
            Err(error) => Err(error),
        };
        let listeners = match opened {
            Ok(listeners) => listeners,
            Err(error) => {
                platform.close().await?;
                return Err(error);
            }
        };
        show::tell(&greeting(&platform, listeners.addresses()));
        tracing::info!(addresses = ?listeners.addresses(), "serving");
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        show::tell("stopping: writing out what is in memory\n");
        tracing::info!("stopping");
        let end = async {
            listeners.close().await;
            platform.close().await
        };
        // A second Ctrl-C does not wait: the journal has everything.
        tokio::select! {
            ended = end => ended?,
            _ = interrupt.recv() => return Ok(ExitCode::FAILURE),
        }
        show::tell("stopped\n");
        Ok(ExitCode::SUCCESS)
    }

    fn flags(&self) -> Vec<(&'static str, serde_json::Value)> {
        let mut flags = Vec::new();
        if let Some(listen) = self.listen {
            flags.push(("server.listen", json!(listen)));
        }
        if let Some(SyslogAddress(address)) = self.syslog {
            let addresses: Vec<_> = address.into_iter().collect();
            flags.extend([("syslog.udp", json!(addresses)), ("syslog.tcp", json!(addresses))]);
        }
        if let Some(SyslogAddress(address)) = self.syslog_tls {
            let addresses: Vec<_> = address.into_iter().collect();
            flags.push(("syslog.tls", json!(addresses)));
        }
        if self.no_host_logs {
            flags.push(("services.host-logs.enabled", json!(false)));
        }
        if self.log_terminal {
            flags.push(("logging.terminal", json!(true)));
        }
        flags
    }
}

/// What a newcomer sees: where it listens, how to send, how to ask.
fn greeting(platform: &Platform, addresses: &Addresses) -> String {
    let data = platform.folder().path().display().to_string();
    let phalanx = command_line(&data);
    let https = addresses.https.map_or_else(String::new, |a| format!("https://localhost:{}", a.port()));
    let mut text = format!(
        "Phalanx {} is running\n\n  APIs      {https}   (trust {data}/tls/ca.pem)\n",
        env!("CARGO_PKG_VERSION")
    );
    let syslog = &addresses.syslog;
    for (transport, found) in [("udp", &syslog.udp), ("tcp", &syslog.tcp), ("tls", &syslog.tls)] {
        for address in found {
            text += &format!("  syslog    {address} over {transport}\n");
        }
    }
    text += &format!("  data      {data}\n");
    for missing in &syslog.missing {
        text += &format!("  warning   {missing}\n");
    }
    text += &format!("\nsend logs:\n  {phalanx} ingest Security.evtx rows.jsonl.gz table.csv\n");
    text += &logger(syslog);
    text += &format!("\nask:\n  {phalanx} tables\n  {phalanx} query 'Heartbeat | take 10'\n");
    if !syslog.tcp.is_empty() || !syslog.udp.is_empty() {
        let newest = "Syslog | top 10 by TimeGenerated | project TimeGenerated, ProcessName, SyslogMessage";
        text += &format!("  {phalanx} query '{newest}'\n");
    }
    text += &format!("  {phalanx} services\n\nCtrl-C stops it.\n");
    text
}

/// How a message is sent by hand, as the messages of the machine's programs are.
fn logger(syslog: &listen::SyslogAddresses) -> String {
    let Some((address, option)) = (syslog.tcp.first().map(|address| (address, "--tcp")))
        .or(syslog.udp.first().map(|address| (address, "--udp")))
    else {
        return String::new();
    };
    // Who listens everywhere is also here.
    let host = if address.ip().is_unspecified() { "localhost".to_owned() } else { address.ip().to_string() };
    format!("  logger --server {host} --port {} {option} 'hello from this machine'\n", address.port())
}

/// How this program is called again for the same data folder.
fn command_line(data: &str) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "phalanx".to_owned());
    if std::path::Path::new(data) == DataFolder::default_path() {
        program
    } else {
        format!("{program} --data {data}")
    }
}
