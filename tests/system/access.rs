//! Nobody gets in without a token, and a token must be right.

use crate::context::Server;

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_everything_but_health_is_refused() {
    let server = Server::start().await;
    let api = server.client();
    for path in ["/api/v1/tables", "/api/v1/services", "/metrics", "/api/v1/dead-letters"] {
        for token in [None, Some("nonsense")] {
            let mut request = api.http.get(format!("{}{path}", api.url));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            assert_eq!(request.send().await.expect("an answer").status(), 401, "{path}");
        }
    }
    for path in ["/healthz", "/readyz"] {
        let answer = api.http.get(format!("{}{path}", api.url)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
    let token = api.token().await;
    let metrics =
        api.http.get(format!("{}/metrics", api.url)).bearer_auth(&token).send().await.expect("an answer");
    assert!(metrics.text().await.expect("text").contains("phalanx_journal_head_position"));
    server.stop().await;
}
