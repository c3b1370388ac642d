//! What the router does before, around and after a handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::FromRequest;
use axum::response::IntoResponse;
use http::{Method, StatusCode};
use phalanx_web::peer::Peer;
use phalanx_web::route::{
    Access, Api, HandlerResult, HangUp, Limits, RequestContext, Route, RouteTableError, router,
};
use phalanx_web::token::Audiences;
use phalanx_web::{ApiError, Principal, Role, Style};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tower::ServiceExt;

use crate::context::{CLIENT, Context, OWNER, Seen, empty, request, send};

const READER: Access = Access::Role(Role::Reader);

async fn whoami(context: RequestContext) -> HandlerResult {
    let principal = context.principal()?;
    let roles: Vec<&str> = principal.roles.iter().map(Role::as_str).collect();
    Ok(Json(json!({"tenant": principal.tenant, "subject": principal.subject, "roles": roles}))
        .into_response())
}

fn whoami_api() -> Vec<Api> {
    vec![Api::new("test").route(Route::get("/who/{name}", "whoAmI", READER, whoami).style(Style::Graph))]
}

#[tokio::test]
async fn callers_are_known_before_the_handler_runs() {
    let context = Context::new().await;
    let router = context.router(&whoami_api());
    let get = async |token: Option<&_>| send(&router, empty(request("GET", "/who/x", token))).await;

    let anonymous = get(None).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous.json()["error"]["code"], "InvalidAuthenticationToken");
    assert_eq!(
        anonymous.header("www-authenticate"),
        Some("Bearer realm=\"phalanx\""),
        "RFC 6750: no error code"
    );

    let sender = get(Some(&context.token(&[Role::Sender]))).await;
    assert_eq!(sender.status, StatusCode::FORBIDDEN);
    assert_eq!(sender.json()["error"]["code"], "Authorization_RequestDenied");

    let reader = get(Some(&context.token(&[Role::Analyst]))).await;
    assert_eq!(reader.status, StatusCode::OK);
    assert_eq!(reader.json()["roles"], json!(["Analyst"]));

    let token = context.token(&[Role::Reader]);
    context.advance(chrono::TimeDelta::hours(2));
    let expired = get(Some(&token)).await;
    assert_eq!(expired.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        expired.header("www-authenticate"),
        Some(
            "Bearer realm=\"phalanx\", error=\"invalid_token\", error_description=\"the access token has expired\""
        )
    );
}

#[tokio::test]
async fn other_credentials_than_one_bearer_token_are_refused() {
    let context = Context::new().await;
    let router = context.router(&whoami_api());
    let token = context.token(&[Role::Reader]);
    for header in ["Basic eDp5", "Bearer", "Bearer ", "", "bearer", "Negotiate x"] {
        let request = empty(request("GET", "/who/x", None).header("authorization", header));
        assert_eq!(send(&router, request).await.status, StatusCode::UNAUTHORIZED, "{header:?}");
    }
    let twice = empty(request("GET", "/who/x", Some(&token)).header("authorization", "Bearer x"));
    assert_eq!(send(&router, twice).await.status, StatusCode::UNAUTHORIZED);
    let lower =
        empty(request("GET", "/who/x", None).header("authorization", format!("bearer {}", token.expose())));
    assert_eq!(send(&router, lower).await.status, StatusCode::OK);
}

