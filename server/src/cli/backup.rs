//! `phalanx backup` and `phalanx restore`.

use std::{io::IsTerminal, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use axum::body::Body;
use clap::Args;
use futures::StreamExt;
use http::Method;
use tokio::io::AsyncWriteExt;

use super::{Place, show};
use crate::{
    client::Client,
    data_folder::DataFolder,
    platform::{self, backup::Documents},
};

/// Write a copy of the whole data folder to one file, while the server runs.
///
/// The file (tar, zstd) holds keys and secrets' hashes: keep it as safe as the data folder.
#[derive(Args)]
pub struct Backup {
    /// The file to write; it must not exist
    file: PathBuf,
}

/// Make a data folder from a backup.
///
/// Documents go to a file in the data folder, wherever they were in the original; `--state` sends them to a
/// database instead, and the folder's configuration then names it.
#[derive(Args)]
pub struct Restore {
    /// The file that `phalanx backup` wrote
    file: PathBuf,
    /// Where the documents go: `postgres://…` (an empty database), or `sqlite` for a file in the data folder
    #[arg(long, value_name = "URL")]
    state: Option<String>,
}

impl Backup {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        if self.file.exists() {
            bail!("`{}` exists; a backup never overwrites", self.file.display());
        }
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let written = self.write(&client).await;
        client.close().await?;
        show::print(&format!("wrote {} ({})\n", self.file.display(), show::bytes(written?)));
        Ok(ExitCode::SUCCESS)
    }

    async fn write(&self, client: &Client) -> anyhow::Result<u64> {
        let draft = self.file.with_extension("draft");
        let mut out = tokio::fs::OpenOptions::new();
        out.write(true).create(true).truncate(true).mode(0o600);
        let mut out = out.open(&draft).await.with_context(|| format!("can't write `{}`", draft.display()))?;
        let response = client.send(Method::POST, "/api/v1/backup", Body::empty()).await?;
        let progress = progress();
        let mut body = response.into_body().into_data_stream();
        let mut written = 0;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.context("the backup broke off; the reason is in the server's log")?;
            out.write_all(&bytes).await.with_context(|| format!("can't write `{}`", draft.display()))?;
            written += bytes.len() as u64;
            progress.set_position(written);
        }
        out.sync_all().await.with_context(|| format!("can't write `{}`", draft.display()))?;
        progress.finish_and_clear();
        tokio::fs::rename(&draft, &self.file).await.context("can't name the finished backup")?;
        Ok(written)
    }
}

impl Restore {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let path = place.path();
        if DataFolder::exists(&path) {
            bail!("`{}` is a data folder already; restore into a new one with --data", path.display());
        }
        let documents = match self.state.as_deref() {
            None => Documents::AsConfigured,
            Some("sqlite") => Documents::InFolder,
            Some(url) => Documents::At(url.to_owned()),
        };
        let waiting = show::spinner("restoring");
        platform::backup::restore(&self.file, &path, documents).await?;
        waiting.finish_and_clear();
        show::print(&format!("restored into {}\n", path.display()));
        Ok(ExitCode::SUCCESS)
    }
}

fn progress() -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new_spinner().with_style(
        indicatif::ProgressStyle::with_template("{spinner} {bytes} {bytes_per_sec}")
            .unwrap_or_else(|_| indicatif::ProgressStyle::default_spinner()),
    );
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    bar
}
