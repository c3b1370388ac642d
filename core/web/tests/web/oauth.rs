//! The token endpoint: what clients get, and how each mistake is named.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::StatusCode;
use phalanx_web::Peer;
use phalanx_web::oauth::{ClientSecret, SecretHash};
use phalanx_web::token::Audiences;
use serde_json::Value;

use crate::context::{AUDIENCE, Answer, CLIENT, Context, TENANT, empty, request, send};

const TOKEN_PATH: &str = "/contoso.example/oauth2/v2.0/token";
const SCOPE: &str = "https://monitor.azure.com//.default";

struct World {
    context: Context,
    router: Router,
}

impl World {
    async fn new() -> Self {
        let context = Context::new().await;
        let router = context.router(&[context.oauth()]);
        Self { context, router }
    }

    fn form(&self) -> Vec<(&str, &str)> {
        vec![
            ("client_id", CLIENT),
            ("grant_type", "client_credentials"),
            ("client_info", "1"),
            ("client_secret", self.context.secret.expose()),
            ("scope", SCOPE),
        ]
    }

    /// The good form with `name` changed, or left out.
    fn with<'f>(&'f self, name: &'f str, value: Option<&'f str>) -> Vec<(&'f str, &'f str)> {
        let mut form = self.form();
        form.retain(|(key, _)| *key != name);
        form.extend(value.map(|value| (name, value)));
        form
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.post_raw(path, body, "application/x-www-form-urlencoded").await
    }

    async fn post_raw(&self, path: &str, body: String, content_type: &str) -> Answer {
        let mut request = request("POST", path, None)
            .header("content-type", content_type)
            .header("client-request-id", "99999999-0000-0000-0000-000000000000")
            .body(Body::from(body))
            .expect("a request");
        request.extensions_mut().insert(Peer::Network(([192, 0, 2, 1], 50_000).into()));
        send(&self.router, request).await
    }

    async fn refused(&self, form: &[(&str, &str)], status: u16, error: &str, number: u64) {
        check(&self.post(TOKEN_PATH, form).await, status, error, number);
    }
}

/// What every refusal has: Entra's members, consistent with each other, and nothing to be cached.
fn check(answer: &Answer, status: u16, error: &str, number: u64) {
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), body["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert_eq!(body["error_codes"], serde_json::json!([number]));
    let description = body["error_description"].as_str().expect("a text");
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    assert_eq!(body["correlation_id"], "99999999-0000-0000-0000-000000000000");
    assert!(
        description.contains(&format!("\r\nTrace ID: {}\r\n", body["trace_id"].as_str().expect("an id")))
    );
    assert_eq!(body["timestamp"], "2026-01-01 00:00:00Z");
    assert_eq!(answer.header("x-ms-request-id"), body["trace_id"].as_str());
    assert_eq!(answer.header("client-request-id"), body["correlation_id"].as_str());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
}

