//! Everything but the listeners: journal, state, lake, hub and services, put together in one place.
//!
//! Opening takes the data folder for this process alone (the journal's lock) and goes on where the last
//! process ended, however it ended. Closing stops the services, lets the lake write what it holds in
//! memory, and lets go of the files; a process that dies instead loses nothing but the time to replay.

pub mod backup;
mod clients;
mod matrix;
mod state_url;
mod vitals;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use phalanx_health::Health;
use phalanx_host_logs::HostLogs;
use phalanx_hub::{Chance, Hub, HubDeps, HubSettings, Services, Source};
use phalanx_journal::{EmbeddedJournal, Journal, JournalConfig};
use phalanx_lake::{Lake, LakeConfig, S3Settings};
use phalanx_signal::Catalog;
use phalanx_state::State;
use phalanx_web::{
    Clock, Role, SecretString, Tenants,
    oauth::{OAuth, Resources},
    peer::LocalRule,
    route::{Gate, Limits},
    token::{Audiences, Authority, FileKeyStore, KeyRing, RotationPolicy, TokenIssuer, TokenVerifier},
};
use serde_json::json;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use backup::Backups;
pub use matrix::Matrix;
pub use vitals::Vitals;

use crate::{
    api,
    config::Config,
    data_folder::DataFolder,
    ingest::{DecodePool, Intake, stream::Streams},
    listen,
    metrics::Metrics,
    tls,
};

/// What a token must be for, to be good for Phalanx's own APIs: the resources whose clients it serves.
const AUDIENCES: [&str; 7] = [
    "api://phalanx",
    "https://monitor.azure.com",
    "https://api.loganalytics.io",
    "https://api.loganalytics.azure.com",
    "https://graph.microsoft.com",
    "https://management.azure.com",
    "https://management.core.windows.net",
];

/// Tables that syslog messages fill, beside those of the endpoint activity that some tell of.
const SYSLOG_TABLES: [&str; 3] = ["Syslog", "CommonSecurityLog", "PhalanxDeadLetter"];

/// The platform, open.
pub struct Platform {
    folder: DataFolder,
    config: Config,
    catalog: Arc<Catalog>,
    journal: Arc<dyn Journal>,
    state: Arc<dyn State>,
    lake: Arc<Lake>,
    metrics: Arc<Metrics>,
    intake: Arc<Intake>,
    decode_pool: DecodePool,
    streams: Arc<Streams>,
    tls: Arc<rustls::ServerConfig>,
    matrix: Matrix,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// What a new data folder's owner must know, once.
pub struct FirstStart {
    pub data: PathBuf,
    pub tenant: Uuid,
    pub client_id: Uuid,
    pub client_secret: SecretString,
    pub ca_file: PathBuf,
}

impl FirstStart {
    /// For scripts.
    pub fn json(&self) -> serde_json::Value {
        json!({
            "data": self.data,
            "tenant_id": self.tenant,
            "client_id": self.client_id,
            "client_secret": self.client_secret.expose(),
            "ca_file": self.ca_file,
        })
    }
}

impl Platform {
    /// Makes a new data folder: identity, certificates, and an administrator's client.
    pub async fn first_start(path: &Path, config: &Config) -> anyhow::Result<FirstStart> {
        let now = chrono::Utc::now();
        let folder = DataFolder::create(path, now.to_rfc3339())?;
        let made = async {
            tls::ensure(&folder.join("tls"), &config.server.names, now.timestamp().unsigned_abs())?;
            let state = open_state(&folder, config).await?;
            let tenant = *folder.tenant().as_uuid();
            let (client_id, client_secret) =
                clients::create(&*state, tenant, "administrator", &[Role::Administrator]).await?;
            state.close().await;
            let ca_file = std::path::absolute(folder.join("tls/ca.pem"))?;
            Ok(FirstStart { data: std::path::absolute(path)?, tenant, client_id, client_secret, ca_file })
        };
        // A folder without its administrator's secret would be of no use to anybody.
        made.await.inspect_err(|_| {
            let _ = std::fs::remove_file(folder.join("phalanx.json"));
        })
    }

    /// Opens journal, state and lake, and lets the lake catch up with the journal.
    pub async fn open(folder: DataFolder, config: Config) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let shutdown = CancellationToken::new();
        let now = chrono::Utc::now().timestamp().unsigned_abs();
        let tls = tls::server_config(&folder.join("tls"), &config.server.names, now)?;

