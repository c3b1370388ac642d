//! The Kusto query endpoints, as the published clients speak to them.
//!
//! `POST /v2/rest/query` and `/v1/rest/query` with `{"db", "csl", "properties"}`, `POST /v1/rest/mgmt` for control
//! commands that read or save functions, and `GET /v1/rest/auth/metadata`, from which clients learn where to get a token.

mod commands;
mod functions;
mod request;
mod v1;
mod v2;

use std::sync::Arc;

use axum::{Json, body::Body, response::IntoResponse};
use http::{HeaderValue, Method, Response, header::CONTENT_TYPE};
use phalanx_signal::Catalog;
use phalanx_web::{
    ApiError, Principal, Role, Style,
    route::{Access, Api, HandlerResult, HangUp, RequestContext, Route},
};
use serde_json::json;

use self::request::Request;
use crate::{
    hunting::{Answer, Asker, HuntError, Hunting, functions::Functions},
    platform::Platform,
};

/// The client id that Kusto's tools sign in as; any client of ours may ask as well.
const CLIENT_APP_ID: &str = "db662dc1-0cfe-4e1c-a843-19a68e65be58";

struct Handler {
    hunting: Arc<Hunting>,
    catalog: Arc<Catalog>,
    functions: Functions,
    seconds_max: u64,
    /// Where tokens are to be had, and what for.
    authority: String,
}

/// The ids that an answer repeats.
struct Ids {
    client: String,
    activity: String,
}

impl Ids {
    fn of(context: &RequestContext) -> Self {
        let ids = context.ids();
        Self { client: ids.client_or_own(), activity: ids.request().to_string() }
    }
}

/// Which form an answer has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

pub(super) fn api(platform: &Platform, hunting: Arc<Hunting>, authority: &str) -> Api {
    let seconds_max = platform.config().query.seconds_max;
    let handler = Arc::new(Handler {
        hunting,
        catalog: platform.intake().catalog().clone(),
        functions: Functions::new(platform.state().clone()),
        seconds_max,
        authority: authority.to_owned(),
    });
    let time = std::time::Duration::from_secs(seconds_max + 5);
    let query = |path: &'static str, id: &'static str, method: Method, version| {
        let handler = handler.clone();
        Route::new(method, path, id, Access::Role(Role::Reader), move |request| {
            let handler = handler.clone();
            async move { handler.query(request, path, version).await }
        })
        .style(Style::Kusto)
        .summary("Asks in the Kusto Query Language")
        .tag("query")
        .timeout(time)
        .on_hang_up(HangUp::Cancel)
    };
    let (manage, metadata) = (handler.clone(), handler.clone());
    Api::new("Kusto")
        .route(query("/v2/rest/query", "kusto_query_v2", Method::POST, Version::V2))
        .route(query("/v1/rest/query", "kusto_query_v1", Method::POST, Version::V1))
        .route(
            Route::post("/v1/rest/mgmt", "kusto_mgmt", Access::Role(Role::Reader), move |request| {
                let handler = manage.clone();
                async move { handler.manage(request).await }
            })
            .style(Style::Kusto)
            .summary("Control commands: .show databases, tables, schema, version, functions; and those that save functions")
            .tag("query"),
        )
        .route(
            Route::get("/v1/rest/auth/metadata", "kusto_auth_metadata", Access::Public, move |_| {
                let handler = metadata.clone();
                async move { Ok(Json(handler.metadata()).into_response()) }
            })
            .style(Style::Kusto)
            .summary("Where Kusto's clients get their tokens")
            .tag("query"),
        )
}

impl Handler {
    async fn query(
        &self,
        mut context: RequestContext,
        path: &'static str,
        version: Version,
    ) -> HandlerResult {
        let request = Request::read(&mut context).await?;
        if request.text.trim_start().starts_with('.') {
            return self.command(&request, context.principal()?.clone()).await;
        }
        let asker = asker(&context, path)?;
        let question = request.question(asker, context.tenant()?, self.seconds_max)?;
        let answer = self.hunting.ask(&question).await.map_err(mistake)?;
        if let Some(cut) = answer.cut.filter(|_| !request.truncates) {
            return Err(too_large(cut));
        }
        let text = match version {
            Version::V1 => v1::write(&answer),
            Version::V2 => v2::write(&answer, &Ids::of(&context)),
        };
        Ok(json_response(text))
    }

