//! `phalanx services`.

use std::process::ExitCode;

use clap::Args;
use http::Method;
use serde_json::Value;

use super::{Place, show};
use crate::client::Client;

/// Show who consumes and provides what.
#[derive(Args)]
pub struct Services {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Services {
    pub async fn run(self, place: &Place) -> anyhow::Result<ExitCode> {
        let client = Client::open(place.open()?, place.config(&[])?).await?;
        let answer = client.json(Method::GET, "/api/v1/services", None).await;
        client.close().await?;
        let answer = answer?;
        if self.json {
            show::print(&format!("{answer}\n"));
        } else {
            show::print(&matrix(&answer));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn matrix(answer: &Value) -> String {
    let rows = answer["services"].as_array().into_iter().flatten();
    let rows = rows
        .map(|s| {
            let list = |key: &str| {
                let names: Vec<&str> =
                    s[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if names.is_empty() { "–".to_owned() } else { names.join("\n") }
            };
            vec![
                s["name"].as_str().unwrap_or_default().to_owned(),
                s["original"].as_str().unwrap_or_default().to_owned(),
                list("consumes"),
                list("provides"),
                list("flows"),
                s["status"].as_str().unwrap_or_default().to_owned(),
            ]
        })
        .collect();
    show::table(&["SERVICE", "IN PLACE OF", "CONSUMES", "PROVIDES", "FLOWS", "STATUS"], rows, &[])
}
