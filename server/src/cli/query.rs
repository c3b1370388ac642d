//! `phalanx query`.

use std::{
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use axum::body::Body;
use clap::{Args, ValueEnum};
use futures::StreamExt;
use http::Method;
use serde_json::json;

use super::{Place, show};
use crate::{
    api,
    client::{Client, Lines},
};

/// The exit code of an answer that misses rows.
const INCOMPLETE: u8 = 2;

/// Ask in the Kusto Query Language over all tables.
///
/// For example: DeviceProcessEvents | where Timestamp > ago(1d) | summarize count() by DeviceName. What begins with
/// `select` or `with` is SQL, in which names are case-sensitive and need no quotes. The text `-` reads the query
/// from standard input. Exit code 2: the answer misses rows that
/// were taken in lately.
#[derive(Args)]
pub struct Query {
    /// The query, or `-` for standard input
    #[arg(required_unless_present = "file")]
    text: Option<String>,
    /// Read the query from a file
    #[arg(long, short, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// How to print the rows
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// Most rows; 0 for all [default: 1000 for tables on a terminal, else all]
    #[arg(long, value_name = "ROWS")]
    limit: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum OutputFormat {
    /// Aligned columns, for people
    Table,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
}

impl OutputFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl Query {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let text = self.read_text()?;
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let printed = self.print(&client, &text).await;
        client.close().await?;
        if printed? {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!("warning: rows that were taken in lately are missing; `phalanx doctor` may tell why");
        Ok(ExitCode::from(INCOMPLETE))
    }

    fn read_text(&self) -> anyhow::Result<String> {
        match (&self.file, self.text.as_deref()) {
            (Some(file), _) => {
                std::fs::read_to_string(file).with_context(|| format!("can't read `{}`", file.display()))
            }
            (None, Some("-")) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
                Ok(text)
            }
            (None, text) => Ok(text.unwrap_or_default().to_owned()),
        }
    }

    /// Prints the answer; whether it has all rows that were acknowledged before.
    async fn print(&self, client: &Client, text: &str) -> anyhow::Result<bool> {
        let is_terminal = std::io::stdout().is_terminal();
        let limit = match self.limit {
            Some(0) => None,
            Some(limit) => Some(limit),
            None if is_terminal && self.format == OutputFormat::Table => Some(1_000),
            None => None,
        };
        let request = json!({ "query": text, "format": self.format.name(), "limit": limit });
        let spinner = show::spinner("running");
        let response = client.send(Method::POST, "/api/v1/query", Body::from(request.to_string())).await?;
        let is_complete = !response.headers().contains_key(api::INCOMPLETE);
        if self.format == OutputFormat::Table {
            let mut lines = Lines::new(response);
            let (text, rows) = table(&mut lines).await?;
            spinner.finish_and_clear();
            show::print(&text);
            if limit == Some(rows) && is_terminal {
                eprintln!("the first {rows} rows; `--limit 0` shows all");
            }
            return Ok(is_complete);
        }
        let mut body = response.into_body().into_data_stream();
        let mut out = std::io::stdout().lock();
        let mut is_first = true;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.context("the answer broke off: it is not complete")?;
            if std::mem::take(&mut is_first) {
                spinner.finish_and_clear();
            }
            if out.write_all(&bytes).is_err() {
                return Ok(is_complete);
            }
        }
        spinner.finish_and_clear();
        out.flush().ok();
        Ok(is_complete)
    }
}

/// Reads rows as JSON lines, the first naming the columns, into an aligned table.
async fn table(lines: &mut Lines) -> anyhow::Result<(String, u64)> {
    let header = lines.next().await?.context("the answer broke off")?;
    let header: Vec<String> = serde_json::from_str(&header).context("the answer is damaged")?;
    let mut rows = Vec::new();
    while let Some(line) = lines.next().await? {
        let cells: Vec<String> = serde_json::from_str(&line).context("the answer is damaged")?;
        rows.push(cells);
    }
    let count = rows.len() as u64;
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    Ok((show::table(&header, rows, &[]), count))
}
