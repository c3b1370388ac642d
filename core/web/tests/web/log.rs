//! Logs: one event for each request, with causes for faults and without secrets.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Once;

use axum::body::Body;
use axum::response::IntoResponse;
use phalanx_web::route::{Access, Api, Route};
use phalanx_web::{ApiError, Role};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::context::{CLIENT, Context, empty, request, send};

/// Keeps what each thread logs for that thread: all of a test's requests are served on its own.
#[derive(Clone, Copy)]
struct Lines;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// For the whole program: one for a thread would miss events that another thread, without any, meets first.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::fmt().json().with_writer(Lines).init());
    LINES.with_borrow_mut(Vec::clear);
}

#[tokio::test]
async fn requests_are_logged_once_with_causes_and_without_secrets() {
    let context = Context::new().await;
    let api = Api::new("test")
        .route(Route::get("/ok", "ok", Access::Role(Role::Reader), |_| async { Ok(().into_response()) }))
        .route(Route::get("/fault", "fault", Access::Public, |_| async {
            Err(ApiError::internal(std::io::Error::other("disk on fire")))
        }));
    let router = context.router(&[api, context.oauth()]);
    let token = context.token(&[Role::Reader]);
    listen();

    send(&router, empty(request("GET", "/ok?password=hunter2", Some(&token)))).await;
    let fault = send(&router, empty(request("GET", "/fault", None))).await;
    let secret = context.secret.expose().to_owned();
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={secret}&scope=api://phalanx/.default"
    );
    let issue = request("POST", "/contoso.example/oauth2/v2.0/token", None)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .expect("a request");
    let issued = send(&router, issue).await.json();

    let text = String::from_utf8(LINES.take()).expect("UTF-8");
    let issued = issued["access_token"].as_str().expect("a token");
    for hidden in [secret.as_str(), token.expose(), issued, "hunter2"] {
        assert!(!text.contains(hidden), "{text}");
    }
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let requests: Vec<&Value> =
        events.iter().filter(|event| event["fields"]["message"] == "request").collect();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0]["fields"]["operation"], "ok");
    assert_eq!(requests[0]["fields"]["subject"], "object");
    assert_eq!(requests[1]["level"], "ERROR");
    assert_eq!(requests[1]["fields"]["causes"], "disk on fire");
    assert_eq!(requests[1]["fields"]["request_id"].as_str(), fault.header("x-ms-request-id"));
    assert_eq!(requests[2]["fields"]["status"], 200);
}
