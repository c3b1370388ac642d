//! `phalanx ingest`.

use std::{
    collections::{BTreeMap, HashSet},
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use axum::body::Body;
use clap::Args;
use futures::{StreamExt, TryStreamExt};
use http::Method;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::io::ReaderStream;

use super::{Place, show};
use crate::{
    api::encode_segment,
    client::{Client, Lines},
    ingest::report::{Event, SourceReport},
};

/// Take in logs: files, folders, archives (gzip, zip, tar), or `-` for standard input.
///
/// The format is guessed from the content and said. What can't be decoded, be it a record or a whole file whose
/// format nobody recognises, is kept in the table PhalanxDeadLetter with source, offset and reason;
/// `phalanx dead-letters` shows and replays it.
/// Exit code 0: everything became rows. 2: everything is kept, some of it as dead letters. 1: failed.
#[derive(Args)]
pub struct Ingest {
    /// What to read; folders are read with all that is in them
    #[arg(required = true, value_name = "FILE|DIR|-")]
    paths: Vec<PathBuf>,
    /// The format, instead of a guess; `list` names all
    #[arg(long)]
    format: Option<String>,
    /// The table, for JSON lines and CSV whose columns are a table's
    #[arg(long)]
    table: Option<String>,
    /// Print one JSON object with the result instead of tables
    #[arg(long)]
    json: bool,
}

/// A source, and why it was not taken in.
type Failure = (String, String);

/// What became of all sources.
#[derive(Default)]
struct Total {
    sources: Vec<SourceReport>,
    failures: Vec<Failure>,
    bytes: u64,
}

const DEAD_LETTERS: u8 = 2;

/// Files that are sent at once: a folder of small files is not slowed down by waiting for the disk after each,
/// and large ones keep all cores busy anyway.
const FILES_AT_ONCE: usize = 4;

/// Bytes of a file that are sent at once.
const PIECE_BYTES: usize = 1 << 20;

impl Ingest {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        if self.format.as_deref() == Some("list") {
            let formats = phalanx_signal::decode::FORMATS.iter();
            let rows = formats.map(|f| vec![f.name.to_owned(), f.title.to_owned()]).collect();
            show::print(&show::table(&["FORMAT", "MEANS"], rows, &[]));
            return Ok(ExitCode::SUCCESS);
        }
        let (files, unreadable) = self.files()?;
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let begun = Instant::now();
        let mut total = Total { failures: unreadable, ..Total::default() };
        let progress = Progress::new(&files);
        let mut ends = futures::stream::iter(&files)
            .map(|file| self.ingest(&client, file, &progress))
            .buffered(FILES_AT_ONCE);
        while let Some(end) = ends.next().await {
            total.add(end);
        }
        drop(ends);
        progress.finish();
        client.close().await?;
        let elapsed = begun.elapsed();
        show::print(&if self.json { total.json(elapsed) } else { total.text(elapsed) });
        Ok(total.exit_code())
    }

    /// All files meant, folders walked in order of their names; and what below them can't be read.
    fn files(&self) -> anyhow::Result<(Vec<PathBuf>, Vec<Failure>)> {
        let mut walk = Walk::default();
        for path in &self.paths {
            if path.as_os_str() == "-" {
                walk.files.push(path.clone());
                continue;
            }
            let metadata =
                std::fs::metadata(path).with_context(|| format!("can't read `{}`", path.display()))?;
            if metadata.is_dir() {
                let before = (walk.files.len(), walk.unreadable.len());
                walk.folder(path);
                if before == (walk.files.len(), walk.unreadable.len()) {
                    bail!("there is no file in `{}`", path.display());
                }
            } else {
                walk.files.push(path.clone());
            }
        }
        Ok((walk.files, walk.unreadable))
    }

    /// Sends one file. What went wrong with it is in the result: the others go on.
    async fn ingest(&self, client: &Client, file: &Path, progress: &Progress) -> Total {
        let mut total = Total::default();
        if let Err(error) = self.send(client, file, progress, &mut total).await {
            total.failures.push((file.display().to_string(), format!("{error:#}")));
        }
        total
    }

    async fn send(
        &self,
        client: &Client,
        file: &Path,
        progress: &Progress,
        total: &mut Total,
    ) -> anyhow::Result<()> {
        let is_stdin = file.as_os_str() == "-";
        let name = if is_stdin { "standard input".to_owned() } else { absolute(file) };
        let mut path = format!("/api/v1/ingest?name={}", encode_segment(&name));
        for (key, value) in [("format", &self.format), ("table", &self.table)] {
            if let Some(value) = value {
                path += &format!("&{key}={}", encode_segment(value));
            }
        }
        let bar = progress.bar.clone();
        let count = move |bytes: &axum::body::Bytes| bar.inc(bytes.len() as u64);
        let body = if is_stdin {
            Body::from_stream(ReaderStream::with_capacity(tokio::io::stdin(), 1 << 16).inspect_ok(count))
        } else {
            let open = tokio::fs::File::open(file);
            let mut opened = open.await.with_context(|| format!("can't read `{}`", file.display()))?;
            opened.set_max_buf_size(PIECE_BYTES);
            Body::from_stream(ReaderStream::with_capacity(opened, PIECE_BYTES).inspect_ok(count))
        };
        let response = client.send(Method::POST, &path, body).await?;
        let mut lines = Lines::new(response);
        let (mut is_done, mut rows_before) = (false, 0);
        while let Some(line) = lines.next().await? {
            match serde_json::from_str(&line).context("the server's answer is damaged")? {
                Event::Guess { source, title, is_certain, .. } => {
                    if !self.json {
                        let sure = if is_certain { "" } else { " (probably)" };
                        progress.say(&format!("{source}: {title}{sure}"));
                    }
                }
                Event::Progress { rows } => {
                    progress.rows(rows - rows_before);
                    rows_before = rows;
                }
                Event::Source(report) => total.sources.push(report),
                Event::SourceFailed { source, message } => total.failures.push((source, message)),
                Event::Done { bytes } => {
                    total.bytes += bytes;
                    is_done = true;
                }
                Event::Failed { message } => bail!("{message}"),
            }
        }
        if !is_done {
            bail!("the server broke off; what it acknowledged is kept");
        }
        Ok(())
    }
}

