//! Starts real servers on free ports in temporary folders, and asks them as users do.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_server::{
    config::Config,
    data_folder::DataFolder,
    listen::{Listeners, SyslogAddresses},
    platform::{FirstStart, Platform},
};
use serde_json::Value;

/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An address with a free port.
const ANY: &str = "127.0.0.1:0";

/// A data folder of its own, removed at the end.
pub struct Folder {
    _temporary: tempfile::TempDir,
    pub data: PathBuf,
    pub first: FirstStart,
}

impl Folder {
    pub async fn new() -> Self {
        Self::with(&config()).await
    }

    pub async fn with(config: &Config) -> Self {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let data = temporary.path().join("data");
        let first = Platform::first_start(&data, config).await.expect("a new data folder");
        Self { _temporary: temporary, data, first }
    }

    /// Another data folder beside it, for which the secrets of this one are good: a copy.
    pub fn at(mut self, data: &Path) -> Self {
        self.first.ca_file = data.join("tls/ca.pem");
        self.data = data.to_owned();
        self
    }
}

/// The configuration of tests: free ports, and nothing of this host.
pub fn config() -> Config {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let mut config = Config::default();
    config.server.listen = any;
    config.syslog.udp = vec![any];
    config.syslog.tcp = vec![any];
    config.syslog.tls = vec![any];
    config.services.0.entry("host-logs".to_owned()).or_default().enabled = false;
    config
}

/// A server in this process: up in a fraction of a second.
pub struct Server {
    pub folder: Folder,
    pub platform: Arc<Platform>,
    listeners: Listeners,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Folder::new().await, config()).await
    }

    pub async fn start_with(folder: Folder, config: Config) -> Self {
        let opened = DataFolder::open(&folder.data).expect("the data folder");
        let platform = Arc::new(Platform::open(opened, config).await.expect("the platform opens"));
        platform.start_services().await.expect("the services start");
        let listeners = Listeners::open(&platform).await.expect("the listeners open");
        Self { folder, platform, listeners }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.listeners.addresses().https.expect("an address").port())
    }

    /// Where syslog is taken in.
    pub fn syslog(&self) -> &SyslogAddresses {
        &self.listeners.addresses().syslog
    }

    pub fn client(&self) -> Api {
        Api::new(&self.folder, self.url())
    }

    /// Stops the server; the folder stays.
    pub async fn stop(self) -> Folder {
        self.listeners.close().await;
        self.platform.close().await.expect("it closes");
        self.folder
    }
}

/// The API as a remote client sees it.
#[derive(Clone)]
pub struct Api {
    pub http: reqwest::Client,
    pub url: String,
    credentials: Credentials,
}

/// Who a client is, and whom it trusts.
#[derive(Clone)]
pub struct Credentials {
    pub ca_file: PathBuf,
    pub tenant: String,
    pub id: String,
    pub secret: String,
}

impl Credentials {
    pub fn of(first: &FirstStart) -> Self {
        Self {
            ca_file: first.ca_file.clone(),
            tenant: first.tenant.to_string(),
            id: first.client_id.to_string(),
            secret: first.client_secret.expose().to_owned(),
        }
    }
}

impl Api {
    pub fn new(folder: &Folder, url: String) -> Self {
        Self::with(Credentials::of(&folder.first), url)
    }

    pub fn with(credentials: Credentials, url: String) -> Self {
        let ca = std::fs::read(&credentials.ca_file).expect("the authority's certificate");
        let ca = reqwest::Certificate::from_pem(&ca).expect("a certificate");
        let http =
            reqwest::Client::builder().tls_certs_only([ca]).timeout(PATIENCE).build().expect("a client");
        Self { http, url, credentials }
    }

