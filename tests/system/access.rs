//! Nobody gets in without a token, and a token must be right.

use std::{net::SocketAddr, sync::Arc};

use chrono::TimeDelta;
use phalanx_server::api::apis;
use phalanx_web::{
    Clock, Role, SecretString,
    route::{
        Access,
        walk::{Tokens, walk},
    },
    token::{Authority, FileKeyStore, Grant, KeyRing, RotationPolicy, TokenIssuer},
};
use uuid::Uuid;

use crate::context::Server;

/// What anyone may ask: whether it lives, and how to get a token.
const PUBLIC: [&str; 12] = [
    "authorize",
    "cloud_endpoints",
    "discoverInstance",
    "getAuthorizationServerMetadata",
    "getOpenIdConfiguration",
    "getOpenIdConfigurationUnversioned",
    "getSigningKeys",
    "healthz",
    "issueToken",
    "issueTokenV1",
    "kusto_auth_metadata",
    "readyz",
];

/// Issues tokens with the server's own keys.
struct Forge {
    issuer: TokenIssuer,
    tenant: Uuid,
}

impl Forge {
    async fn of(server: &Server) -> Self {
        let store = FileKeyStore::new(server.folder.data.join("keys/signing.json"));
        let ring = KeyRing::open(Arc::new(store), RotationPolicy::default(), Clock::system()).await;
        let authority = Authority::new(&server.url()).expect("an authority");
        let issuer = TokenIssuer::new(Arc::new(ring.expect("the keys")), authority, Clock::system());
        Self { issuer, tenant: server.folder.first.tenant }
    }

    fn token(&self, roles: &[Role], change: impl FnOnce(&mut Grant)) -> SecretString {
        let mut grant = Grant {
            tenant: self.tenant,
            client_id: "forged".into(),
            object_id: "forged".into(),
            display_name: "forged".into(),
            audience: "https://monitor.azure.com".into(),
            roles: roles.iter().copied().collect(),
            lifetime: TimeDelta::hours(1),
        };
        change(&mut grant);
        self.issuer.issue(&grant).expect("a token").token
    }

    fn tokens(&self) -> Tokens {
        let all = |change: fn(&mut Grant)| self.token(&Role::ALL, change);
        Tokens {
            unacceptable: vec![
                ("wrong tenant", all(|grant| grant.tenant = Uuid::from_u128(9))),
                ("wrong audience", all(|grant| grant.audience = "https://elsewhere.example".into())),
                ("ended before it began", all(|grant| grant.lifetime = TimeDelta::seconds(-600))),
            ],
            by_role: Role::ALL.map(|role| (role, self.token(&[role], |_| ()))).into(),
            without_role: self.token(&[], |_| ()),
        }
    }
}

/// Every route that is declared, over the network: without a token, with every wrong one, without a role, and
/// with every role that does not include the one it needs.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_those_without_the_right() {
    let server = Server::start().await;
    let address: SocketAddr = server.url()["https://localhost:".len()..]
        .parse::<u16>()
        .map(|port| ([127, 0, 0, 1], port).into())
        .expect("a port");
    let (oauth, _gate) = server.platform.authority(address).await.expect("the authority");
    let apis = apis(&server.platform, oauth, &server.url());
    let mut public: Vec<&str> = apis
        .iter()
        .flat_map(|api| api.routes())
        .filter(|route| route.access() == Access::Public)
        .map(|route| route.operation_id())
        .collect();
    public.sort_unstable();
    assert_eq!(public, PUBLIC, "what is open to anyone");

    let (tokens, client) = (Forge::of(&server).await.tokens(), server.client());
    let walked = walk(&apis, &tokens, |attempt| {
        let mut request = client.http.request(attempt.method, format!("{}{}", client.url, attempt.path));
        if let Some(token) = attempt.token {
            request = request.bearer_auth(token.expose());
        }
        async move { request.send().await.expect("an answer").status() }
    })
    .await;
    let holes: Vec<String> = walked.holes.iter().map(ToString::to_string).collect();
    assert!(holes.is_empty(), "{holes:#?}");
    assert!(walked.routes >= 12 && walked.attempts > walked.routes * 6, "{walked:?}");
    // The forged tokens are good where they should be: the walk was refused for the right reasons.
    let reader = tokens.by_role.iter().find(|(role, _)| *role == Role::Reader).expect("a reader");
    let answer = client.http.get(format!("{}/api/v1/openapi.json", client.url));
    let answer = answer.bearer_auth(reader.1.expose()).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let document: serde_json::Value = answer.json().await.expect("JSON");
    let described = document["paths"].as_object().expect("paths").values();
    let described: usize = described.map(|path| path.as_object().expect("a path").len()).sum();
    assert_eq!(described, apis.iter().flat_map(|api| api.routes()).count(), "every route is described");
    assert_eq!(document["paths"]["/api/v1/openapi.json"]["get"]["x-required-role"], "Reader");
    server.stop().await;
}

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
