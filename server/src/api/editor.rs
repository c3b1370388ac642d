//! What an editor of queries asks: what is wrong, and what may come next.
//!
//! Places are counted in UTF-16 units from the beginning of the text, as editors in browsers count.

use std::sync::Arc;

use axum::{Json, response::IntoResponse};
use phalanx_kql::{
    bind::Settings,
    complete::{Candidate, complete, hover},
    syntax::{Position, Span},
};
use phalanx_signal::TenantId;
use phalanx_web::{
    ApiError, Role, Style,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::kusto::mistake;
use crate::{hunting::Hunting, ingest::now_micros};

/// Longer texts are not looked at while they are written.
const TEXT_MAX: usize = 256 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    query: String,
    /// Where the cursor is; the end of the text if nothing is said.
    #[serde(default)]
    position: Option<usize>,
}

/// Adds the routes.
pub(super) fn routes(api: Api, hunting: Arc<Hunting>) -> Api {
    let (of_check, of_complete) = (hunting.clone(), hunting);
    api.route(
        Route::post("/api/v1/query/check", "query_check", Access::Role(Role::Reader), move |request| {
            let hunting = of_check.clone();
            async move { check(&hunting, request).await }
        })
        .style(Style::ResourceManager)
        .summary("Tells what is wrong with a query, and where, without running it")
        .tag("query"),
    )
    .route(
        Route::post("/api/v1/query/complete", "query_complete", Access::Role(Role::Reader), move |request| {
            let hunting = of_complete.clone();
            async move { candidates(&hunting, request).await }
        })
        .style(Style::ResourceManager)
        .summary("Tells what may be written at a place of a query, and what stands there")
        .tag("query"),
    )
}

async fn read(request: &mut RequestContext) -> Result<(TenantId, Asked), ApiError> {
    let tenant = TenantId::new(request.tenant()?);
    let asked: Asked = request.json().await?;
    if asked.query.len() > TEXT_MAX {
        return Err(
            ApiError::invalid(format!("the text is longer than {TEXT_MAX} bytes")).with_target("query")
        );
    }
    Ok((tenant, asked))
}

/// Binding a text takes milliseconds, which are not taken from the threads that serve.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}

async fn check(hunting: &Hunting, mut request: RequestContext) -> HandlerResult {
    let (tenant, asked) = read(&mut request).await?;
    let tables = hunting.tables(tenant).await.map_err(mistake)?;
    let answer = apart(move || {
        let text = asked.query;
        let settings = Settings { now: now_micros(), ..Settings::default() };
        let found = phalanx_kql::check(&text, &tables, &settings);
        let diagnostic = |found: &phalanx_kql::Finding| {
            let mut value = place(&text, found.span);
            value["code"] = found.code.into();
            value["message"] = found.message.as_str().into();
            value["severity"] = "error".into();
            value
        };
        json!({ "diagnostics": found.iter().map(diagnostic).collect::<Vec<_>>() })
    });
    Ok(Json(answer.await?).into_response())
}

async fn candidates(hunting: &Hunting, mut request: RequestContext) -> HandlerResult {
    let (tenant, asked) = read(&mut request).await?;
    let tables = hunting.tables(tenant).await.map_err(mistake)?;
    let answer = apart(move || {
        let text = asked.query;
        let at = asked.position.map_or(text.len(), |units| byte_of(&text, units));
        let settings = Settings { now: now_micros(), ..Settings::default() };
        let found = complete(&text, at, &tables, &settings);
        let candidate = |candidate: &Candidate| {
            json!({
                "label": candidate.label,
                "kind": candidate.kind.name(),
                "insert": candidate.insert,
                "detail": candidate.detail,
                "doc": candidate.doc,
            })
        };
        let hover = hover(&text, at, &tables, &settings).map(|hover| {
            let mut value = place(&text, hover.span);
            value["signature"] = hover.signature.into();
            value["doc"] = hover.doc.into();
            value
        });
        json!({
            "replace": place(&text, found.replace),
            "candidates": found.candidates.iter().map(candidate).collect::<Vec<_>>(),
            "hover": hover,
        })
    });
    Ok(Json(answer.await?).into_response())
}

/// A place of a text for an editor.
fn place(text: &str, span: Span) -> Value {
    let units = |byte: usize| text[..text.floor_char_boundary(byte)].encode_utf16().count();
    let (start, end) = (units(span.start as usize), units(span.end as usize));
    let position = Position::of(text, span.start);
    json!({ "start": start, "length": end.saturating_sub(start), "line": position.line, "column": position.column })
}

/// The byte at which so many UTF-16 units have passed; the end of the text if it has fewer.
fn byte_of(text: &str, units: usize) -> usize {
    let mut passed = 0;
    for (byte, character) in text.char_indices() {
        if passed >= units {
            return byte;
        }
        passed += character.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_editors_do() {
        let text = "print \"😀é\" | x";
        assert_eq!(&text[byte_of(text, 9)..], "é\" | x");
        assert_eq!(byte_of(text, 0), 0);
        assert_eq!(byte_of(text, 99), text.len());
        let at = text.len() as u32;
        assert_eq!(place(text, Span { start: at - 1, end: at })["start"], 14);
    }
}
