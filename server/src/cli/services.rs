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
                status(s),
            ]
        })
        .collect();
    let services =
        show::table(&["SERVICE", "IN PLACE OF", "CONSUMES", "PROVIDES", "FLOWS", "STATUS"], rows, &[]);
    let flows = answer["flows"].as_array().into_iter().flatten();
    let flows: Vec<Vec<String>> = flows
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            let told = format!("{} {}: {}", text("service"), text("direction"), text("what"));
            let is_alive = row["is_alive"] == true;
            vec![text("flow").to_owned(), told, if is_alive { "alive" } else { "nothing yet" }.to_owned()]
        })
        .collect();
    if flows.is_empty() {
        return services;
    }
    format!("{services}\n{}", show::table(&["FLOW", "WHAT", "SINCE THE START"], flows, &[]))
}

/// How a service is, with what an operator must know of it.
fn status(service: &Value) -> String {
    let mut lines = vec![service["status"].as_str().unwrap_or_default().to_owned()];
    if let Some(failure) = service["failure"].as_str() {
        lines.push(failure.to_owned());
    }
    match service["restarts"].as_u64() {
        None | Some(0) => {}
        Some(1) => lines.push("restarted once".to_owned()),
        Some(restarts) => lines.push(format!("restarted {restarts} times")),
    }
    if let Some(entries) = service["lag"]["entries"].as_u64().filter(|entries| *entries > 0) {
        lines.push(format!("{entries} entries behind"));
    }
    lines.join("\n")
}
