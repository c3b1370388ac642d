//! `phalanx serve`.

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Place, init, show};
use crate::{
    data_folder::DataFolder,
    listen::{Addresses, Listeners},
    platform::Platform,
    telemetry,
};

/// Run the platform until Ctrl-C.
///
/// Makes the data folder if there is none and shows its administrator's credentials, once. Takes in
/// what is sent to it. A second start goes on where the first ended.
#[derive(Args)]
pub struct Serve {
    /// Address of the TLS port; port 0 picks a free one. It is written to `address` in the data folder
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Log to the terminal too
    #[arg(long)]
    log_terminal: bool,
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
        "Phalanx {} is running\n\n  APIs      {https}   (trust {data}/tls/ca.pem)\n  data      {data}\n",
        env!("CARGO_PKG_VERSION")
    );
    let send = format!("  {phalanx} ingest Security.evtx rows.jsonl.gz table.csv\n");
    text += &format!(
        "\nsend logs:\n{send}\nask:\n  {phalanx} tables\n  {phalanx} query 'select * from Heartbeat limit 10'\n  {phalanx} services\n\nCtrl-C stops it.\n"
    );
    text
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
