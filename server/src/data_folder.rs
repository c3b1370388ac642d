//! The data folder: everything that one Phalanx keeps, in one place.
//!
//! ```text
//! phalanx.json    who this is: tenant, when made            address         where the server listens
//! phalanx.toml    the configuration, if the user wrote one   phalanx.sock    the local commands' door
//! tls/            certificate authority and certificate      keys/           token signing keys
//! journal/ lake/ state.db                                    logs/ tmp/
//! ```

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use phalanx_signal::TenantId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A data folder that exists. Only its owner can read it.
#[derive(Clone, Debug)]
pub struct DataFolder {
    path: PathBuf,
    identity: Identity,
}

/// Who this Phalanx is, made once.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    /// Layout of the data folder.
    version: u32,
    tenant_id: Uuid,
    created: String,
}

const VERSION: u32 = 1;

impl DataFolder {
    /// Where data goes when nothing is said: `$XDG_DATA_HOME/phalanx`, else `~/.local/share/phalanx`.
    pub fn default_path() -> PathBuf {
        let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
        let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share")));
        base.unwrap_or_else(|| "/var/lib".into()).join("phalanx")
    }

    /// Whether `path` holds a data folder.
    pub fn exists(path: &Path) -> bool {
        path.join("phalanx.json").is_file()
    }

    /// Makes a new data folder; refuses a folder that holds anything but a configuration file.
    pub fn create(path: &Path, created: String) -> anyhow::Result<Self> {
        if Self::exists(path) {
            bail!("`{}` is a data folder already", path.display());
        }
        if path.is_dir() {
            let others = fs::read_dir(path)?.filter_map(Result::ok).find(|e| e.file_name() != "phalanx.toml");
            if let Some(other) = others {
                bail!(
                    "`{}` holds something else (`{}`); give an empty or new folder",
                    path.display(),
                    other.file_name().to_string_lossy()
                );
            }
        }
        private_folder(path)?;
        for folder in ["tls", "keys", "journal", "lake", "logs", "tmp"] {
            private_folder(&path.join(folder))?;
        }
        let identity = Identity { version: VERSION, tenant_id: Uuid::new_v4(), created };
        let text = serde_json::to_string_pretty(&identity).context("an identity is JSON")?;
        write_durably(&path.join("phalanx.json"), text.as_bytes(), 0o600)?;
        Ok(Self { path: path.to_owned(), identity })
    }

    /// Opens an existing data folder.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = path.join("phalanx.json");
        let text = fs::read_to_string(&file).with_context(|| {
            format!("`{}` is no data folder; `phalanx init --data {0}` makes one", path.display())
        })?;
        let identity: Identity =
            serde_json::from_str(&text).with_context(|| format!("`{}` is damaged", file.display()))?;
        if identity.version != VERSION {
            bail!(
                "`{}` has layout {}, this program knows {VERSION}; use the release that made it",
                path.display(),
                identity.version
            );
        }
        for folder in ["tls", "keys", "journal", "lake", "logs", "tmp"] {
            private_folder(&path.join(folder))?;
        }
        Ok(Self { path: path.to_owned(), identity })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn tenant(&self) -> TenantId {
        TenantId::new(self.identity.tenant_id)
    }

    /// The socket of the local commands. Socket paths are limited to 107 bytes, so a longer one lives
    /// in the runtime folder under a name made of the tenant.
    pub fn socket(&self) -> PathBuf {
        let inside = self.path.join("phalanx.sock");
        if inside.as_os_str().len() <= 100 {
            return inside;
        }
        std::env::temp_dir().join(format!("phalanx-{}.sock", self.identity.tenant_id.simple()))
    }

    /// Where the server listens, as it wrote it.
    pub fn address(&self) -> PathBuf {
        self.join("address")
    }

    /// User id of the folder's owner.
    pub fn owner(&self) -> io::Result<u32> {
        fs::metadata(&self.path).map(|metadata| metadata.uid())
    }
}

/// Makes a folder (and those above it) that only its owner can enter.
fn private_folder(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("can't make the folder `{}`", path.display()))
}

/// Writes a whole file so that after a crash there is the old one or the new one.
pub fn write_durably(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    let draft = path.with_extension("draft");
    let write = || -> io::Result<()> {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("can't write `{}`", path.display()))
}