#[tokio::test]
async fn local_peers_need_no_token_if_they_own_the_data() {
    let context = Context::new().await;
    let router = context.router(&whoami_api());
    let from = |peer: Peer, token: Option<&str>| {
        let mut request = request("GET", "/who/x", None);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let mut request = empty(request);
        request.extensions_mut().insert(peer);
        request
    };
    let owner = send(&router, from(Peer::Local { uid: OWNER, pid: 7 }, None)).await;
    assert_eq!((owner.status, owner.json()["subject"].as_str()), (StatusCode::OK, Some("uid:1000")));
    for peer in [Peer::Local { uid: 1001, pid: 7 }, Peer::Network(([127, 0, 0, 1], 1).into())] {
        assert_eq!(send(&router, from(peer, None)).await.status, StatusCode::UNAUTHORIZED);
    }
    // Credentials that are given are judged, also over the socket.
    let bad_token = from(Peer::Local { uid: OWNER, pid: 7 }, Some("Bearer x"));
    assert_eq!(send(&router, bad_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_api_may_have_an_audience_of_its_own() {
    let context = Context::new().await;
    let api = Api::new("graph")
        .audiences(Audiences::new(["https://graph.microsoft.com"]))
        .route(Route::get("/v1.0/me", "me", READER, whoami));
    let router = context.router(&[api]);
    let mut grant = context.grant(&[Role::Reader]);
    let platform = context.issue(&grant);
    grant.audience = "https://graph.microsoft.com/".into();
    let own = context.issue(&grant);
    assert_eq!(send(&router, empty(request("GET", "/v1.0/me", Some(&own)))).await.status, StatusCode::OK);
    let other = send(&router, empty(request("GET", "/v1.0/me", Some(&platform)))).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.json()["error"]["code"], "InvalidAuthenticationTokenAudience");
}

#[tokio::test]
async fn what_does_not_exist_is_said_in_the_neighbours_style() {
    let context = Context::new().await;
    let public = |method, path: &str, style| {
        Route::new(method, path, format!("op{path}"), Access::Public, |_| async { Ok(().into_response()) })
            .style(style)
    };
    let api = Api::new("test")
        .route(public(Method::POST, "/v2/rest/query", Style::Kusto))
        .route(public(Method::GET, "/v1.0/users/{id}", Style::Graph))
        .route(public(Method::POST, "/{tenant}/oauth2/v2.0/token", Style::OAuth));
    let router = context.router(&[api]);
    let get = async |method: &str, path: &str| send(&router, empty(request(method, path, None))).await;

    assert_eq!(get("GET", "/v2/rest/mgmt").await.json()["error"]["code"], "General_NotFound");
    assert_eq!(get("GET", "/v1.0/groups").await.json()["error"]["code"], "Request_ResourceNotFound");
    assert_eq!(get("GET", "/t/oauth2/v2.0/x").await.json()["error"], "invalid_request");
    let unlike = get("GET", "/elsewhere").await;
    assert_eq!(
        (unlike.status, unlike.json()["error"]["code"].as_str()),
        (StatusCode::NOT_FOUND, Some("NotFound"))
    );
    assert!(unlike.headers.contains_key("x-ms-request-id"));

    let wrong_method = get("DELETE", "/v1.0/users/x").await;
    assert_eq!(wrong_method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong_method.header("allow"), Some("GET, HEAD"));
    assert_eq!(wrong_method.json()["error"]["code"], "Request_BadRequest");
    let head = get("HEAD", "/v1.0/users/x").await;
    assert_eq!((head.status, head.text.as_str()), (StatusCode::OK, ""));
    assert_eq!(get("HEAD", "/v2/rest/query").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn static_paths_win_over_parameters_and_parameters_are_decoded() {
    let context = Context::new().await;
    let echo = |name: &'static str| {
        move |context: RequestContext| async move {
            let rest = context.param(name).unwrap_or("-").to_owned();
            let query = context.query("$Top")?;
            Ok(Json(json!([name, rest, query])).into_response())
        }
    };
    let api = Api::new("test")
        .route(Route::get("/common/discovery/instance", "a", Access::Public, echo("none")))
        .route(Route::get("/{tenant}/discovery/keys", "b", Access::Public, echo("tenant")))
        .route(Route::post("/{id}/discovery/keys", "c", Access::Public, echo("id")))
        .route(Route::get("/files/{*rest}", "d", Access::Public, echo("rest")));
    let router = context.router(&[api]);
    let call = async |method: &str, path: &str| send(&router, empty(request(method, path, None))).await;
    assert_eq!(call("GET", "/common/discovery/instance").await.json(), json!(["none", "-", null]));
    assert_eq!(call("GET", "/common/discovery/keys?$top=5").await.json(), json!(["tenant", "common", "5"]));
    assert_eq!(call("POST", "/a%2Fb%20c/discovery/keys").await.json(), json!(["id", "a/b c", null]));
    assert_eq!(call("GET", "/files/a/b?%24TOP=a%20b").await.json(), json!(["rest", "a/b", "a b"]));
    let twice = call("GET", "/files/a?$top=1&$TOP=2").await;
    assert_eq!(
        (twice.status, twice.json()["error"]["target"].as_str()),
        (StatusCode::BAD_REQUEST, Some("$Top"))
    );
}

#[tokio::test]
async fn bodies_are_bounded_and_read_in_two_ways() {
    let context = Context::new().await;
    let api = Api::new("test")
        .route(
            Route::post("/own", "own", Access::Public, |mut context| async move {
                let value: Value = context.json().await?;
                Ok(Json(value).into_response())
            })
            .max_body_bytes(100),
        )
        .route(
            Route::post("/axum", "axum", READER, |context| async move {
                let request = context.into_request();
                let subject = request.extensions().get::<Principal>().map(|p| p.subject.clone());
                let Json(value) = Json::<Value>::from_request(request, &())
                    .await
                    .map_err(|error| ApiError::invalid(error.body_text()))?;
                Ok(Json(json!([subject, value])).into_response())
            })
            .max_body_bytes(100),
        );
    let router = context.router(&[api]);
    let token = context.token(&[Role::Reader]);
    let post = async |path: &str, body: String| {
        let request = request("POST", path, Some(&token)).header("content-type", "application/json");
        send(&router, request.body(Body::from(body)).expect("a request")).await
    };
    assert_eq!(post("/own", "{\"a\":1}".into()).await.json(), json!({"a": 1}));
    assert_eq!(post("/axum", "{\"a\":1}".into()).await.json(), json!(["object", {"a": 1}]));
    let long = format!("\"{}\"", "x".repeat(100));
    assert_eq!(post("/own", long.clone()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(post("/axum", long).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post("/own", "{".into()).await.status, StatusCode::BAD_REQUEST);
    // An announced excess is refused before the handler runs.
    let announced = request("POST", "/own", None).header("content-length", "101");
    let refused = send(&router, empty(announced)).await;
    assert_eq!(refused.json()["error"]["code"], "ContentLengthLimitExceeded");
}

#[tokio::test]
async fn a_panic_ends_one_request_and_a_slow_handler_is_dropped() {
    let context = Context::new().await;
    let api = Api::new("test")
        .route(Route::get("/panic", "panic", Access::Public, |_| async { panic!("secret detail") }))
        .route(
            Route::get("/slow", "slow", Access::Public, |_| std::future::pending())
                .timeout(Duration::from_millis(1)),
        );
    let router = context.router(&[api]);
    let panicked = send(&router, empty(request("GET", "/panic", None))).await;
    assert_eq!(panicked.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!panicked.text.contains("secret detail"), "{}", panicked.text);
    assert!(panicked.text.contains(panicked.header("x-ms-request-id").expect("an id")));
    let slow = send(&router, empty(request("GET", "/slow", None))).await;
    assert_eq!(slow.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(slow.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_back() {
    let context = Context::new().await;
    let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (entered, leave) = (entered.clone(), leave.clone());
        move |_| {
            let (entered, leave) = (entered.clone(), leave.clone());
            async move {
                entered.notify_one();
                leave.notified().await;
                Ok(().into_response())
            }
        }
    };
    let api = [Api::new("test")
        .route(Route::get("/wait", "wait", Access::Public, handler))
        .route(Route::get("/known", "known", READER, whoami))];
    let limits = Limits { public_in_flight_max: 1, ..Limits::default() };
    let router = router(&api, context.gate(limits)).expect("a table");
    let first = tokio::spawn({
        let router = router.clone();
        async move { send(&router, empty(request("GET", "/wait", None))).await }
    });
    entered.notified().await;
    let second = send(&router, empty(request("GET", "/wait", None))).await;
    assert_eq!((second.status, second.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    let known = empty(request("GET", "/known", Some(&context.token(&[Role::Reader]))));
    assert_eq!(
        send(&router, known).await.status,
        StatusCode::OK,
        "strangers do not stand in the way of the known"
    );
    leave.notify_one();
    assert_eq!(first.await.expect("the first").status, StatusCode::OK);
    leave.notify_one();
    assert_eq!(send(&router, empty(request("GET", "/wait", None))).await.status, StatusCode::OK);
}

/// Says when it is dropped.
struct OnDrop(Option<oneshot::Sender<()>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
        }
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_a_question_and_not_a_change() {
    for (hang_up, finishes) in [(HangUp::Cancel, 0), (HangUp::Finish, 1)] {
        let context = Context::new().await;
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let finished = Arc::new(AtomicUsize::new(0));
        let (dropped, was_dropped) = oneshot::channel();
        let on_drop = Arc::new(parking_lot::Mutex::new(Some(OnDrop(Some(dropped)))));
        let handler = {
            let (entered, leave, finished) = (entered.clone(), leave.clone(), finished.clone());
            move |_| {
                let (entered, leave, finished) = (entered.clone(), leave.clone(), finished.clone());
                let guard = on_drop.lock().take();
                async move {
                    let _guard = guard;
                    entered.notify_one();
                    leave.notified().await;
                    finished.fetch_add(1, Ordering::SeqCst);
                    Ok(().into_response())
                }
            }
        };
        let api =
            [Api::new("test").route(Route::post("/do", "do", Access::Public, handler).on_hang_up(hang_up))];
        let gate = context.gate(Limits::default());
        let router = router(&api, gate.clone()).expect("a table");
        let client = tokio::spawn(router.oneshot(empty(request("POST", "/do", None))));
        entered.notified().await;
        client.abort();
        assert!(client.await.expect_err("it hung up").is_cancelled());
        leave.notify_one();
        was_dropped.await.expect("the handler has ended");
        gate.drain().await;
        assert_eq!(finished.load(Ordering::SeqCst), finishes, "{hang_up:?}");
        let seen = context.observer.0.lock().clone();
        assert_eq!(seen, [Seen { operation: "do".into(), status: 499, subject: None }]);
    }
}

#[tokio::test]
async fn each_request_is_observed_once_with_what_is_known_of_it() {
    let context = Context::new().await;
    let router = context.router(&whoami_api());
    let seen = |operation: &str, status, subject: Option<&str>| Seen {
        operation: operation.into(),
        status,
        subject: subject.map(str::to_owned),
    };
    send(&router, empty(request("GET", "/who/x", None))).await;
    send(&router, empty(request("GET", "/who/x", Some(&context.token(&[]))))).await;
    send(&router, empty(request("GET", "/who/x", Some(&context.token(&[Role::Reader]))))).await;
    send(&router, empty(request("PUT", "/who/x", None))).await;
    send(&router, empty(request("GET", "/nowhere", None))).await;
    assert_eq!(
        *context.observer.0.lock(),
        [
            seen("whoAmI", 401, None),
            seen("whoAmI", 403, Some("object")),
            seen("whoAmI", 200, Some("object")),
            seen("unmatched", 405, None),
            seen("unmatched", 404, None),
        ]
    );
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let context = Context::new().await;
    let api = Api::new("test").route(Route::get("/page", "page", Access::Public, |_| async {
        Ok(([("content-security-policy", "default-src 'self'"), ("cache-control", "max-age=60")], "page")
            .into_response())
    }));
    let router = context.router(&[api]);
    for (path, policy, cache) in [
        ("/page", "default-src 'self'", "max-age=60"),
        ("/nowhere", "default-src 'none'; frame-ancestors 'none'", "no-store"),
    ] {
        let answer = send(&router, empty(request("GET", path, None))).await;
        assert_eq!(answer.header("content-security-policy"), Some(policy));
        assert_eq!(answer.header("cache-control"), Some(cache));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
    for (host, expected) in [
        ("siem.contoso.example", true),
        ("localhost:8443", false),
        ("192.0.2.1", false),
        ("[::1]:8443", false),
        ("", false),
    ] {
        let request = axum::extract::Request::builder().uri("/page").header("host", host);
        let answer = send(&router, empty(request)).await;
        assert_eq!(answer.headers.contains_key("strict-transport-security"), expected, "{host}");
    }
}

#[tokio::test]
async fn contradictory_tables_are_refused() {
    let context = Context::new().await;
    let route = |method, path: &str, name: &str| Route::new(method, path, name, READER, whoami);
    let build = |routes: Vec<Route>| {
        let api = routes.into_iter().fold(Api::new("test"), Api::route);
        router(&[api], context.gate(Limits::default())).map(|_| ())
    };
    assert_eq!(
        build(vec![route(Method::GET, "/{a}/x", "one"), route(Method::GET, "/{b}/x", "two")]),
        Err(RouteTableError::SamePlace { first: "one".into(), second: "two".into() })
    );
    assert_eq!(
        build(vec![route(Method::GET, "/x", "one"), route(Method::GET, "/y", "one")]),
        Err(RouteTableError::SameOperation("one".into()))
    );
    assert_eq!(
        build(vec![route(Method::GET, "x", "one")]),
        Err(RouteTableError::Path { operation: "one".into(), path: "x".into() })
    );
    assert_eq!(build(vec![route(Method::GET, "/x", "one"), route(Method::PUT, "/x", "two")]), Ok(()));
}

#[tokio::test]
async fn a_handler_cannot_see_a_token_by_printing_its_context() {
    let context = Context::new().await;
    let api = Api::new("test").route(Route::get("/print", "print", READER, |context| async move {
        Ok(format!("{context:?}").into_response())
    }));
    let router = context.router(&[api]);
    let token = context.token(&[Role::Reader]);
    let printed = send(&router, empty(request("GET", "/print", Some(&token)))).await;
    assert_eq!(printed.status, StatusCode::OK);
    assert!(!printed.text.contains(token.expose()) && !printed.text.contains(CLIENT));
}
