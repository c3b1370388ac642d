//! A whole installation in memory: keys, a tenant, clients, a gate, and a clock the test moves.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use phalanx_web::oauth::{
    Client, ClientDirectory, ClientSecret, DirectoryError, OAuth, Resources, SecretHash,
};
use phalanx_web::peer::LocalRule;
use phalanx_web::route::{Api, Gate, Limits, RequestObserver, RequestRecord, router};
use phalanx_web::token::{
    Audiences, Authority, Grant, KeyRing, KeyState, KeyStore, KeyStoreError, RotationPolicy, SigningKey,
    StoredKey, TokenIssuer, TokenVerifier,
};
use phalanx_web::{Clock, Role, RoleSet, SecretString, Tenants};
use serde_json::Value;
use tokio::sync::OnceCell;
use tower::ServiceExt;
use uuid::Uuid;

pub const TENANT: Uuid = Uuid::from_u128(0x1111);
pub const AUDIENCE: &str = "https://monitor.azure.com";
pub const CLIENT: &str = "11111111-aaaa-bbbb-cccc-222222222222";
pub const OWNER: u32 = 1000;

/// A request as the observer saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub operation: String,
    pub status: u16,
    pub subject: Option<String>,
}

#[derive(Default)]
pub struct Observer(pub Mutex<Vec<Seen>>);

impl RequestObserver for Observer {
    fn observe(&self, request: &RequestRecord<'_>) {
        self.0.lock().push(Seen {
            operation: request.operation.to_owned(),
            status: request.status,
            subject: request.principal.map(|principal| principal.subject.clone()),
        });
    }
}

#[derive(Default)]
pub struct Directory {
    pub clients: Mutex<HashMap<String, Client>>,
    pub is_broken: Mutex<bool>,
}

#[async_trait]
impl ClientDirectory for Directory {
    async fn find(&self, tenant: Uuid, client_id: &str) -> Result<Option<Client>, DirectoryError> {
        if *self.is_broken.lock() {
            return Err(DirectoryError("connection to db.internal refused".into()));
        }
        Ok((tenant == TENANT).then(|| self.clients.lock().get(client_id).cloned()).flatten())
    }
}

struct OneKey;

#[async_trait]
impl KeyStore for OneKey {
    async fn load(&self) -> Result<Vec<StoredKey>, KeyStoreError> {
        static KEY: OnceCell<StoredKey> = OnceCell::const_new();
        let make = || async {
            let key = SigningKey::generate(start(), KeyState::Current).expect("a key");
            key.to_stored().expect("its stored form")
        };
        Ok(vec![KEY.get_or_init(make).await.clone()])
    }

    async fn save(&self, _: Vec<StoredKey>) -> Result<(), KeyStoreError> {
        Ok(())
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).expect("a valid time")
}

pub struct Context {
    now: Arc<Mutex<DateTime<Utc>>>,
    pub tenants: Arc<Tenants>,
    pub directory: Arc<Directory>,
    pub ring: Arc<KeyRing>,
    pub issuer: Arc<TokenIssuer>,
    pub verifier: Arc<TokenVerifier>,
    pub observer: Arc<Observer>,
    pub secret: SecretString,
}

impl Context {
    pub async fn new() -> Self {
        let now = Arc::new(Mutex::new(start()));
        let clock = clock(&now);
        let ring =
            KeyRing::open(Arc::new(OneKey), RotationPolicy::default(), clock.clone()).await.expect("a ring");
        let ring = Arc::new(ring);
        let authority = Authority::new("https://localhost:8443").expect("an authority");
        let tenants = Arc::new(Tenants::new());
        tenants.insert(TENANT, ["contoso.example"]);
        let (secret, hash) = SecretHash::generate().expect("random bytes");
        let directory = Arc::new(Directory::default());
        directory.clients.lock().insert(CLIENT.to_owned(), client(hash));
        Self {
            issuer: Arc::new(TokenIssuer::new(ring.clone(), authority.clone(), clock.clone())),
            verifier: Arc::new(TokenVerifier::new(ring.clone(), authority, tenants.clone(), clock)),
            observer: Arc::default(),
            now,
            tenants,
            directory,
            ring,
            secret,
        }
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock() += by;
    }

    pub fn change_client(&self, change: impl FnOnce(&mut Client)) {
        change(self.directory.clients.lock().get_mut(CLIENT).expect("the client"));
    }

    pub fn oauth(&self) -> Api {
        let resources = Resources::new(Audiences::new([AUDIENCE, "api://phalanx"]), true);
        let authority = OAuth::new(
            self.tenants.clone(),
            self.directory.clone(),
            self.ring.clone(),
            self.issuer.clone(),
            resources,
            None,
            clock(&self.now),
        );
        Arc::new(authority).api()
    }

    pub fn gate(&self, limits: Limits) -> Arc<Gate> {
        Arc::new(Gate::new(
            self.verifier.clone(),
            Audiences::new([AUDIENCE]),
            LocalRule { owner_uid: OWNER, tenant: TENANT },
            self.observer.clone(),
            limits,
            clock(&self.now),
        ))
    }

    pub fn router(&self, apis: &[Api]) -> Router {
        router(apis, self.gate(Limits::default())).expect("a consistent table")
    }

    pub fn grant(&self, roles: &[Role]) -> Grant {
        Grant {
            tenant: TENANT,
            client_id: CLIENT.into(),
            object_id: "object".into(),
            display_name: "A client".into(),
            audience: AUDIENCE.into(),
            roles: roles.iter().copied().collect(),
            lifetime: TimeDelta::hours(1),
        }
    }

    pub fn token(&self, roles: &[Role]) -> SecretString {
        self.issue(&self.grant(roles))
    }

    pub fn issue(&self, grant: &Grant) -> SecretString {
        self.issuer.issue(grant).expect("a token").token
    }
}

fn clock(now: &Arc<Mutex<DateTime<Utc>>>) -> Clock {
    let now = now.clone();
    Clock::from_fn(move || *now.lock())
}

fn client(hash: SecretHash) -> Client {
    Client {
        client_id: CLIENT.into(),
        object_id: "object".into(),
        display_name: "A client".into(),
        is_enabled: true,
        secrets: vec![ClientSecret { hash, expires: None }],
        roles: RoleSet::from_iter([Role::Sender]),
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("visible ASCII"))
    }
}

pub async fn send(router: &Router, request: Request) -> Answer {
    let Ok(response) = router.clone().oneshot(request).await;
    read(response).await
}

async fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a whole body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Answer { status: parts.status, headers: parts.headers, text }
}

/// A request to `localhost`, with a token if there is one.
pub fn request(method: &str, path: &str, token: Option<&SecretString>) -> http::request::Builder {
    let builder = Request::builder().method(method).uri(path).header("host", "localhost:8443");
    match token {
        Some(token) => builder.header("authorization", format!("Bearer {}", token.expose())),
        None => builder,
    }
}

pub fn empty(builder: http::request::Builder) -> Request {
    builder.body(Body::empty()).expect("a request")
}
