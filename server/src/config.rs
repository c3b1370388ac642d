//! The configuration: one TOML file, then environment variables, then flags, the later the stronger.
//!
//! What is read ([`Config`]) is checked once by deserialising it: unknown keys are errors that name the
//! nearest known one. `config/phalanx.toml` documents every key with its default, and a test holds that
//! file against these types. An environment variable is named `PHALANX_` and the key's path with two
//! underscores between its parts: `PHALANX_SERVER__LISTEN=0.0.0.0:8443`.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Serialized, Toml},
};
use phalanx_signal::schema::TableDeclaration;
use serde::{Deserialize, Serialize};

/// The file that documents every key.
#[cfg(test)]
const DOCUMENTED: &str = include_str!("../config/phalanx.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub logging: Logging,
    pub traces: Traces,
    pub ingest: Ingest,
    pub syslog: Syslog,
    pub services: Services,
    pub journal: Journal,
    pub lake: Lake,
    pub state: State,
    pub query: Query,
    pub tables: Vec<TableDeclaration>,
    /// The file that it was read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

/// The TLS port for all APIs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// Names and addresses that the server's certificate is made for.
    pub names: Vec<String>,
    /// Connections open at once, over all TCP listeners.
    pub connections_max: usize,
}

/// Where the program's own log goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// A level, or directives such as `info,phalanx_lake=debug`.
    pub level: String,
    /// Also to the terminal.
    pub terminal: bool,
    /// Days after which a log file is deleted.
    pub keep_days: usize,
}

/// OpenTelemetry traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// Where a collector takes OTLP over HTTP; empty: no traces.
    pub endpoint: String,
    /// Share of the requests that are traced, unless their caller has decided.
    pub share: f64,
}

/// Bounds on what senders may send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Longest record (line, event) that is decoded; longer ones are kept as dead letters.
    pub record_bytes_max: usize,
    /// Largest body of one Logs Ingestion request, after decompression.
    pub body_bytes_max: usize,
    /// Most that one archive may unpack to.
    pub archive_bytes_max: u64,
    /// Threads that decode at once, over all files and requests; 0 for as many as the machine has cores.
    pub decode_threads: usize,
}

/// Where syslog is taken in. A list may be empty: then not by this transport.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Syslog {
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
    /// With the server's own certificate.
    pub tls: Vec<SocketAddr>,
    /// Seconds after which a silent connection is closed.
    pub idle_seconds: u64,
    /// Bytes of datagrams that the kernel keeps for us while we are busy.
    pub receive_buffer_bytes: usize,
}

/// What is set for services, by their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Services(pub BTreeMap<String, Service>);

/// Whether a service runs, and its own settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Service {
    pub enabled: bool,
    /// As the service's manifest declares them; checked by the hub.
    #[serde(flatten)]
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// The log of accepted input on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Most bytes on disk; beyond it senders are told to wait.
    pub bytes_max: u64,
    /// Free disk space below which nothing is accepted any more.
    pub free_bytes_min: u64,
    /// Bytes accepted and not yet durable, at most.
    pub in_flight_bytes_max: usize,
}

/// The tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lake {
    /// `s3://bucket/prefix`; empty for the data folder.
    pub url: String,
    pub s3: S3,
    /// Memory for rows not yet in files.
    pub hot_bytes_max: usize,
    /// Memory of one table's rows that are worth a file at once.
    pub flush_bytes: usize,
    /// Seconds after which rows go to files; rare tables wait up to ten times as long.
    pub flush_seconds: u64,
    /// So many small files of one day are made one before the day is over.
    pub compact_files: usize,
    /// Days that rows are kept, unless `retention` says otherwise for their table.
    pub retention_days: u32,
    /// Days per table.
    pub retention: BTreeMap<String, u32>,
}

/// How a bucket is reached. Credentials come from the standard `AWS_*` environment variables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// The store's address, where it is not Amazon's.
    pub endpoint: String,
    pub region: String,
    /// Plain HTTP to the endpoint.
    pub allow_http: bool,
}

/// Where users, policies, rules and all other documents live.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// `postgres://…`; empty for SQLite in the data folder.
    pub url: String,
}

