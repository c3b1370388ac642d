//! An answer as the server sends it in frames, read while it comes.

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{cli::show, client::Lines};

/// What a query has given.
#[derive(Debug, Default)]
pub struct Answer {
    pub tables: Vec<Table>,
    pub render: Option<Render>,
    pub seconds: f64,
    pub rows_read: u64,
    /// Whether there are more rows than were asked for.
    pub is_cut: bool,
}

/// Rows of texts.
#[derive(Debug, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Column {
    pub name: String,
    /// The language's type, such as `long`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// How the author wants the answer to be drawn.
#[derive(Clone, Debug, Deserialize)]
pub struct Render {
    pub chart: String,
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(tag = "frame", rename_all = "lowercase")]
enum Frame {
    Columns { columns: Vec<Column> },
    Progress { seconds: f64, rows_read: u64 },
    End { seconds: f64, rows_read: u64, cut: Option<serde_json::Value>, render: Option<Render> },
    Error { message: String },
}

impl Column {
    /// Whether values are numbers, which stand at the right.
    pub fn is_number(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "int" | "long" | "real" | "decimal" | "Int64" | "UInt64" | "Float64" | "Int32"
        )
    }

    pub fn is_time(&self) -> bool {
        self.kind == "datetime"
    }
}

impl Render {
    pub fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Reads all frames; how far the query is goes to the bar.
///
/// # Errors
/// The query failed, or the answer broke off.
pub async fn read(lines: &mut Lines, bar: &ProgressBar) -> anyhow::Result<Answer> {
    let mut answer = Answer::default();
    while let Some(line) = lines.next().await? {
        if line.starts_with('[') {
            let cells: Vec<String> = serde_json::from_str(&line).context("the answer is damaged")?;
            answer.tables.last_mut().context("the answer is damaged")?.rows.push(cells);
            continue;
        }
        match serde_json::from_str(&line).context("the answer is damaged")? {
            Frame::Columns { columns } => answer.tables.push(Table { columns, rows: Vec::new() }),
            Frame::Progress { seconds, rows_read } => {
                bar.set_message(format!("running: {seconds:.0} s, {} rows read", show::count(rows_read)));
            }
            Frame::End { seconds, rows_read, cut, render } => {
                let is_cut = cut.is_some_and(|cut| !cut.is_null());
                return Ok(Answer { render, seconds, rows_read, is_cut, ..answer });
            }
            Frame::Error { message } => bail!("{message}"),
        }
    }
    bail!("the answer broke off: it is not complete")
}
