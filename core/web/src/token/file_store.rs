//! Signing keys in one file of the data folder, readable by its owner alone.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::KeyState;
use super::store::{KeyStore, KeyStoreError, StoredKey};
use crate::secret::SecretBytes;

/// Permission bits of the key file.
const MODE: u32 = 0o600;

/// The version of the file's format.
const VERSION: u32 = 1;

/// A [`KeyStore`] in a single JSON file with mode 600, replaced by rename.
#[derive(Clone, Debug)]
pub struct FileKeyStore {
    path: PathBuf,
}

impl FileKeyStore {
    /// The store in the file `path`, which need not exist; its folder must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl KeyStore for FileKeyStore {
    async fn load(&self) -> Result<Vec<StoredKey>, KeyStoreError> {
        let path = self.path.clone();
        blocking("read", move || load(&path)).await
    }

    async fn save(&self, keys: Vec<StoredKey>) -> Result<(), KeyStoreError> {
        let path = self.path.clone();
        blocking("written", move || save(&path, &keys)).await
    }
}

async fn blocking<T: Send + 'static>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, KeyStoreError> + Send + 'static,
) -> Result<T, KeyStoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| storage(action, error))?
}

fn storage(
    action: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> KeyStoreError {
    KeyStoreError::Storage { action, source: source.into() }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFormat {
    version: u32,
    keys: Vec<FileKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    kid: String,
    created: DateTime<Utc>,
    state: FileState,
    pkcs8: Base64,
}

/// Text that is wiped from memory after use, as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Base64(String);

impl Drop for Base64 {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileState {
    Next,
    Current,
    Retired { until: DateTime<Utc> },
}

fn load(path: &Path) -> Result<Vec<StoredKey>, KeyStoreError> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o7777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(storage("read", error)),
    };
    if mode & 0o077 != 0 {
        return Err(KeyStoreError::Exposed { path: path.display().to_string(), mode });
    }
    let text = Zeroizing::new(fs::read(path).map_err(|error| storage("read", error))?);
    let file: FileFormat =
        serde_json::from_slice(&text).map_err(|error| KeyStoreError::Damaged(error.to_string()))?;
    if file.version != VERSION {
        return Err(KeyStoreError::Damaged(format!("format version {} is not known", file.version)));
    }
    file.keys.into_iter().map(stored).collect()
}

fn stored(key: FileKey) -> Result<StoredKey, KeyStoreError> {
    let pkcs8 = STANDARD
        .decode(&key.pkcs8.0)
        .map_err(|_| KeyStoreError::Damaged(format!("the key `{}` is not base64", key.kid)))?;
    let state = match key.state {
        FileState::Next => KeyState::Next,
        FileState::Current => KeyState::Current,
        FileState::Retired { until } => KeyState::Retired { until },
    };
    Ok(StoredKey { kid: key.kid, pkcs8: SecretBytes::new(pkcs8), created: key.created, state })
}

fn save(path: &Path, keys: &[StoredKey]) -> Result<(), KeyStoreError> {
    let keys = keys
        .iter()
        .map(|key| FileKey {
            kid: key.kid.clone(),
            created: key.created,
            state: match key.state {
                KeyState::Next => FileState::Next,
                KeyState::Current => FileState::Current,
                KeyState::Retired { until } => FileState::Retired { until },
            },
            pkcs8: Base64(STANDARD.encode(key.pkcs8.expose())),
        })
        .collect();
    let text = serde_json::to_vec_pretty(&FileFormat { version: VERSION, keys })
        .map(Zeroizing::new)
        .expect("keys are texts and times, which JSON can hold");
    replace(path, &text).map_err(|error| storage("written", error))
}

/// Writes a new file beside the old one, makes it durable, and puts it in the old one's place.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What a crash may have left behind; `create_new` then makes sure that the mode is ours.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&beside)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