#[tokio::test]
async fn a_client_gets_a_token_that_works() {
    let world = World::new().await;
    for path in [
        TOKEN_PATH.to_owned(),
        format!("/{TENANT}/oauth2/v2.0/token"),
        TOKEN_PATH.to_uppercase().replace("/OAUTH2/V2.0/TOKEN", "/oauth2/v2.0/token"),
    ] {
        let answer = world.post(&path, &world.form()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store, no-cache"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!((&body["expires_in"], &body["ext_expires_in"]), (&3599.into(), &3599.into()));
        let token = body["access_token"].as_str().expect("a token");
        let verified =
            world.context.verifier.verify(token.as_bytes(), &Audiences::new([AUDIENCE])).expect("good");
        assert_eq!(verified.claims().aud, "https://monitor.azure.com/");
        assert_eq!(verified.claims().roles, ["Sender"]);
        assert_eq!(verified.tenant(), TENANT);
    }
}

#[tokio::test]
async fn older_clients_name_a_resource_and_read_numbers_as_texts() {
    let world = World::new().await;
    let path = "/contoso.example/oauth2/token";
    let mut form = world.with("scope", None);
    form.push(("resource", AUDIENCE));
    let answer = world.post(path, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let mut body = answer.json();
    let token = body["access_token"].take();
    let verified = world
        .context
        .verifier
        .verify(token.as_str().expect("a token").as_bytes(), &Audiences::new([AUDIENCE]));
    assert_eq!(verified.expect("good").claims().aud, AUDIENCE);
    assert_eq!(
        body,
        serde_json::json!({
            "token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599", "resource": AUDIENCE,
            "not_before": "1767225600", "expires_on": "1767229199", "access_token": null,
        })
    );
    check(&world.post(path, &world.form()).await, 400, "invalid_request", 900144);
    let mut unknown = world.with("scope", None);
    unknown.push(("resource", "api://nobody"));
    check(&world.post(path, &unknown).await, 400, "invalid_resource", 500011);
    let mut wrong = world.with("client_secret", Some("wrong"));
    wrong.push(("resource", AUDIENCE));
    check(&world.post(path, &wrong).await, 401, "invalid_client", 7000215);
    check(&world.post("/common/oauth2/token", &form).await, 400, "invalid_request", 50059);
    check(&world.post(TOKEN_PATH, &form).await, 400, "invalid_request", 900144);
}

#[tokio::test]
async fn http_basic_is_as_good_as_the_body() {
    let world = World::new().await;
    let basic = |name: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{secret}")));
    let send_with = async |authorization: String, body: String| {
        let request = request("POST", TOKEN_PATH, None)
            .header("authorization", authorization)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("client-request-id", "99999999-0000-0000-0000-000000000000")
            .body(Body::from(body))
            .expect("a request");
        send(&world.router, request).await
    };
    let body = format!("grant_type=client_credentials&scope={SCOPE}");
    let secret = world.context.secret.expose();
    let encoded = secret.replace('_', "%5F").replace('-', "%2d");
    for (name, secret) in [(CLIENT, secret), (CLIENT, encoded.as_str())] {
        assert_eq!(send_with(basic(name, secret), body.clone()).await.status, StatusCode::OK);
    }
    let with_id = format!("{body}&client_id={CLIENT}");
    assert_eq!(send_with(basic(CLIENT, secret), with_id).await.status, StatusCode::OK);

    check(&send_with(basic(CLIENT, "wrong"), body.clone()).await, 401, "invalid_client", 7000215);
    let twice = format!("{body}&client_secret={secret}");
    check(&send_with(basic(CLIENT, secret), twice).await, 400, "invalid_request", 9000411);
    let differing = format!("{body}&client_id=other");
    check(&send_with(basic(CLIENT, secret), differing).await, 400, "invalid_request", 9000411);
    for malformed in ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer x", "Basic //86/w=="] {
        check(&send_with(malformed.into(), body.clone()).await, 400, "invalid_request", 9000411);
    }
}

#[tokio::test]
async fn each_mistake_has_its_number() {
    let world = World::new().await;
    let w = &world;
    w.refused(&w.with("client_secret", Some("wrong")), 401, "invalid_client", 7000215).await;
    w.refused(&w.with("client_secret", Some("")), 401, "invalid_client", 7000215).await;
    w.refused(&w.with("client_secret", None), 401, "invalid_client", 7000218).await;
    w.refused(&w.with("client_assertion", Some("x.y.z")), 401, "invalid_client", 700027).await;
    w.refused(&w.with("client_id", Some("nobody")), 400, "unauthorized_client", 700016).await;
    w.refused(&w.with("client_id", None), 400, "invalid_request", 900144).await;
    w.refused(&w.with("client_id", Some(&"x".repeat(129))), 400, "invalid_request", 9000411).await;
    w.refused(&w.with("grant_type", None), 400, "invalid_request", 900144).await;
    for grant in [
        "password",
        "authorization_code",
        "refresh_token",
        "CLIENT_CREDENTIALS",
        "urn:ietf:params:oauth:grant-type:device_code",
    ] {
        w.refused(&w.with("grant_type", Some(grant)), 400, "unsupported_grant_type", 70003).await;
    }
    w.refused(&w.with("scope", None), 400, "invalid_request", 900144).await;
    w.refused(&w.with("scope", Some("a/.default b/.default")), 400, "invalid_scope", 70011).await;
    w.refused(&w.with("scope", Some("https://monitor.azure.com/x")), 400, "invalid_scope", 1002012).await;
    w.refused(&w.with("scope", Some("api://nobody/.default")), 400, "invalid_resource", 500011).await;
    let mut twice = w.form();
    twice.push(("scope", SCOPE));
    w.refused(&twice, 400, "invalid_request", 9000411).await;
    check(&w.post_raw(TOKEN_PATH, "{}".into(), "application/json").await, 400, "invalid_request", 9000411);
    check(&w.post_raw(TOKEN_PATH, String::new(), "text/plain").await, 400, "invalid_request", 900144);
}

#[tokio::test]
async fn tenants_must_be_named_and_known() {
    let world = World::new().await;
    for unknown in ["fabrikam.example", "00000000-0000-0000-0000-000000000009", "%0d%0aSet-Cookie:x"] {
        let path = format!("/{unknown}/oauth2/v2.0/token");
        check(&world.post(&path, &world.form()).await, 400, "invalid_request", 90002);
    }
    for alias in ["common", "organizations", "Consumers"] {
        let path = format!("/{alias}/oauth2/v2.0/token");
        check(&world.post(&path, &world.form()).await, 400, "invalid_request", 50059);
    }
    // Path parameters are bytes; these are no text.
    let answer = world.post("/%ff/oauth2/v2.0/token", &world.form()).await;
    assert_eq!((answer.status.as_u16(), answer.json()["error"].as_str()), (400, Some("invalid_request")));
}

#[tokio::test]
async fn a_client_of_another_tenant_is_unknown() {
    let world = World::new().await;
    let other = uuid::Uuid::from_u128(0x2222);
    world.context.tenants.insert(other, ["fabrikam.example"]);
    let answer = world.post("/fabrikam.example/oauth2/v2.0/token", &world.form()).await;
    check(&answer, 400, "unauthorized_client", 700016);
}

#[tokio::test]
async fn secrets_expire_and_overlap_and_clients_can_be_disabled() {
    let world = World::new().await;
    let start = chrono::DateTime::from_timestamp(1_767_225_600, 0).expect("a valid time");
    world.context.change_client(|client| client.secrets[0].expires = Some(start));
    world.refused(&world.form(), 401, "invalid_client", 7000222).await;
    world.refused(&world.with("client_secret", Some("wrong")), 401, "invalid_client", 7000215).await;

    let (second, hash) = SecretHash::generate().expect("random bytes");
    world.context.change_client(|client| {
        client.secrets[0].expires = Some(start + TimeDelta::hours(1));
        client.secrets.push(ClientSecret { hash, expires: None });
    });
    for secret in [world.context.secret.expose(), second.expose()] {
        let answer = world.post(TOKEN_PATH, &world.with("client_secret", Some(secret))).await;
        assert_eq!(answer.status, StatusCode::OK);
    }

    world.context.change_client(|client| client.is_enabled = false);
    world.refused(&world.form(), 400, "unauthorized_client", 7000112).await;
    world.refused(&world.with("client_secret", Some("wrong")), 401, "invalid_client", 7000215).await;
}

#[tokio::test]
async fn guessing_is_slowed_down_and_told_when_to_come_back() {
    let world = World::new().await;
    for _ in 0..10 {
        world.refused(&world.with("client_secret", Some("guess")), 401, "invalid_client", 7000215).await;
    }
    let locked = world.post(TOKEN_PATH, &world.form()).await;
    check(&locked, 429, "temporarily_unavailable", 50053);
    assert_eq!(locked.header("retry-after"), Some("60"), "also with the right secret");

    world.context.advance(TimeDelta::seconds(60));
    assert_eq!(world.post(TOKEN_PATH, &world.form()).await.status, StatusCode::OK);
    world.context.advance(TimeDelta::seconds(-60));
    world.refused(&world.with("client_secret", Some("guess")), 401, "invalid_client", 7000215).await;
}

#[tokio::test]
async fn a_directory_that_is_down_is_said_without_details() {
    let world = World::new().await;
    *world.context.directory.is_broken.lock() = true;
    let answer = world.post(TOKEN_PATH, &world.form()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(!answer.text.contains("db.internal"));
    *world.context.directory.is_broken.lock() = false;
    assert_eq!(world.post(TOKEN_PATH, &world.form()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_of_any_size_is_refused_beyond_its_limit() {
    let world = World::new().await;
    let answer = world.post(TOKEN_PATH, &world.with("x", Some(&"y".repeat(64 * 1024)))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn discovery_leads_from_the_tenant_to_the_keys() {
    let world = World::new().await;
    let get = async |path: &str| send(&world.router, empty(request("GET", path, None))).await;
    for path in [
        "/contoso.example/v2.0/.well-known/openid-configuration",
        "/contoso.example/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/contoso.example/v2.0",
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let document = answer.json();
        let base = format!("https://localhost:8443/{TENANT}");
        assert_eq!(document["issuer"], format!("{base}/v2.0"));
        assert_eq!(document["token_endpoint"], format!("{base}/oauth2/v2.0/token"));
        assert_eq!(document["jwks_uri"], format!("{base}/discovery/v2.0/keys"));
        // MSAL fails without this one.
        assert_eq!(document["authorization_endpoint"], format!("{base}/oauth2/v2.0/authorize"));
    }
    check_unversioned_refusal(&get("/fabrikam.example/v2.0/.well-known/openid-configuration").await);
    let authorize = get(&format!("/{TENANT}/oauth2/v2.0/authorize?client_id=x")).await;
    assert_eq!(authorize.status, StatusCode::NOT_IMPLEMENTED);

    // A client that knows nothing but the published keys can verify a token.
    let keys = get(&format!("/{TENANT}/discovery/v2.0/keys")).await.json();
    let issued = world.post(TOKEN_PATH, &world.form()).await.json();
    let token = issued["access_token"].as_str().expect("a token");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let header: Value =
        serde_json::from_slice(&decode(signed.split('.').next().expect("a header"))).expect("JSON");
    let key = keys["keys"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .expect("the key");
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&"RSA".into(), &"RS256".into(), &"sig".into()));
    let public = RsaPublicKeyComponents {
        n: decode(key["n"].as_str().expect("n")),
        e: decode(key["e"].as_str().expect("e")),
    };
    public
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature))
        .expect("a good signature");
}

fn check_unversioned_refusal(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.json()["error_codes"], serde_json::json!([90002]));
}

#[tokio::test]
async fn only_our_own_instance_is_vouched_for() {
    let world = World::new().await;
    let ask = async |endpoint: &str| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("authorization_endpoint", endpoint)
            .append_pair("api-version", "1.1")
            .finish();
        send(&world.router, empty(request("GET", &format!("/common/discovery/instance?{query}"), None))).await
    };
    for own in [
        "https://localhost:8443/contoso.example/oauth2/v2.0/authorize",
        "https://localhost/contoso.example/oauth2/v2.0/authorize",
    ] {
        let answer = ask(own).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let body = answer.json();
        assert_eq!(
            body["tenant_discovery_endpoint"],
            "https://localhost:8443/contoso.example/v2.0/.well-known/openid-configuration"
        );
        assert_eq!(body["metadata"][0]["aliases"][0], "localhost:8443");
    }
    for other in [
        "https://evil.example/contoso.example/x",
        "http://localhost/a/b",
        "https://localhost:1/a/b",
        "https://localhost",
        "x",
        "https://localhost@evil.example/a/b",
    ] {
        let answer = ask(other).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{other}");
        assert_eq!(answer.json()["error"], "invalid_instance", "{other}");
    }
    let missing = send(&world.router, empty(request("GET", "/common/discovery/instance", None))).await;
    assert_eq!(missing.json()["error_codes"], serde_json::json!([900144]));
}