        let journal: Arc<dyn Journal> = Arc::new(
            EmbeddedJournal::open(journal_config(&folder, &config)).context("can't open the journal")?,
        );
        // The folder is ours now: what a killed server wrote of its addresses is no longer true.
        listen::forget_addresses(&folder);
        backup::forget_unfinished(&*journal).await?;
        let state = open_state(&folder, &config).await?;
        let catalog = Arc::new(Catalog::new());
        for table in &config.tables {
            catalog.declare(table).context("`tables` in the configuration")?;
        }
        let tenant = phalanx_state::TenantId::new(*folder.tenant().as_uuid());
        let retention =
            api::load_tables(&*state, &catalog, tenant).await.context("can't read the declared tables")?;
        let lake_config = lake_config(&folder, &config, &catalog)?;
        let lake =
            Lake::open(lake_config, catalog.clone(), journal.clone()).await.context("can't open the lake")?;
        retention.iter().for_each(|(table, days)| lake.set_retention(table, *days));
        let tasks = TaskTracker::new();
        let (running, stop) = (lake.clone(), shutdown.clone());
        tasks.spawn(async move { running.run(stop).await });

        let intake = Arc::new(Intake::new(
            journal.clone(),
            catalog.clone(),
            metrics.clone(),
            &config.ingest,
            shutdown.clone(),
        ));
        let decode_pool = DecodePool::new(config.ingest.decode_threads);
        let spool = folder.join("tmp");
        let streams = Arc::new(Streams::new(intake.clone(), decode_pool.clone(), &config.ingest, spool));
        let platform = Self {
            folder,
            config,
            catalog,
            journal,
            state,
            lake,
            metrics,
            intake,
            decode_pool,
            streams,
            tls,
            matrix: Matrix::default(),
            tasks,
            shutdown,
        };
        let matrix = Matrix::new(&platform.enabled_services()?);
        Ok(Self { matrix, ..platform })
    }

    /// Every service of the program.
    fn services(&self) -> Services {
        vec![
            Arc::new(Health::new(Arc::new(self.vitals()), env!("CARGO_PKG_VERSION"))),
            Arc::new(HostLogs::new().never_below(self.folder.path())),
        ]
    }

    /// The services that the configuration does not switch off.
    ///
    /// # Errors
    /// It names a service that is none.
    fn enabled_services(&self) -> anyhow::Result<Services> {
        let mut services = self.services();
        let known: Vec<String> = services.iter().map(|service| service.manifest().name).collect();
        if let Some(name) = self.config.services.0.keys().find(|name| !known.contains(name)) {
            let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
            let nearest = nearest.map_or_else(String::new, |n| format!("; the nearest is `services.{n}`"));
            anyhow::bail!("`services.{name}` in the configuration is no service{nearest}");
        }
        services.retain(|service| {
            let config = self.config.services.0.get(&service.manifest().name);
            config.is_none_or(|config| config.enabled)
        });
        Ok(services)
    }

    /// Starts the services.
    pub async fn start_services(&self) -> anyhow::Result<()> {
        let deps = HubDeps {
            journal: self.journal.clone(),
            state: self.state.clone(),
            catalog: self.catalog.clone(),
            tenant: self.folder.tenant(),
            sources: vec![
                Source::of_every_table("logs-ingestion", "rows sent to the Logs Ingestion API"),
                Source::of_every_table("ingest", "files of any known format"),
                Source::of("syslog", "syslog over UDP, TCP and TLS", SYSLOG_TABLES),
            ],
            service_settings: self.service_settings(),
            settings: HubSettings::default(),
            clock: phalanx_hub::Clock::system(),
            chance: Chance::system(),
        };
        let hub = Hub::start(self.enabled_services()?, deps).await.context("can't start the services")?;
        self.matrix.set(Some(Arc::new(hub)));
        Ok(())
    }

    fn service_settings(&self) -> BTreeMap<String, serde_json::Map<String, serde_json::Value>> {
        let services = self.config.services.0.iter().filter(|(_, service)| service.enabled);
        services.map(|(name, service)| (name.clone(), service.settings.clone())).collect()
    }

    /// Writes out what is in memory and lets go of everything.
    pub async fn close(&self) -> anyhow::Result<()> {
        if let Some(hub) = self.matrix.set(None) {
            hub.shutdown().await;
        }
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.lake.close().await.context("can't write out the lake; the journal has its rows")?;
        self.journal.close().await.context("can't close the journal")?;
        self.state.close().await;
        Ok(())
    }

    /// The authority and the gate of all APIs, for a server that is reached at `address`.
    /// Our address as clients know it.
    pub fn base(&self, address: SocketAddr) -> String {
        let name = self.config.server.names.first().map_or("localhost", String::as_str);
        format!("https://{name}:{}", address.port())
    }

