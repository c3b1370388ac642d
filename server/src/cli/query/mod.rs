//! `phalanx query`.

mod answer;
mod chart;
mod pager;
mod prompt;
mod table;

use std::{
    io::{IsTerminal, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
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

/// Rows of a table on a terminal, if nothing is said.
const SHOWN_ROWS: u64 = 1_000;

/// Ask in the Kusto Query Language over all tables.
///
/// For example: DeviceProcessEvents | where Timestamp > ago(1d) | summarize count() by DeviceName. What begins with
/// `select` or `with` is SQL, in which names are case-sensitive and need no quotes. The text `-` reads the query
/// from standard input; without a query, a terminal gets a prompt. A query that ends in `render` is drawn on a
/// terminal. `phalanx kql` explains the language. Exit code 1: the query failed; 2: the answer misses rows that were
/// taken in lately.
#[derive(Args)]
pub struct Query {
    /// The query, or `-` for standard input [default: a prompt]
    text: Option<String>,
    /// Read the query from a file
    #[arg(long, short, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    #[command(flatten)]
    look: Look,
}

/// How answers are printed.
#[derive(Args, Clone)]
pub(super) struct Look {
    /// How to print the rows
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    /// Most rows; 0 for all [default: 1000 for tables on a terminal, else all]
    #[arg(long, value_name = "ROWS")]
    limit: Option<u64>,
    /// On a terminal, show cells whole and not cut to its width
    #[arg(long)]
    wide: bool,
    /// On a terminal, show the rows of a query that ends in `render`
    #[arg(long)]
    no_chart: bool,
    /// On a terminal, don't use $PAGER for long answers
    #[arg(long)]
    no_pager: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum OutputFormat {
    /// Aligned columns, for people
    Table,
    /// One JSON object a line
    Jsonl,
    /// One JSON array of objects
    Json,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// A stream of Apache Arrow
    Arrow,
}

impl OutputFormat {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Arrow => "arrow",
        }
    }
}

impl Query {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        if self.look.format == OutputFormat::Arrow && std::io::stdout().is_terminal() {
            bail!("`--format arrow` is not for a terminal; send it to a file or a program");
        }
        let is_prompt = self.text.is_none() && self.file.is_none() && std::io::stdin().is_terminal();
        let text = if is_prompt { String::new() } else { self.read_text()? };
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        if is_prompt {
            let ended = prompt::run(&client, self.look).await;
            client.close().await?;
            ended?;
            return Ok(ExitCode::SUCCESS);
        }
        let printed = self.look.print(&client, &text).await;
        client.close().await?;
        match printed {
            Ok(true) => Ok(ExitCode::SUCCESS),
            Ok(false) => {
                warn_incomplete();
                Ok(ExitCode::from(INCOMPLETE))
            }
            Err(error) => {
                tell(&error);
                Ok(ExitCode::FAILURE)
            }
        }
    }

    fn read_text(&self) -> anyhow::Result<String> {
        match (&self.file, self.text.as_deref()) {
            (Some(file), _) => {
                std::fs::read_to_string(file).with_context(|| format!("can't read `{}`", file.display()))
            }
            (None, Some("-") | None) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
                Ok(text)
            }
            (None, Some(text)) => Ok(text.to_owned()),
        }
    }
}

fn warn_incomplete() {
    eprintln!("warning: rows that were taken in lately are missing; `phalanx doctor` may tell why");
}

/// Tells an error; the place in a query's text is drawn as it came, coloured on a terminal.
fn tell(error: &anyhow::Error) {
    let text = error.to_string();
    if !text.starts_with("error[") {
        return show::error(error);
    }
    let text = match show::colours(std::io::stderr().is_terminal()) {
        true => coloured(&text),
        false => text,
    };
    // Standard error may be closed; there is nobody left to tell.
    let _closed = writeln!(std::io::stderr(), "{text}");
}

