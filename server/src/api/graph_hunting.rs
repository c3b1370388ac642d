//! Advanced hunting as Microsoft Graph has it: `POST /v1.0/security/runHuntingQuery`, and the older
//! `/api/advancedqueries/run` and `/api/advancedhunting/run`.

use std::{sync::Arc, time::Duration};

use phalanx_signal::{TenantId, dynamic::quote};
use phalanx_web::{
    ApiError, Role, Style,
    route::{Access, Api, HandlerResult, HangUp, RequestContext, Route},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    kusto::{asker, json_response, mistake},
    timespan,
};
use crate::{
    hunting::{
        Answer, BYTES_MAX, Hunting, Limits, Question,
        cells::{self, Dynamic, dotnet},
    },
    ingest::now_micros,
    platform::Platform,
};

/// Advanced hunting's own limits: 100,000 rows and three minutes over the last thirty days.
const ROWS: usize = 100_000;
const TIME: Duration = Duration::from_secs(180);
const SPAN: &str = "P30D";

#[derive(Deserialize)]
struct Asked {
    #[serde(alias = "query")]
    #[serde(rename = "Query")]
    query: String,
    #[serde(default, alias = "timespan")]
    #[serde(rename = "Timespan")]
    timespan: Option<String>,
}

/// How an answer's parts are called.
#[derive(Clone, Copy)]
enum Names {
    Graph,
    Older,
}

pub(super) fn api(_: &Platform, hunting: Arc<Hunting>) -> Api {
    let route = |path: &'static str, id: &'static str, names| {
        let hunting = hunting.clone();
        Route::post(path, id, Access::Role(Role::Reader), move |context| {
            let hunting = hunting.clone();
            async move { run(&hunting, context, path, names).await }
        })
        .style(Style::Graph)
        .summary("Asks in the Kusto Query Language, as advanced hunting takes it")
        .tag("query")
        .timeout(TIME + Duration::from_secs(5))
        .on_hang_up(HangUp::Cancel)
    };
    Api::new("Advanced hunting")
        .route(route("/v1.0/security/runHuntingQuery", "graph_run_hunting_query", Names::Graph))
        .route(route("/beta/security/runHuntingQuery", "graph_beta_run_hunting_query", Names::Graph))
        .route(route("/api/advancedqueries/run", "advanced_queries_run", Names::Older))
        .route(route("/api/advancedhunting/run", "advanced_hunting_run", Names::Older))
}

async fn run(
    hunting: &Hunting,
    mut context: RequestContext,
    path: &'static str,
    names: Names,
) -> HandlerResult {
    let asked: Asked = context.json().await?;
    let span = asked.timespan.as_deref().filter(|span| !span.is_empty()).unwrap_or(SPAN);
    let time_range = timespan::range(span, now_micros()).ok_or_else(|| {
        ApiError::invalid(format!("the timespan `{span}` is neither a duration nor an interval (ISO 8601)"))
            .with_target("Timespan")
    })?;
    let question = Question {
        tenant: TenantId::new(context.tenant()?),
        text: asked.query,
        time_range: Some(time_range),
        parameters: Vec::new(),
        limits: Limits { rows: ROWS, bytes: BYTES_MAX, time: TIME },
        asker: asker(&context, path)?,
    };
    let answer = hunting.ask(&question).await.map_err(mistake)?;
    Ok(json_response(write(&answer, names)))
}

/// The first result: this API has room for one.
fn write(answer: &Answer, names: Names) -> String {
    let Some(rows) = answer.results.first() else {
        return match names {
            Names::Graph => json!({ "schema": [], "results": [] }).to_string(),
            Names::Older => json!({ "Stats": {}, "Schema": [], "Results": [] }).to_string(),
        };
    };
    let (name, kind) = match names {
        Names::Graph => ("name", "type"),
        Names::Older => ("Name", "Type"),
    };
    let schema: Vec<Value> =
        rows.columns.iter().map(|(column, of)| json!({ name: &**column, kind: dotnet(*of) })).collect();
    let schema = Value::from(schema);
    let mut out = match names {
        Names::Graph => format!(
            "{{\"@odata.context\":\"/v1.0/$metadata#microsoft.graph.security.huntingQueryResults\",\
             \"schema\":{schema},\"results\":["
        ),
        Names::Older => {
            let stats = json!({ "ExecutionTime": answer.took.as_secs_f64(), "dataset_statistics": [] });
            format!("{{\"Stats\":{stats},\"Schema\":{schema},\"Results\":[")
        }
    };
    let quoted: Vec<String> = rows.columns.iter().map(|(name, _)| quote(name)).collect();
    let mut is_first = true;
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            out.push_str(if std::mem::take(&mut is_first) { "{" } else { ",{" });
            for (at, ((_, kind), array)) in rows.columns.iter().zip(batch.columns()).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quoted[at]);
                out.push(':');
                cells::push(*kind, array, row, Dynamic::Json, &mut out);
            }
            out.push('}');
        }
    }
    out.push_str("]}");
    out
}
