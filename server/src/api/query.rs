//! Queries over all tables: in the Kusto Query Language, or in SQL. Without `"language"`, what begins with `select`,
//! `with` or another verb of SQL is SQL: no query in KQL does.
//!
//! `POST /api/v1/query` with `{"query", "language", "format": "jsonl" | "csv" | "table", "limit"}`. Rows of a query
//! in SQL are sent as they are found. An answer that misses rows which were acknowledged before has the header
//! `Phalanx-Incomplete: true`. An answer that breaks off behind its first rows ends without the end of the chunked
//! body, so no client takes a part for the whole.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_schema::Schema;
use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::{Response, header::CONTENT_TYPE};
use phalanx_lake::{Lake, QueryError, QueryLimits};
use phalanx_web::{
    ApiError, Role, Style,
    route::{Access, Api, HandlerResult, HangUp, RequestContext, Route},
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{
    kusto::{asker, mistake as mistake_in_kql},
    rows::RowFormat,
};
use crate::{
    config,
    hunting::{BYTES_MAX, Cut, HuntError, Hunting, Limits, Question, UNLIMITED},
    metrics::Metrics,
    platform::Platform,
};

/// The header of an answer that misses rows which were acknowledged before, for the lake does not get on.
pub const INCOMPLETE: &str = "phalanx-incomplete";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryRequest {
    query: String,
    #[serde(default)]
    language: Option<Language>,
    #[serde(default)]
    format: RowFormat,
    #[serde(default)]
    limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Language {
    Kql,
    Sql,
}

impl Language {
    /// By the first word behind comments.
    fn of(text: &str) -> Self {
        let mut rest = text.trim_start();
        loop {
            let behind = match rest {
                _ if rest.starts_with("--") || rest.starts_with("//") => rest.split_once('\n'),
                _ if rest.starts_with("/*") => rest.split_once("*/"),
                _ => break,
            };
            rest = behind.map_or("", |(_, behind)| behind.trim_start());
        }
        let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        const SQL: [&str; 9] =
            ["select", "with", "explain", "insert", "update", "delete", "drop", "create", "alter"];
        let is_sql = SQL.iter().any(|start| word.eq_ignore_ascii_case(start));
        if is_sql { Self::Sql } else { Self::Kql }
    }
}

struct Handler {
    hunting: Arc<Hunting>,
    lake: Arc<Lake>,
    metrics: Arc<Metrics>,
    config: config::Query,
    permits: Arc<Semaphore>,
}

pub(super) fn api(platform: &Platform, hunting: Arc<Hunting>) -> Api {
    let config = platform.config().query.clone();
    let seconds = config.seconds_max;
    let handler = Arc::new(Handler {
        hunting,
        lake: platform.lake().clone(),
        metrics: platform.metrics().clone(),
        permits: Arc::new(Semaphore::new(config.concurrent_max)),
        config,
    });
    let query = move |request| {
        let handler = handler.clone();
        async move { handler.query(request).await }
    };
    Api::new("Query").route(
        Route::post("/api/v1/query", "query", Access::Role(Role::Reader), query)
            .style(Style::ResourceManager)
            .summary("Asks in KQL or SQL over all tables of the caller's tenant")
            .tag("query")
            .timeout(Duration::from_secs(seconds + 5))
            .on_hang_up(HangUp::Cancel),
    )
}

/// An answer is made as a whole before it is sent; more than this is asked for in parts, or exported.
const ANSWER_BYTES_MAX: usize = 4 * BYTES_MAX;

impl Handler {
    async fn ask(&self, question: &Question, format: RowFormat) -> HandlerResult {
        let answer = self.hunting.ask(question).await.map_err(|error| match error {
            HuntError::Text(problem) => ApiError::invalid(problem.drawn).with_reason(problem.code),
            other => mistake_in_kql(other),
        })?;
        if let Some(Cut::Bytes(bytes)) = answer.cut {
            return Err(ApiError::invalid(format!("the answer has more than {bytes} bytes; ask for less")));
        }
        let mut text = String::new();
        for rows in &answer.results {
            let fields = rows.columns.iter().map(|(name, kind)| kind.field(name)).collect::<Vec<_>>();
            text.push_str(&format.header(&Schema::new(fields)));
            for batch in rows.named().map_err(ApiError::internal)? {
                format.write(&batch, &mut text).map_err(ApiError::internal)?;
            }
        }
        let mut response = Response::new(Body::from(text));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(format.media_type()));
        if !answer.is_current {
            headers.insert(INCOMPLETE, http::HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    async fn query(&self, mut request: RequestContext) -> HandlerResult {
        let tenant = phalanx_signal::TenantId::new(request.tenant()?);
        let asked: QueryRequest = request.json().await?;
        if asked.language.unwrap_or_else(|| Language::of(&asked.query)) == Language::Kql {
            let time = Duration::from_secs(self.config.seconds_max);
            let rows = asked.limit.unwrap_or(UNLIMITED);
            let question = Question {
                tenant,
                text: asked.query,
                time_range: None,
                parameters: Vec::new(),
                limits: Limits { rows, bytes: ANSWER_BYTES_MAX, time },
                asker: asker(&request, "/api/v1/query")?,
            };
            return self.ask(&question, asked.format).await;
        }
        let permit = self.permits.clone().try_acquire_owned().map_err(|_| {
            ApiError::too_many_requests("too many queries run at the moment", Duration::from_secs(1))
        })?;
        let begun = Instant::now();
        let time = Duration::from_secs(self.config.seconds_max);
        let limits = QueryLimits { rows: asked.limit, bytes: None, time };
        let stream = self.lake.query(tenant, &asked.query, limits).await.map_err(|error| {
            self.metrics.queries.with_label_values(&["refused"]).inc();
            mistake(error)
        })?;
        let (format, is_current) = (asked.format, stream.is_current());
        let header = format.header(&stream.schema());
        let metrics = self.metrics.clone();
        let text = stream.map(move |batch| -> Result<Bytes, std::io::Error> {
            // The client is told by the answer breaking off; the log has the reason.
            let fail = |error: &dyn std::fmt::Display| {
                tracing::warn!(%error, "a query failed behind its first rows");
                std::io::Error::other(error.to_string())
            };
            let batch = batch.map_err(|error| fail(&error))?;
            let mut text = String::with_capacity(batch.num_rows() * 256);
            format.write(&batch, &mut text).map_err(|error| fail(&error))?;
            Ok(text.into())
        });
        let mut body = Box::pin(futures::stream::once(async move { Ok(header.into()) }).chain(text));
        // The header and the first rows are awaited here, so that what fails at once is a proper error.
        let mut first: Vec<Bytes> = Vec::new();
        while first.len() < 2 {
            match body.next().await {
                Some(Ok(bytes)) => first.push(bytes),
                Some(Err(error)) => {
                    metrics.queries.with_label_values(&["failed"]).inc();
                    return Err(ApiError::invalid(error.to_string()));
                }
                None => break,
            }
        }
        let ended = Ended { metrics, begun, _permit: permit };
        let rest = body.inspect(move |_| {
            let _keep_until_the_last_row = &ended;
        });
        // As few pieces as can be, and none that is empty: HTTP/2 clients take a flood of tiny frames for an
        // attack.
        let head = Bytes::from(first.concat());
        let all = futures::stream::once(async move { Ok(head) }).chain(rest);
        let all = all.filter(|piece| std::future::ready(!piece.as_ref().is_ok_and(Bytes::is_empty)));
        let mut response = Response::new(Body::from_stream(all));
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(format.media_type()));
        if !is_current {
            response.headers_mut().insert(INCOMPLETE, http::HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}

/// Counts a query when its last row is out, or when its client has gone.
struct Ended {
    metrics: Arc<Metrics>,
    begun: Instant,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.metrics.queries.with_label_values(&["ended"]).inc();
        self.metrics.query_seconds.observe(self.begun.elapsed().as_secs_f64());
    }
}

pub(super) fn mistake(error: QueryError) -> ApiError {
    match error {
        QueryError::Invalid(message) => ApiError::invalid(message),
        QueryError::NotSupported(message) => ApiError::not_supported(message),
        // The author can ask for less.
        error @ (QueryError::Memory(_) | QueryError::Time(_) | QueryError::Bytes(_)) => {
            ApiError::invalid(error.to_string())
        }
        other => ApiError::internal(other),
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_first_word_tells_the_language() {
        for text in ["select 1", "  SELECT\n1", "-- note\nselect 1", "/* a */ with x as (select 1) select 1"]
        {
            assert_eq!(Language::of(text), Language::Sql, "{text}");
        }
        for text in
            ["", "Syslog | take 1", "// note\nlet x = 1; print x", "selected | count", "print 'select'"]
        {
            assert_eq!(Language::of(text), Language::Kql, "{text}");
        }
    }
}