    async fn manage(&self, mut context: RequestContext) -> HandlerResult {
        let request = Request::read(&mut context).await?;
        self.command(&request, context.principal()?.clone()).await
    }

    async fn command(&self, request: &Request, asker: Principal) -> HandlerResult {
        let table = match functions::command(&request.text) {
            Some(command) => functions::run(command?, &self.functions, &asker).await?,
            None => commands::run(&request.text, &self.catalog)?,
        };
        Ok(json_response(table))
    }

    fn metadata(&self) -> serde_json::Value {
        json!({ "AzureAD": {
            "LoginEndpoint": self.authority,
            "LoginMfaRequired": false,
            "KustoClientAppId": CLIENT_APP_ID,
            "KustoClientRedirectUri": format!("{}/auth/signed-in", self.authority),
            "KustoServiceResourceId": self.authority,
            "FirstPartyAuthorityUrl": self.authority,
        } })
    }
}

/// Who asks, for the log of queries.
pub(super) fn asker(context: &RequestContext, target: &'static str) -> Result<Asker, ApiError> {
    let principal = context.principal()?;
    let header = |name: &str| {
        let value = context.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let application = ["x-ms-app", "user-agent"].map(header).into_iter().find(|name| !name.is_empty());
    Ok(Asker {
        id: principal.subject.clone(),
        name: principal.display_name.clone(),
        application: application.unwrap_or_default(),
        target,
    })
}

/// A question's failure as every interface of queries tells it.
pub(super) fn mistake(error: HuntError) -> ApiError {
    match error {
        HuntError::Text(problem) => {
            let kind = if problem.is_syntax() { "Syntax" } else { "Semantic" };
            let (code, message) = (&problem.code, &problem.message);
            let place = format!("[line:position={}:{}]", problem.line, problem.column);
            ApiError::invalid(format!("{kind} error: {code}: {message} {place}")).with_reason(problem.code)
        }
        HuntError::TooMany(_) => {
            ApiError::too_many_requests(error.to_string(), std::time::Duration::from_secs(1))
        }
        HuntError::Functions(error) => super::functions::refusal(error),
        HuntError::Run(error) => super::query::mistake(error),
    }
}

fn too_large(cut: crate::hunting::Cut) -> ApiError {
    let limit = match cut {
        crate::hunting::Cut::Rows(rows) => format!("{rows} rows"),
        crate::hunting::Cut::Bytes(bytes) => format!("{bytes} bytes"),
    };
    ApiError::invalid(format!(
        "the answer has more than {limit} (E_QUERY_RESULT_SET_TOO_LARGE); ask for less, or `set notruncation`"
    ))
    .with_reason("E_QUERY_RESULT_SET_TOO_LARGE")
}

/// An answer that is JSON text already.
pub(super) fn json_response(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Appends the rows of an answer as arrays of cells, with commas between them.
pub(super) fn push_rows(rows: &crate::hunting::Rows, out: &mut String) {
    let mut is_first = true;
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            out.push_str(if std::mem::take(&mut is_first) { "[" } else { ",[" });
            for (at, ((_, kind), array)) in rows.columns.iter().zip(batch.columns()).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                crate::hunting::cells::push(*kind, array, row, crate::hunting::cells::Dynamic::Text, out);
            }
            out.push(']');
        }
    }
}

/// The chart of an answer as clients read it: JSON with every property that they know.
pub(super) fn visualization(answer: &Answer) -> Option<String> {
    const PROPERTIES: [(&str, &str); 14] = [
        ("Title", "title"),
        ("XColumn", "xcolumn"),
        ("Series", "series"),
        ("YColumns", "ycolumns"),
        ("AnomalyColumns", "anomalycolumns"),
        ("XTitle", "xtitle"),
        ("YTitle", "ytitle"),
        ("XAxis", "xaxis"),
        ("YAxis", "yaxis"),
        ("Legend", "legend"),
        ("YSplit", "ysplit"),
        ("Kind", "kind"),
        ("Xmin", "xmin"),
        ("Xmax", "xmax"),
    ];
    let (chart, given) = answer.render.as_ref()?;
    let mut value = json!({ "Visualization": chart, "Accumulate": false, "IsQuerySorted": false });
    for (name, key) in PROPERTIES {
        let given = given.iter().find(|(given, _)| given.eq_ignore_ascii_case(key));
        value[name] = given.map_or(serde_json::Value::Null, |(_, text)| text.clone().into());
    }
    Some(value.to_string())
}
