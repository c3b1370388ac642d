//! The query API of Log Analytics, as the published clients speak to it.
//!
//! `POST /v1/workspaces/{id}/query` with `{"query", "timespan", "workspaces"}`, several at once at `/v1/$batch`. The
//! time span narrows the time of every table. There is one workspace, whatever its id.

use std::sync::Arc;

use http::Method;
use phalanx_signal::{TenantId, dynamic::quote};
use phalanx_web::{
    ApiError, Role, Style,
    route::{Access, Api, HandlerResult, HangUp, RequestContext, Route},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    kusto::{asker, json_response, mistake, push_rows, visualization},
    timespan,
};
use crate::{
    hunting::{Answer, Asker, BYTES_MAX, Hunting, Limits, Question, ROWS_MAX},
    ingest::now_micros,
    platform::Platform,
};

const PATH: &str = "/v1/workspaces/{workspace}/query";

/// Queries of one batch.
const BATCH_MAX: usize = 100;

/// How long a query may take that does not say it, and at most, in seconds.
const SECONDS: u64 = 180;
const SECONDS_MAX: u64 = 600;

#[derive(Deserialize)]
struct Asked {
    query: String,
    #[serde(default)]
    timespan: Option<String>,
}

#[derive(Deserialize)]
struct Batch {
    requests: Vec<BatchItem>,
}

#[derive(Deserialize)]
struct BatchItem {
    id: String,
    body: Value,
    #[serde(default)]
    headers: serde_json::Map<String, Value>,
}

/// What `Prefer` asks for.
#[derive(Clone, Copy, Default)]
struct Preferences {
    wait: Option<u64>,
    statistics: bool,
    render: bool,
}

struct Handler {
    hunting: Arc<Hunting>,
}

pub(super) fn api(platform: &Platform, hunting: Arc<Hunting>) -> Api {
    let handler = Arc::new(Handler { hunting });
    let seconds = platform.config().query.seconds_max.min(SECONDS_MAX) + 5;
    let time = std::time::Duration::from_secs(seconds);
    let batch = handler.clone();
    Api::new("Log Analytics")
        .route(
            Route::post(PATH, "log_analytics_query", Access::Role(Role::Reader), move |request| {
                let handler = handler.clone();
                async move { handler.query(request).await }
            })
            .style(Style::LogAnalytics)
            .summary("Asks in the Kusto Query Language, as Log Analytics takes it")
            .tag("query")
            .timeout(time)
            .on_hang_up(HangUp::Cancel),
        )
        .route(
            Route::new(
                Method::POST,
                "/v1/$batch",
                "log_analytics_batch",
                Access::Role(Role::Reader),
                move |request| {
                    let handler = batch.clone();
                    async move { handler.batch(request).await }
                },
            )
            .style(Style::LogAnalytics)
            .summary("Several queries at once")
            .tag("query")
            .timeout(time)
            .on_hang_up(HangUp::Cancel),
        )
}

impl Handler {
    async fn query(&self, mut context: RequestContext) -> HandlerResult {
        let prefer =
            context.headers().get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let preferences = Preferences::read(prefer);
        let asked: Asked = context.json().await?;
        let asker = asker(&context, PATH)?;
        let question = question(asked, asker, context.tenant()?, preferences)?;
        let answer = self.hunting.ask(&question).await.map_err(mistake)?;
        Ok(json_response(write(&answer, preferences)))
    }

