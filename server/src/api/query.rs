//! Queries over all tables: in the Kusto Query Language, or in SQL. Without `"language"`, what begins with `select`,
//! `with` or another verb of SQL is SQL: no query in KQL does.
//!
//! `POST /api/v1/query` with `{"query", "language", "format", "limit"}`. The format is one of [`RowFormat`]; without
//! it the header `Accept` chooses. Rows are sent as they are found. An answer that misses rows which were acknowledged
//! before has the header `Phalanx-Incomplete: true`. An answer that breaks off behind its first rows ends without the
//! end of the chunked body, so no client takes a part for the whole; in `frames` it says why.
//!
//! For editors, `POST /api/v1/query/check` tells what is wrong with a query, and `POST /api/v1/query/complete` what
//! may be written at a place ([`super::editor`]).

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderValue, Response, header};
use phalanx_lake::QueryError;
use phalanx_web::{
    ApiError, Role, Style,
    route::{Access, Api, HandlerResult, HangUp, RequestContext, Route},
};
use serde::Deserialize;

use super::{
    editor,
    export::Export,
    kusto::{asker, mistake as mistake_in_kql},
    rows::RowFormat,
};
use crate::{
    config,
    hunting::{HuntError, Hunting, Limits, Question, UNLIMITED},
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
    format: Option<RowFormat>,
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
    config: config::Query,
}

pub(super) fn api(platform: &Platform, hunting: Arc<Hunting>) -> Api {
    let config = platform.config().query.clone();
    let seconds = config.seconds_max;
    let handler = Arc::new(Handler { hunting: hunting.clone(), config });
    let query = move |request| {
        let handler = handler.clone();
        async move { handler.query(request).await }
    };
    let api = Api::new("Query").route(
        Route::post("/api/v1/query", "query", Access::Role(Role::Reader), query)
            .style(Style::ResourceManager)
            .summary("Asks in KQL or SQL over all tables of the caller's tenant")
            .tag("query")
            .timeout(Duration::from_secs(seconds + 5))
            .on_hang_up(HangUp::Cancel),
    );
    editor::routes(api, hunting)
}

impl Handler {
    async fn query(&self, mut request: RequestContext) -> HandlerResult {
        let tenant = phalanx_signal::TenantId::new(request.tenant()?);
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let accepted = RowFormat::accepted(accept.unwrap_or_default());
        let asked: QueryRequest = request.json().await?;
        let format = asked.format.or(accepted).ok_or_else(|| {
            ApiError::invalid("none of the accepted formats can be written").with_target("Accept")
        })?;
        let language = asked.language.unwrap_or_else(|| Language::of(&asked.query));
        let question = Question {
            tenant,
            text: asked.query,
            time_range: None,
            parameters: Vec::new(),
            limits: Limits {
                rows: asked.limit.unwrap_or(UNLIMITED),
                // What is sent as it is found takes no memory.
                bytes: usize::MAX,
                time: Duration::from_secs(self.config.seconds_max),
            },
            asker: asker(&request, "/api/v1/query")?,
        };
        let flow = match language {
            Language::Kql => self.hunting.flow(&question).await,
            Language::Sql => self.hunting.flow_of_sql(&question).await,
        };
        let flow = flow.map_err(|error| match error {
            HuntError::Text(problem) => ApiError::invalid(problem.drawn).with_reason(problem.code),
            other => mistake_in_kql(other),
        })?;
        let is_current = flow.is_current();
        let mut export = Export::new(flow, format);
        let first = export.first().await.map_err(mistake)?;
        let rest = export.rest();
        let all = futures::StreamExt::chain(futures::stream::iter([Ok(first)]), rest);
        let mut response = Response::new(Body::from_stream(all));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        if !is_current {
            headers.insert(INCOMPLETE, HeaderValue::from_static("true"));
        }
        Ok(response)
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
