use chrono::{TimeZone, Utc};
use http::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::request_id::RequestIds;

const ID: &str = "00000000-0000-0000-0000-000000000001";

fn check(style: Style, error: ApiError, expected: Value) {
    assert_eq!(style.body(&error, &ids(style), now()), expected);
}

fn ids(style: Style) -> RequestIds {
    RequestIds::new(Uuid::from_u128(1), style, &HeaderMap::new())
}

fn now() -> chrono::DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 9, 2, 2, 12).single().expect("a valid time")
}

#[test]
fn oauth_as_entra_words_it() {
    let error = ApiError::aadsts(Aadsts::WRONG_SECRET, "invalid client secret provided");
    check(
        Style::OAuth,
        error,
        json!({
            "error": "invalid_client",
            "error_description": format!(
                "AADSTS7000215: invalid client secret provided\r\nTrace ID: {ID}\r\nCorrelation ID: {ID}\r\n\
                 Timestamp: 2026-01-09 02:02:12Z"
            ),
            "error_codes": [7000215],
            "timestamp": "2026-01-09 02:02:12Z",
            "trace_id": ID,
            "correlation_id": ID,
        }),
    );
}

#[test]
fn graph_has_an_inner_error() {
    check(
        Style::Graph,
        ApiError::not_found("user `x` does not exist"),
        json!({"error": {
            "code": "Request_ResourceNotFound",
            "message": "user `x` does not exist",
            "innerError": {"date": "2026-01-09T02:02:12", "request-id": ID, "client-request-id": ID},
        }}),
    );
}

#[test]
fn resource_manager_has_target_and_details() {
    let error = ApiError::invalid("the body is not an array")
        .with_reason("InvalidContent")
        .with_target("body")
        .with_detail(Detail {
            code: "InvalidRecord".into(),
            message: "record 3 is no object".into(),
            target: None,
        });
    check(
        Style::ResourceManager,
        error,
        json!({"error": {
            "code": "InvalidContent",
            "message": "the body is not an array",
            "target": "body",
            "details": [{"code": "InvalidRecord", "message": "record 3 is no object"}],
        }}),
    );
}

#[test]
fn kusto_has_the_at_members() {
    check(
        Style::Kusto,
        ApiError::invalid("syntax error at `|`"),
        json!({"error": {
            "code": "General_BadRequest",
            "message": "Request is invalid and cannot be executed.",
            "@type": "Kusto.Data.Exceptions.KustoBadRequestException",
            "@message": "syntax error at `|`",
            "@context": {
                "timestamp": "2026-01-09T02:02:12.000000Z",
                "serviceAlias": "phalanx",
                "clientRequestId": ID,
                "activityId": ID,
            },
            "@permanent": true,
        }}),
    );
}

#[test]
fn log_analytics_nests_what_is_wrong() {
    let error = ApiError::invalid("unexpected `|`").with_reason("SyntaxError").with_detail(Detail {
        code: "SYN0002".into(),
        message: "query could not be parsed at `|` on line 1".into(),
        target: None,
    });
    check(
        Style::LogAnalytics,
        error,
        json!({"error": {
            "message": "The request had some invalid properties",
            "code": "BadArgumentError",
            "correlationId": ID,
            "innererror": {
                "code": "SyntaxError",
                "message": "unexpected `|`",
                "innererror": {"code": "SYN0002", "message": "query could not be parsed at `|` on line 1"},
            },
        }}),
    );
    check(
        Style::LogAnalytics,
        ApiError::not_found("workspace `w` does not exist"),
        json!({"error": {
            "message": "workspace `w` does not exist", "code": "PathNotFoundError", "correlationId": ID,
        }}),
    );
}

#[test]
fn every_code_renders_in_every_style_with_its_status_and_retry_after() {
    for style in Style::ALL {
        for code in Code::ALL {
            let response = style.render(&ApiError::new(code, "message"), &ids(style), now());
            assert_eq!(response.status(), code.status());
            assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
            let transient = matches!(code, Code::TooManyRequests | Code::Unavailable);
            assert_eq!(response.headers().contains_key("retry-after"), transient, "{style:?} {code:?}");
            assert_eq!(response.headers().contains_key("www-authenticate"), code == Code::Unauthenticated);
        }
    }
}

#[test]
fn retry_after_is_rounded_up_to_whole_seconds() {
    for (given_ms, expected) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (30_000, "30")] {
        let error = ApiError::unavailable("disk full", Duration::from_millis(given_ms));
        let response = Style::ResourceManager.render(&error, &ids(Style::ResourceManager), now());
        assert_eq!(response.headers()["retry-after"], expected);
    }
}

#[test]
fn internals_are_for_the_log_only() {
    for style in Style::ALL {
        let cause = std::io::Error::other("no such file /var/lib/secret.db");
        let error = ApiError::internal(cause);
        let body = style.body(&error, &ids(style), now()).to_string();
        assert!(!body.contains("secret.db"), "{body}");
        assert!(body.contains(ID), "{body}");
        assert_eq!(error.causes().as_deref(), Some("no such file /var/lib/secret.db"));
    }
}

#[test]
fn a_challenge_quotes_nothing_dangerous() {
    let error = ApiError::unauthenticated("bad \"quote\\\r\nSet-Cookie: x");
    let response = Style::Graph.render(&error, &ids(Style::Graph), now());
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"phalanx\", error=\"invalid_token\", error_description=\"bad quoteSet-Cookie: x\""
    );
}

#[test]
fn aadsts_numbers_are_unique() {
    let mut numbers: Vec<u32> = Aadsts::ALL.iter().map(|kind| kind.number).collect();
    numbers.sort_unstable();
    let count = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), count);
}
