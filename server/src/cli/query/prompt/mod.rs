//! The prompt of `phalanx query`: lines with history, colours and completion, until Ctrl-D.
//!
//! ```text
//! terminal ─ keys.rs ─▶ Key ─ editor.rs ─▶ text and cursor ─ screen.rs ─▶ terminal
//!                              ▲ history.rs   ▲ candidates from the server
//! ```
//!
//! A query goes on over lines while a bracket is open or a line ends in what can't be an end; an empty line, or a `;`
//! behind everything, sends it. What is asked runs outside of this module's hands: Ctrl-C drops the request, and the
//! server stops.

mod editor;
mod history;
mod keys;
mod screen;

use std::io::Write;

use http::Method;
use serde_json::{Value, json};

use self::{
    editor::{Editor, Step},
    history::History,
    keys::{Key, Keys},
    screen::Screen,
};
use super::{Look, OutputFormat, tell, warn_incomplete};
use crate::{
    cli::{kql, show},
    client::Client,
};

const HELP: &str = "\
An empty line, or `;` at the end, sends a query. Tab completes, Up and Down go through what was asked before,
Ctrl-C drops the query, Ctrl-D leaves.

  .help [NAME]      this, or an operator, function, aggregate or plugin
  .tables           the tables
  .schema TABLE     a table's columns
  .format [FORMAT]  how answers are printed: table, jsonl, json, csv, tsv
  .quit             leaves
";

/// Candidates that are listed at once.
const LISTED: usize = 40;

/// Asks until Ctrl-D.
///
/// # Errors
/// The terminal can't be used.
pub async fn run(client: &Client, mut look: Look) -> anyhow::Result<()> {
    println!("Phalanx {}: `.help` explains, Ctrl-D leaves", env!("CARGO_PKG_VERSION"));
    let mut history = History::open();
    while let Some(text) = read(client, &history).await? {
        let text = text.trim().trim_end_matches(';').trim();
        if text.is_empty() {
            continue;
        }
        history.add(text);
        if matches!(text, ".quit" | ".exit" | "exit" | "quit") {
            break;
        }
        tokio::select! {
            answered = answer(client, &mut look, text) => match answered {
                Ok(()) => {}
                Err(error) => tell(&error),
            },
            _ = tokio::signal::ctrl_c() => eprintln!("cancelled"),
        }
    }
    Ok(())
}

/// The next text; `None` at the end of the input.
async fn read(client: &Client, history: &History) -> anyhow::Result<Option<String>> {
    let mut keys = Keys::open()?;
    let mut screen = Screen::new(show::colours(true));
    let mut editor = Editor::new(history);
    screen.draw(&editor)?;
    while let Some(key) = keys.next().await? {
        if key == Key::Tab {
            let found = candidates(client, &editor).await;
            if let Some(list) = editor.complete(&found, LISTED) {
                screen.below(&editor, &list)?;
            }
            screen.draw(&editor)?;
            continue;
        }
        match editor.press(key) {
            Step::More if keys.has_more() => {}
            Step::More => screen.draw(&editor)?,
            Step::Clear => {
                screen.clear()?;
                screen.draw(&editor)?;
            }
            Step::Drop => {
                screen.leave(&editor, "^C")?;
                editor = Editor::new(history);
                screen.draw(&editor)?;
            }
            Step::Send => {
                screen.leave(&editor, "")?;
                return Ok(Some(editor.into_text()));
            }
            Step::End => {
                screen.leave(&editor, "")?;
                return Ok(None);
            }
        }
    }
    screen.leave(&editor, "")?;
    Ok(None)
}

/// What may be written at the cursor, as the server tells: label, what to insert, kind and doc, and how many
/// characters before the cursor it replaces. Nothing if it can't be asked.
async fn candidates(client: &Client, editor: &Editor<'_>) -> editor::Candidates {
    let (text, at) = editor.text();
    let units = |text: &str| text.encode_utf16().count();
    let request = json!({ "query": text, "position": units(&text[..at]) });
    let answer =
        client.json(Method::POST, "/api/v1/query/complete", Some(&request)).await.unwrap_or_default();
    let word = |candidate: &Value, name: &str| candidate[name].as_str().unwrap_or_default().to_owned();
    let list = answer["candidates"].as_array().cloned().unwrap_or_default();
    editor::Candidates {
        written: usize::try_from(answer["replace"]["length"].as_u64().unwrap_or(0)).unwrap_or(0),
        list: list
            .iter()
            .map(|candidate| editor::Candidate {
                label: word(candidate, "label"),
                insert: word(candidate, "insert"),
                detail: word(candidate, "kind"),
            })
            .collect(),
    }
}

/// Answers a query or a command of the prompt.
async fn answer(client: &Client, look: &mut Look, text: &str) -> anyhow::Result<()> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [".help"] => show::print(HELP),
        [".help", name] => explain(name)?,
        [".tables"] => {
            let answer = client.json(Method::GET, "/api/v1/tables", None).await?;
            let list = answer["tables"].as_array().or(answer["value"].as_array()).or(answer.as_array());
            let names = list.into_iter().flatten().filter_map(|table| table["name"].as_str());
            show::print(&names.map(|name| format!("{name}\n")).collect::<String>());
        }
        [".schema", table] => {
            let text =
                format!("['{}'] | getschema | project ColumnName, ColumnType", table.replace('\'', "\\'"));
            look.print(client, &text).await?;
        }
        [".format"] => println!("{}", look.format.name()),
        [".format", name] => {
            let format = <OutputFormat as clap::ValueEnum>::from_str(name, true).ok();
            match format.filter(|format| *format != OutputFormat::Arrow) {
                Some(format) => look.format = format,
                None => anyhow::bail!("no format is called `{name}`: table, jsonl, json, csv, tsv"),
            }
        }
        [command, ..] if command.starts_with('.') => {
            anyhow::bail!("there is no command `{command}`; `.help` lists them")
        }
        _ => {
            if !look.print(client, text).await? {
                warn_incomplete();
            }
        }
    }
    std::io::stdout().flush()?;
    Ok(())
}

fn explain(name: &str) -> anyhow::Result<()> {
    let found = phalanx_kql::catalog::find(name);
    if found.is_empty() {
        anyhow::bail!("nothing of the language is called `{name}`");
    }
    let pages: Vec<String> = found.iter().map(|entry| kql::page(entry)).collect();
    show::print(&pages.join("\n"));
    Ok(())
}