/// Limits of a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Query {
    pub memory_bytes_max: usize,
    pub seconds_max: u64,
    /// Queries that run at once; further ones are told to wait.
    pub concurrent_max: usize,
    /// Queries of one client or user that run at once.
    pub concurrent_max_each: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8443).into(),
            names: vec!["localhost".into(), "127.0.0.1".into(), "::1".into()],
            connections_max: 10_000,
        }
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: "info".into(), terminal: false, keep_days: 14 }
    }
}

impl Default for Traces {
    fn default() -> Self {
        Self { endpoint: String::new(), share: 1.0 }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            record_bytes_max: 1 << 20,
            body_bytes_max: 16 << 20,
            archive_bytes_max: 16 << 30,
            decode_threads: 0,
        }
    }
}

impl Default for Syslog {
    fn default() -> Self {
        Self {
            udp: vec![([127, 0, 0, 1], 5514).into()],
            tcp: vec![([127, 0, 0, 1], 5514).into()],
            tls: vec![([127, 0, 0, 1], 6514).into()],
            idle_seconds: 3_600,
            receive_buffer_bytes: 8 << 20,
        }
    }
}

impl Default for Services {
    fn default() -> Self {
        Self(BTreeMap::from([("host-logs".to_owned(), Service::default())]))
    }
}

impl Default for Service {
    fn default() -> Self {
        Self { enabled: true, settings: serde_json::Map::new() }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { bytes_max: 16 << 30, free_bytes_min: 256 << 20, in_flight_bytes_max: 64 << 20 }
    }
}

impl Default for Lake {
    fn default() -> Self {
        Self {
            url: String::new(),
            s3: S3::default(),
            hot_bytes_max: 256 << 20,
            flush_bytes: 64 << 20,
            flush_seconds: 30,
            compact_files: 64,
            retention_days: 90,
            retention: BTreeMap::new(),
        }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self { memory_bytes_max: 512 << 20, seconds_max: 600, concurrent_max: 16, concurrent_max_each: 8 }
    }
}

/// The largest record that surely fits an entry of the journal, as rows of two tables or as a dead letter.
const RECORD_BYTES_MOST: usize = 8 << 20;
const IN_FLIGHT_BYTES_LEAST: usize = 64 << 20;
const JOURNAL_BYTES_LEAST: u64 = 128 << 20;

/// Why the configuration can't be used. The text names the key, its source, and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads `file` if there is one, then the environment; `flags` holds what flags set, as
    /// `("server.listen", value)`.
    pub fn read(file: Option<&Path>, flags: &[(&str, serde_json::Value)]) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(format!("there is no configuration file `{}`", file.display())));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        let environment = Env::prefixed("PHALANX_").filter(|key| key.as_str().contains("__"));
        figment = figment.merge(environment.map(|key| service_key(key.as_str()).into()).split("__"));
        for (key, value) in flags {
            figment = figment.merge((*key, value));
        }
        let mut config: Self = figment.extract().map_err(|error| ConfigError(explain(error)))?;
        config.file = file.map(Path::to_owned);
        config.check()?;
        Ok(config)
    }

    /// Limits that contradict what they are limits of.
    fn check(&self) -> Result<(), ConfigError> {
        let rules = [
            (
                self.ingest.record_bytes_max <= RECORD_BYTES_MOST,
                format!(
                    "`ingest.record_bytes_max` must be at most {RECORD_BYTES_MOST}: a record is kept in one piece"
                ),
            ),
            (
                self.journal.in_flight_bytes_max >= IN_FLIGHT_BYTES_LEAST,
                format!(
                    "`journal.in_flight_bytes_max` must be at least {IN_FLIGHT_BYTES_LEAST}: two of the largest entries"
                ),
            ),
            (
                self.journal.bytes_max >= JOURNAL_BYTES_LEAST,
                format!(
                    "`journal.bytes_max` must be at least {JOURNAL_BYTES_LEAST}: two of the files it is made of"
                ),
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, rule)) => Err(ConfigError(rule)),
            None => Ok(()),
        }
    }
}