    async fn batch(&self, mut context: RequestContext) -> HandlerResult {
        let batch: Batch = context.json().await?;
        if batch.requests.len() > BATCH_MAX {
            return Err(ApiError::invalid(format!("a batch has at most {BATCH_MAX} queries")));
        }
        let tenant = context.tenant()?;
        let asker = asker(&context, "/v1/$batch")?;
        let mut responses = Vec::new();
        for item in batch.requests {
            let prefer = item.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("prefer"));
            let preferences =
                Preferences::read(prefer.and_then(|(_, value)| value.as_str()).unwrap_or_default());
            let (status, body) = match self.item(item.body, asker.clone(), tenant, preferences).await {
                Ok(text) => (200, text),
                Err(error) => {
                    let body = Style::LogAnalytics.body(&error, context.ids(), chrono::Utc::now());
                    (error.code().status().as_u16(), body.to_string())
                }
            };
            responses.push(format!(
                "{{\"id\":{},\"status\":{status},\"headers\":{{\"Content-Type\":\"application/json\"}},\"body\":{body}}}",
                quote(&item.id)
            ));
        }
        Ok(json_response(format!("{{\"responses\":[{}]}}", responses.join(","))))
    }

    async fn item(
        &self,
        body: Value,
        asker: Asker,
        tenant: uuid::Uuid,
        preferences: Preferences,
    ) -> Result<String, ApiError> {
        let asked: Asked =
            serde_json::from_value(body).map_err(|error| ApiError::invalid(format!("`body`: {error}")))?;
        let question = question(asked, asker, tenant, preferences)?;
        let answer = self.hunting.ask(&question).await.map_err(mistake)?;
        Ok(write(&answer, preferences))
    }
}

impl Preferences {
    fn read(header: &str) -> Self {
        let mut preferences = Self::default();
        for part in header.split([',', ';']) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "wait" => preferences.wait = value.trim().parse().ok(),
                "include-statistics" => preferences.statistics = value.trim().eq_ignore_ascii_case("true"),
                "include-render" => preferences.render = value.trim().eq_ignore_ascii_case("true"),
                _ => {}
            }
        }
        preferences
    }
}

fn question(
    asked: Asked,
    asker: Asker,
    tenant: uuid::Uuid,
    preferences: Preferences,
) -> Result<Question, ApiError> {
    let time_range = match asked.timespan.as_deref().filter(|span| !span.is_empty()) {
        Some(span) => Some(timespan::range(span, now_micros()).ok_or_else(|| {
            ApiError::invalid(format!(
                "the timespan `{span}` is neither a duration nor an interval (ISO 8601)"
            ))
            .with_target("timespan")
        })?),
        None => None,
    };
    let seconds = preferences.wait.unwrap_or(SECONDS).clamp(1, SECONDS_MAX);
    let limits = Limits { rows: ROWS_MAX, bytes: BYTES_MAX, time: std::time::Duration::from_secs(seconds) };
    let tenant = TenantId::new(tenant);
    Ok(Question { tenant, text: asked.query, time_range, parameters: Vec::new(), limits, asker })
}

fn write(answer: &Answer, preferences: Preferences) -> String {
    let mut out = String::from("{\"tables\":[");
    for (at, rows) in answer.results.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let name = if at == 0 { "PrimaryResult".to_owned() } else { format!("Table_{at}") };
        let columns: Vec<Value> =
            rows.columns.iter().map(|(name, kind)| json!({ "name": &**name, "type": kind.name() })).collect();
        out.push_str(&format!("{{\"name\":\"{name}\",\"columns\":{},\"rows\":[", Value::from(columns)));
        push_rows(rows, &mut out);
        out.push_str("]}");
    }
    out.push(']');
    if preferences.statistics {
        let rows: usize = answer.results.iter().map(crate::hunting::Rows::count).sum();
        let statistics = json!({ "query": {
            "executionTime": answer.took.as_secs_f64(),
            "datasetStatistics": [{ "tableRowCount": rows }],
        } });
        out.push_str(&format!(",\"statistics\":{statistics}"));
    }
    if preferences.render {
        let chart = visualization(answer).map_or_else(|| "{}".to_owned(), |chart| lower_first(&chart));
        out.push_str(&format!(",\"render\":{chart}"));
    }
    if let Some(cut) = answer.cut {
        let error = json!({
            "code": "PartialError",
            "message": "There were some errors when processing your query.",
            "details": [{ "code": "EngineError", "message": format!("the answer is cut at its limit: {cut:?}") }],
        });
        out.push_str(&format!(",\"error\":{error}"));
    }
    out.push('}');
    out
}

/// The chart's members as this API names them: with a small first letter.
fn lower_first(chart: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(chart) else { return "{}".to_owned() };
    let lowered = members.into_iter().map(|(name, value)| {
        let mut name = name;
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        (name, value)
    });
    Value::Object(lowered.collect()).to_string()
}
