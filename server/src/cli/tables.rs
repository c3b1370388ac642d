//! `phalanx tables`.

use std::process::ExitCode;

use clap::Args;
use http::Method;
use serde_json::Value;

use super::{Place, show};
use crate::client::Client;

/// List the tables, or show one table's columns.
#[derive(Args)]
pub struct Tables {
    /// A table's name: shows its columns and types
    name: Option<String>,
    /// List all known tables, not only those with rows
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Tables {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let path = match &self.name {
            Some(name) => format!("/api/v1/tables/{}", crate::api::encode_segment(name)),
            None if self.all => "/api/v1/tables?all=true".to_owned(),
            None => "/api/v1/tables".to_owned(),
        };
        let answer = client.json(Method::GET, &path, None).await;
        client.close().await?;
        let answer = answer?;
        if self.json {
            show::print(&format!("{answer}\n"));
        } else if self.name.is_some() {
            show::print(&columns(&answer));
        } else {
            show::print(&tables(&answer));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn columns(table: &Value) -> String {
    let rows = table["columns"].as_array().into_iter().flatten();
    let rows = rows.map(|c| vec![text(&c["name"]), text(&c["type"])]).collect();
    show::table(&["COLUMN", "TYPE"], rows, &[])
}

fn tables(answer: &Value) -> String {
    let rows: Vec<Vec<String>> = answer["tables"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| {
            vec![
                text(&t["name"]),
                text(&t["family"]),
                t["columns"].to_string(),
                show::count(t["rows"].as_u64().unwrap_or(0)),
                show::count(t["hot_rows"].as_u64().unwrap_or(0)),
                t["files"].to_string(),
                show::bytes(t["bytes"].as_u64().unwrap_or(0)),
            ]
        })
        .collect();
    if rows.is_empty() {
        return "no table has rows yet; `phalanx ingest FILE` takes in logs, `phalanx tables --all` lists \
                all that is known\n"
            .to_owned();
    }
    show::table(&["TABLE", "FAMILY", "COLUMNS", "ROWS", "HOT", "FILES", "ON DISK"], rows, &[2, 3, 4, 5, 6])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