    pub async fn authority(&self, address: SocketAddr) -> anyhow::Result<(Arc<OAuth>, Arc<Gate>)> {
        let clock = Clock::system();
        let tenant = *self.folder.tenant().as_uuid();
        let authority = Authority::new(&self.base(address))?;
        let store = Arc::new(FileKeyStore::new(self.folder.join("keys/signing.json")));
        let ring = KeyRing::open(store, RotationPolicy::default(), clock.clone());
        let ring = Arc::new(ring.await.context("can't open the signing keys")?);
        self.rotate_keys(ring.clone());
        let tenants = Arc::new(Tenants::new());
        tenants.insert(tenant, [] as [&str; 0]);
        let verifier =
            Arc::new(TokenVerifier::new(ring.clone(), authority.clone(), tenants.clone(), clock.clone()));
        let issuer = Arc::new(TokenIssuer::new(ring.clone(), authority, clock.clone()));
        let audiences = self.audiences(address);
        let oauth = OAuth::new(
            tenants,
            Arc::new(clients::StoredClients(self.state.clone())),
            ring,
            issuer,
            Resources::new(audiences.clone(), true),
            None,
            clock.clone(),
        );
        let local = LocalRule { owner_uid: self.folder.owner()?, tenant };
        let observer = Arc::new(api::RequestCounter(self.metrics.clone()));
        let gate = Gate::new(verifier, audiences, local, observer, Limits::default(), clock);
        Ok((Arc::new(oauth), Arc::new(gate)))
    }

    /// Our APIs under the names that published clients know them by, and under our own addresses.
    fn audiences(&self, address: SocketAddr) -> Audiences {
        let own = self.config.server.names.iter().flat_map(|name| {
            let host = if name.contains(':') { format!("[{name}]") } else { name.clone() };
            [format!("https://{host}"), format!("https://{host}:{}", address.port())]
        });
        Audiences::new(AUDIENCES.map(str::to_owned).into_iter().chain(own))
    }

    fn rotate_keys(&self, ring: Arc<KeyRing>) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(std::time::Duration::from_secs(3_600)) => {}
                }
                if let Err(error) = ring.maintain().await {
                    tracing::error!(%error, "signing keys can't be rotated; the present ones go on");
                }
            }
        });
    }

    pub fn folder(&self) -> &DataFolder {
        &self.folder
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    pub fn state(&self) -> &Arc<dyn State> {
        &self.state
    }

    pub fn lake(&self) -> &Arc<Lake> {
        &self.lake
    }

    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    pub fn intake(&self) -> &Arc<Intake> {
        &self.intake
    }

    /// What bounds the decoding that goes on at once.
    pub fn decode_pool(&self) -> &DecodePool {
        &self.decode_pool
    }

    pub fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    pub fn tls(&self) -> &Arc<rustls::ServerConfig> {
        &self.tls
    }

    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// Cancelled when the platform closes.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    pub fn vitals(&self) -> Vitals {
        Vitals::new(self)
    }

    pub fn backups(&self) -> Backups {
        Backups::new(self)
    }
}

async fn open_state(folder: &DataFolder, config: &Config) -> anyhow::Result<Arc<dyn State>> {
    let url = if config.state.url.is_empty() {
        format!("sqlite:{}", folder.join("state.db").display())
    } else {
        config.state.url.clone()
    };
    // The URL may hold a password, so the error names only the setting.
    phalanx_state::open(&url, phalanx_state::Options::default())
        .await
        .context("can't open the store of documents (`state.url`)")
}

fn journal_config(folder: &DataFolder, config: &Config) -> JournalConfig {
    let mut journal = JournalConfig::new(folder.join("journal"));
    journal.max_bytes = config.journal.bytes_max;
    journal.min_free_bytes = config.journal.free_bytes_min;
    journal.in_flight_bytes = config.journal.in_flight_bytes_max;
    journal
}

fn lake_config(folder: &DataFolder, config: &Config, catalog: &Catalog) -> anyhow::Result<LakeConfig> {
    let mut lake = LakeConfig::new(folder.join("lake"), folder.join("tmp"));
    lake.url = config.lake.url.clone();
    lake.s3 = S3Settings {
        endpoint: config.lake.s3.endpoint.clone(),
        region: config.lake.s3.region.clone(),
        allow_http: config.lake.s3.allow_http,
        ..S3Settings::default()
    };
    lake.hot_bytes_max = config.lake.hot_bytes_max;
    lake.flush_bytes = config.lake.flush_bytes;
    lake.flush_after = std::time::Duration::from_secs(config.lake.flush_seconds);
    lake.rare_flush_after = lake.flush_after * 10;
    lake.compact_files = config.lake.compact_files;
    lake.retention_days = config.lake.retention_days;
    for (name, days) in &config.lake.retention {
        lake.retention.insert(table_meant(name, catalog)?, *days);
    }
    lake.query_memory_bytes = config.query.memory_bytes_max;
    Ok(lake)
}

/// The table that a key of `lake.retention` names. Environment variables come in lower case, and a custom table
/// may be declared later.
fn table_meant(name: &str, catalog: &Catalog) -> anyhow::Result<String> {
    let unknown = match catalog.require(name) {
        Ok(_) => return Ok(name.to_owned()),
        Err(unknown) => unknown,
    };
    let same = catalog.names().into_iter().find(|known| known.eq_ignore_ascii_case(name));
    match same {
        Some(known) => Ok(known.to_string()),
        None if name.to_ascii_uppercase().ends_with("_CL") => Ok(name.to_owned()),
        None => {
            Err(anyhow::Error::new(unknown).context(format!("`lake.retention.{name}` in the configuration")))
        }
    }
}