/// The key that an environment variable means: no shell takes the hyphen of `services.host-logs`, so in a
/// service's name an underscore stands for it.
fn service_key(key: &str) -> String {
    let mut parts: Vec<String> = key.split("__").map(str::to_owned).collect();
    if parts[0].eq_ignore_ascii_case("services") && parts.len() > 1 {
        parts[1] = parts[1].replace('_', "-");
    }
    parts.join("__")
}

/// One line per mistake, with the nearest known key where one was not known.
fn explain(error: figment::Error) -> String {
    let mut lines = Vec::new();
    for error in error {
        let place = error.metadata.as_ref().map_or_else(String::new, |metadata| {
            let source = metadata.source.as_ref().map_or(metadata.name.to_string(), |s| s.to_string());
            format!(" in {source}")
        });
        let path = error.path.join(".");
        lines.push(match &error.kind {
            Kind::UnknownField(name, known) => {
                let prefix =
                    error.path.iter().filter(|p| *p != name).map(|p| format!("{p}.")).collect::<String>();
                let nearest = known
                    .iter()
                    .min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate))
                    .map_or_else(String::new, |n| format!("; the nearest known key is `{prefix}{n}`"));
                format!("unknown key `{prefix}{name}`{place}{nearest}")
            }
            kind if path.is_empty() => format!("{kind}{place}"),
            kind => format!("key `{path}`{place}: {kind}"),
        });
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("phalanx.toml");
        std::fs::write(&file, toml).expect("the folder is writable");
        Config::read(Some(&file), &[])
    }

    #[test]
    fn the_documented_file_shows_every_key_with_its_default() {
        let shown: String = DOCUMENTED
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        let config: Config = toml::from_str(&shown).expect("the file is valid");
        assert_eq!(config, Config::default());
        let keys = toml::Table::try_from(Config::default()).expect("a configuration is a table");
        for (section, values) in keys {
            let Some(values) = values.as_table() else { continue };
            let is_shown = shown.contains(&format!("[{section}]")) || shown.contains(&format!("[{section}."));
            assert!(is_shown, "section `{section}` is not documented");
            for key in values.keys() {
                let is_shown = shown.lines().any(|line| line.starts_with(&format!("{key} = ")))
                    || shown.contains(&format!("[{section}.{key}]"));
                assert!(is_shown, "key `{section}.{key}` is not documented");
            }
        }
    }

    #[test]
    fn a_service_is_set_by_file_and_environment() {
        let config = read("[services.host-logs]\nenabled = false\njournald = \"never\"\n").expect("valid");
        let service = &config.services.0["host-logs"];
        assert!(!service.enabled);
        assert_eq!(service.settings["journald"], "never");
        assert_eq!(
            service_key("SERVICES__HOST_LOGS__FILE_HISTORY_BYTES"),
            "SERVICES__HOST-LOGS__FILE_HISTORY_BYTES"
        );
        assert_eq!(service_key("JOURNAL__BYTES_MAX"), "JOURNAL__BYTES_MAX");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = read("[server]\nlisen = \"127.0.0.1:1\"\n").expect_err("unknown key").to_string();
        assert!(error.contains("`server.lisen`"), "{error}");
        assert!(error.contains("`server.listen`"), "{error}");
        assert!(error.contains("phalanx.toml"), "{error}");
        let error = read("[jurnal]\n").expect_err("unknown section").to_string();
        assert!(error.contains("`journal`"), "{error}");
    }

    #[test]
    fn limits_that_can_not_hold_name_the_key() {
        for (text, key) in [
            ("[ingest]\nrecord_bytes_max = 67108864\n", "ingest.record_bytes_max"),
            ("[journal]\nbytes_max = 10000000\n", "journal.bytes_max"),
            ("[journal]\nin_flight_bytes_max = 1\n", "journal.in_flight_bytes_max"),
        ] {
            let error = read(text).expect_err("a limit that can't hold").to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_wrong_type_names_the_key() {
        let error = read("[query]\nseconds_max = \"soon\"\n").expect_err("wrong type").to_string();
        assert!(error.contains("query.seconds_max"), "{error}");
    }

    #[test]
    fn flags_are_stronger_than_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("phalanx.toml");
        std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\n").expect("writable");
        let config = Config::read(Some(&file), &[("server.listen", "127.0.0.1:2".into())]).expect("valid");
        assert_eq!(config.server.listen.port(), 2);
    }
}