/// The code and the marks under the place in red.
fn coloured(drawn: &str) -> String {
    let mut out = String::new();
    for (at, line) in drawn.lines().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match (line.find(':').filter(|_| at == 0), line.find('^')) {
            (Some(end), _) => {
                out.push_str(&format!("\x1b[1;31m{}\x1b[0m\x1b[1m{}\x1b[0m", &line[..end], &line[end..]));
            }
            (None, Some(mark)) if line[..mark].chars().all(|c| matches!(c, ' ' | '|')) => {
                out.push_str(&format!("{}\x1b[1;31m{}\x1b[0m", &line[..mark], &line[mark..]));
            }
            _ => out.push_str(line),
        }
    }
    out
}

impl Look {
    /// Prints the answer; whether it has all rows that were acknowledged before.
    async fn print(&self, client: &Client, text: &str) -> anyhow::Result<bool> {
        let is_terminal = std::io::stdout().is_terminal();
        if self.format == OutputFormat::Table && is_terminal {
            return self.show(client, text).await;
        }
        let request = json!({ "query": text, "format": self.format.name(), "limit": self.limit.filter(|limit| *limit > 0) });
        let spinner = show::spinner("running");
        let response = client.send(Method::POST, "/api/v1/query", Body::from(request.to_string())).await?;
        let is_complete = !response.headers().contains_key(api::INCOMPLETE);
        if self.format == OutputFormat::Table {
            let text = plain_table(&mut Lines::new(response)).await?;
            spinner.finish_and_clear();
            show::print(&text);
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

    /// Shows the answer on a terminal: as wide as it, drawn if the query says so.
    async fn show(&self, client: &Client, text: &str) -> anyhow::Result<bool> {
        let limit = match self.limit {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => Some(SHOWN_ROWS),
        };
        let request = json!({ "query": text, "format": "frames", "limit": limit });
        let spinner = show::spinner("running");
        let response = client.send(Method::POST, "/api/v1/query", Body::from(request.to_string())).await?;
        let is_complete = !response.headers().contains_key(api::INCOMPLETE);
        let answer = answer::read(&mut Lines::new(response), &spinner).await;
        spinner.finish_and_clear();
        let answer = answer?;
        pager::show(&self.drawn(&answer), !self.no_pager);
        let rows: usize = answer.tables.iter().map(|table| table.rows.len()).sum();
        let read = show::count(answer.rows_read);
        eprintln!("{} rows in {:.2} s, {read} rows read", show::count(rows as u64), answer.seconds);
        if answer.is_cut {
            eprintln!("the first {} rows; `--limit 0` shows all", show::count(limit.unwrap_or_default()));
        }
        Ok(is_complete)
    }

    fn drawn(&self, answer: &answer::Answer) -> String {
        let is_coloured = show::colours(true);
        let (width, height) = pager::terminal();
        let mut out = String::new();
        let last = answer.tables.len().saturating_sub(1);
        for (at, table) in answer.tables.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            let render = answer.render.as_ref().filter(|_| at == last && !self.no_chart);
            let canvas = chart::Canvas { width, height: height.saturating_sub(10).clamp(6, 20), is_coloured };
            match render.and_then(|render| chart::draw(render, table, canvas)) {
                Some(drawing) => out.push_str(&drawing),
                None => out.push_str(&table::table(table, (!self.wide).then_some(width), is_coloured)),
            }
        }
        out
    }
}

/// Reads rows as JSON lines, the first naming the columns, into an aligned table.
async fn plain_table(lines: &mut Lines) -> anyhow::Result<String> {
    let header = lines.next().await?.context("the answer broke off")?;
    let header: Vec<String> = serde_json::from_str(&header).context("the answer is damaged")?;
    let mut rows = Vec::new();
    while let Some(line) = lines.next().await? {
        let cells: Vec<String> = serde_json::from_str(&line).context("the answer is damaged")?;
        rows.push(cells);
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    Ok(show::table(&header, rows, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_mistake_is_coloured() {
        let drawn = "error[SEM0100]: no table: x\n --> line 1, column 1\n  |\n1 | x | y ^ z\n  | ^";
        let text = coloured(drawn);
        assert!(text.starts_with("\x1b[1;31merror[SEM0100]\x1b[0m\x1b[1m: no table: x\x1b[0m\n"), "{text:?}");
        assert!(text.contains("1 | x | y ^ z\n") && text.ends_with("  | \x1b[1;31m^\x1b[0m"), "{text:?}");
    }
}
