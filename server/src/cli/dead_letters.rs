//! `phalanx dead-letters`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use super::{Place, show};
use crate::client::Client;

/// Show input that could not be decoded, or decode it again.
#[derive(Args)]
pub struct DeadLetters {
    #[command(subcommand)]
    command: Option<DeadLetterCommand>,
}

/// The exit code of a replay that left some as they are.
const SOME_STAY: u8 = 2;

#[derive(Subcommand)]
enum DeadLetterCommand {
    /// Count by format, source and reason (the default)
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Decode again what was kept, after a fix; what still fails stays, and the exit code is 2
    Replay {
        /// Only those of this format
        #[arg(long)]
        format: Option<String>,
        /// Only those whose source contains this text
        #[arg(long)]
        source: Option<String>,
        /// Decode as this format instead of the first one
        #[arg(long, value_name = "FORMAT")]
        r#as: Option<String>,
        /// The table, for JSON lines and CSV whose columns are a table's
        #[arg(long)]
        table: Option<String>,
    },
}

impl DeadLetters {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let ran = run(self.command.unwrap_or(DeadLetterCommand::List { json: false }), &client).await;
        client.close().await?;
        Ok(if ran? { ExitCode::SUCCESS } else { ExitCode::from(SOME_STAY) })
    }
}

/// Runs the command; whether all that was tried is decoded.
async fn run(command: DeadLetterCommand, client: &Client) -> anyhow::Result<bool> {
    match command {
        DeadLetterCommand::List { json } => {
            let answer = client.json(Method::GET, "/api/v1/dead-letters", None).await?;
            show::print(&if json { format!("{answer}\n") } else { list(&answer) });
        }
        DeadLetterCommand::Replay { format, source, r#as, table } => {
            let request = json!({ "format": format, "source": source, "as": r#as, "table": table });
            let waiting = show::spinner("decoding again");
            let answer = client.json(Method::POST, "/api/v1/dead-letters/replay", Some(&request)).await?;
            waiting.finish_and_clear();
            let number = |key: &str| show::count(answer[key].as_u64().unwrap_or(0));
            show::print(&format!(
                "{} tried, {} decoded into {} rows, {} still can't be decoded\n",
                number("tried"),
                number("decoded"),
                number("rows"),
                number("failed")
            ));
            for reason in answer["reasons"].as_array().into_iter().flatten() {
                show::print(&format!("  {}\n", reason.as_str().unwrap_or_default()));
            }
            return Ok(answer["failed"].as_u64() == Some(0));
        }
    }
    Ok(true)
}

fn list(answer: &Value) -> String {
    let groups = answer["dead_letters"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = groups
        .map(|g| {
            let text = |key: &str| g[key].as_str().unwrap_or_default().to_owned();
            vec![
                show::count(g["count"].as_u64().unwrap_or(0)),
                text("format"),
                text("reason"),
                text("source"),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "nothing is waiting: all input was decoded\n".to_owned();
    }
    show::table(&["COUNT", "FORMAT", "REASON", "SOURCE"], rows, &[0])
}