/// Rows and bytes per second while one waits, on a terminal only.
struct Progress {
    bar: ProgressBar,
    rows: AtomicU64,
    begun: Instant,
}

impl Progress {
    fn new(files: &[PathBuf]) -> Self {
        let size: u64 = files.iter().filter_map(|f| Some(std::fs::metadata(f).ok()?.len())).sum();
        let is_known = !files.iter().any(|f| f.as_os_str() == "-");
        let bar = if is_known { ProgressBar::new(size) } else { ProgressBar::new_spinner() };
        let template = if is_known {
            "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}"
        } else {
            "{spinner} {bytes} {bytes_per_sec} {msg}"
        };
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, rows: AtomicU64::new(0), begun: Instant::now() }
    }

    /// So many rows more.
    fn rows(&self, rows: u64) {
        let all = self.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let per_second = all as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
        self.bar.set_message(format!("{} rows, {} rows/s", show::count(all), show::count(per_second as u64)));
    }

    fn say(&self, line: &str) {
        if std::io::stderr().is_terminal() {
            self.bar.println(line);
        } else {
            eprintln!("{line}");
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Total {
    fn add(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.failures.extend(other.failures);
        self.bytes += other.bytes;
    }

    fn rows(&self) -> BTreeMap<&str, u64> {
        let mut rows = BTreeMap::new();
        for (table, count) in self.sources.iter().flat_map(|source| &source.rows) {
            *rows.entry(table.as_str()).or_default() += count;
        }
        rows
    }

    fn dead_letters(&self) -> u64 {
        self.sources.iter().flat_map(|s| &s.dead_letters).map(|letter| letter.count).sum()
    }

    fn exit_code(&self) -> ExitCode {
        if !self.failures.is_empty() {
            ExitCode::FAILURE
        } else if self.dead_letters() > 0 {
            ExitCode::from(DEAD_LETTERS)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn text(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64().max(0.001);
        let rows = self.rows();
        let sum: u64 = rows.values().sum();
        let mut text = String::new();
        if !rows.is_empty() {
            let lines = rows.iter().map(|(t, n)| vec![(*t).to_owned(), show::count(*n)]).collect();
            text += &show::table(&["TABLE", "ROWS"], lines, &[1]);
        }
        text += &format!(
            "\n{} rows of {} records from {} in {:.1} s ({} rows/s, {:.1} MB/s)\n",
            show::count(sum),
            show::count(self.sources.iter().map(|s| s.records).sum()),
            if self.sources.len() == 1 {
                "1 source".to_owned()
            } else {
                format!("{} sources", self.sources.len())
            },
            seconds,
            show::count((sum as f64 / seconds) as u64),
            self.bytes as f64 / 1e6 / seconds
        );
        let mut lines = Vec::new();
        for source in &self.sources {
            for letter in &source.dead_letters {
                lines.push(vec![
                    show::count(letter.count),
                    source.source.clone(),
                    letter.first_offset.to_string(),
                    letter.reason.clone(),
                ]);
            }
        }
        if !lines.is_empty() {
            text += "\nnot decoded, kept in PhalanxDeadLetter:\n";
            text += &show::table(&["COUNT", "SOURCE", "FIRST AT BYTE", "REASON"], lines, &[0, 2]);
        }
        for (source, message) in &self.failures {
            text += &format!("\nfailed: {source}: {message}\n");
        }
        text
    }

    fn json(&self, elapsed: Duration) -> String {
        let failures: Vec<_> = self
            .failures
            .iter()
            .map(|(source, message)| serde_json::json!({ "source": source, "message": message }))
            .collect();
        let value = serde_json::json!({
            "rows": self.rows(),
            "records": self.sources.iter().map(|s| s.records).sum::<u64>(),
            "dead_letters": self.dead_letters(),
            "bytes": self.bytes,
            "seconds": elapsed.as_secs_f64(),
            "sources": self.sources,
            "failures": failures,
        });
        format!("{value}\n")
    }
}

/// Files below folders, through links as well; what is neither file nor folder (sockets, devices) is no log.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    unreadable: Vec<Failure>,
    /// Folders that were entered, for a link may lead back.
    entered: HashSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, folder: &Path) {
        if let Err(error) = self.enter(folder) {
            self.unreadable.push((folder.display().to_string(), format!("can't be read: {error}")));
        }
    }

    fn enter(&mut self, folder: &Path) -> std::io::Result<()> {
        if !self.entered.insert(folder.canonicalize()?) {
            return Ok(());
        }
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            match std::fs::metadata(&path) {
                Ok(kind) if kind.is_dir() => self.folder(&path),
                Ok(kind) if kind.is_file() => self.files.push(path),
                Ok(_) => {}
                Err(error) => {
                    self.unreadable.push((path.display().to_string(), format!("can't be read: {error}")));
                }
            }
        }
        Ok(())
    }
}

fn absolute(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}