    /// A token of the administrator's client.
    pub async fn token(&self) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https%3A%2F%2Fmonitor.azure.com%2F%2F.default",
            self.credentials.id, self.credentials.secret
        );
        let answer = self
            .http
            .post(format!("{}/{}/oauth2/v2.0/token", self.url, self.credentials.tenant))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .expect("the token endpoint answers");
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.expect("JSON");
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Uploads rows through the Logs Ingestion API.
    pub async fn upload(&self, token: &str, stream: &str, rows: &Value) -> reqwest::Response {
        self.try_upload(token, stream, rows).await.expect("the server answers")
    }

    /// As [`Api::upload`], of a server that may be gone.
    pub async fn try_upload(
        &self,
        token: &str,
        stream: &str,
        rows: &Value,
    ) -> reqwest::Result<reqwest::Response> {
        self.http
            .post(format!("{}/dataCollectionRules/dcr-1/streams/{stream}?api-version=2023-01-01", self.url))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(rows.to_string())
            .send()
            .await
    }

    /// The rows of a query's answer.
    pub async fn query(&self, token: &str, query: &str) -> Vec<Value> {
        let answer = self
            .http
            .post(format!("{}/api/v1/query", self.url))
            .bearer_auth(token)
            .json(&serde_json::json!({ "query": query }))
            .send()
            .await
            .expect("the server answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer");
        assert_eq!(status, 200, "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
    }

    /// Asks again and again until a query's only row has this value in its only column.
    pub async fn wait_for(&self, token: &str, query: &str, expected: i64) {
        let begun = Instant::now();
        loop {
            let rows = self.query(token, query).await;
            let found = rows.first().and_then(|row| row.as_object()?.values().next()?.as_i64());
            if found == Some(expected) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "`{query}` gave {found:?}, expected {expected}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The program itself, as a user runs it.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
}

impl Program {
    /// Starts `phalanx serve` and waits until it says that it listens.
    pub fn serve(data: &Path, environment: &[(&str, &str)]) -> Self {
        Self::serve_by(phalanx(data), data, environment)
    }

    /// As [`Program::serve`], by a command that lacks only the subcommand; `data` is the data folder as this
    /// process sees it.
    pub fn serve_by(mut command: Command, data: &Path, environment: &[(&str, &str)]) -> Self {
        command.args(["serve", "--listen", ANY, "--syslog", ANY, "--syslog-tls", ANY, "--no-host-logs"]);
        command.envs(environment.iter().copied());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut told = String::new();
        for line in out.lines() {
            let line = line.expect("text");
            told += &line;
            told.push('\n');
            if line.contains("Ctrl-C") {
                let text = std::fs::read_to_string(data.join("address")).expect("the address is written");
                return Self { child, address: text.trim().parse().expect("an address") };
            }
        }
        let mut error = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut error).expect("text");
        }
        let status = child.wait().expect("it ends");
        panic!("the server did not start ({status}): {told}{error}");
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Where it takes in syslog over TCP.
    pub fn syslog_tcp(&self, data: &Path) -> SocketAddr {
        let text = std::fs::read_to_string(data.join("addresses.json")).expect("the addresses are written");
        let addresses: Value = serde_json::from_str(&text).expect("JSON");
        addresses["syslog_tcp"][0].as_str().and_then(|text| text.parse().ok()).expect("an address")
    }

    /// The most memory that it has had resident so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells it");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes << 10
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to end, as Ctrl-C does, and waits.
    pub fn stop(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it can be signalled");
        self.child.wait().expect("it ends")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of the program on a data folder.
pub fn phalanx(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    command.arg("--data").arg(data).env_remove("PHALANX_DATA").env_remove("PHALANX_CONFIG");
    command
}

/// The program's command line on a data folder, for what runs it in surroundings of its own.
pub fn phalanx_words(data: &Path) -> [std::ffi::OsString; 3] {
    [env!("CARGO_BIN_EXE_phalanx").into(), "--data".into(), data.into()]
}

/// Runs a command to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    phalanx(data).args(arguments).output().expect("the program runs")
}

/// Runs a command that must succeed; gives its output.
pub fn succeed(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A source of chance for tests, the same for the same seed (splitmix64).
pub struct Random(u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Chance from `PHALANX_TEST_SEED`, or from a new seed, which is printed.
pub fn seed() -> Random {
    let given = std::env::var("PHALANX_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("PHALANX_TEST_SEED={seed}");
    Random(seed)
}
