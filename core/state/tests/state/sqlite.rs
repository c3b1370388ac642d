//! SQLite: the suite, and what happens to a file.

use std::{
    fs,
    io::{BufRead, BufReader, Seek, SeekFrom, Write as _},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use phalanx_state::{
    Author, Error, Key, Options, Precondition, Query, TenantId, Write, open,
    testsuite::{self, Fixture},
};
use serde_json::json;
use tempfile::TempDir;

use super::samples;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let folder = Arc::new(Folder::new());
    testsuite::run(folder.clone()).await;
    samples::an_old_layout_becomes_the_new_one(&*folder, "sqlite").await;
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let folder = Folder::new();
    let url = folder.create().await;
    let state = open(&url, Options::default()).await.expect("it opens");
    state.put(&key("a"), json!({}), Precondition::None, &author()).await.expect("nothing forbids it");
    let mut files = 0;
    for entry in fs::read_dir(folder.path()).expect("it is a folder") {
        let entry = entry.expect("it can be read");
        let mode = entry.metadata().expect("it is a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log, and the index of the log");
    state.close().await;
    assert_eq!(
        fs::read_dir(folder.path()).expect("it is a folder").count(),
        1,
        "closing leaves the one file"
    );
}

#[tokio::test]
async fn damage_is_found() {
    let folder = Folder::new();
    let url = folder.create().await;
    let state = open(&url, Options::default()).await.expect("it opens");
    for number in 0..200 {
        let body = json!({"text": "x".repeat(500), "n": number});
        state
            .put(&key(&number.to_string()), body, Precondition::None, &author())
            .await
            .expect("nothing forbids it");
    }
    state.close().await;
    let path = url.strip_prefix("sqlite:").expect("that is how it was made");
    let mut file = fs::OpenOptions::new().write(true).open(path).expect("it is there");
    let length = file.metadata().expect("it is a file").len();
    file.seek(SeekFrom::Start(length / 2 / 4096 * 4096)).expect("it is that long");
    file.write_all(&[0xA5; 8192]).expect("it can be written");
    drop(file);
    let state = open(&url, Options::default()).await.expect("the beginning is whole");
    let verified = state.verify().await;
    assert!(matches!(verified, Err(Error::Corrupt(_))), "{verified:?}");
    state.close().await;
}

/// A child writes and tells what was acknowledged; killed at any moment, nothing it told of is missing.
#[tokio::test]
async fn what_was_acknowledged_survives_kill() {
    let folder = Folder::new();
    let url = folder.create().await;
    let mut acknowledged = 0_u64;
    for (round, lines) in [3, 40, 1, 77, 19, 250, 8, 133].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().expect("this program has a file"))
            .args(["--exact", "sqlite::child_that_writes", "--nocapture"])
            .env(CHILD, &url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut told =
            output.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
        acknowledged = told.by_ref().take(lines).last().expect("it writes");
        child.kill().expect("it runs until it is killed");
        // What it told before it died counts too.
        acknowledged = told.last().unwrap_or(acknowledged);
        child.wait().expect("it is our child");

        let state = open(&url, Options::default()).await.expect("it opens after a crash");
        let head = state.head().await.expect("it reads").position();
        assert!(
            head >= 2 * acknowledged,
            "round {round}: {acknowledged} were acknowledged, {head} changes are there"
        );
        assert_eq!(head % 2, 0, "both documents of a write or none");
        let counts = state.verify().await.expect("it agrees");
        assert_eq!((counts.documents, counts.changes), (head / 2 + 1, head));
        for number in 1..=acknowledged {
            assert!(state.get(&key(&number.to_string())).await.expect("it reads").is_some(), "{number}");
        }
        state.close().await;
    }
    assert!(acknowledged > 500, "the rounds go on from one another");
}

const CHILD: &str = "PHALANX_STATE_TEST_CHILD";

/// Not a test by itself: the child of the one above, which sets the variable.
#[tokio::test]
async fn child_that_writes() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let state = open(&url, Options::default()).await.expect("it opens");
    let written = state.count(&Query::new(TenantId::PLATFORM, "things")).await.expect("it counts");
    for number in written.max(1).. {
        let put = |id: &str| Write::Put {
            key: key(id),
            body: json!({ "n": number }),
            precondition: Precondition::None,
        };
        state
            .write(vec![put(&number.to_string()), put("last")], &author())
            .await
            .expect("nothing forbids it");
        println!("ack {number}");
    }
}

/// Makes databases in a temporary folder.
pub struct Folder {
    folder: TempDir,
    databases: AtomicU32,
}

impl Folder {
    pub fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("phalanx-state-").tempdir().expect("a folder can be made");
        Self { folder, databases: AtomicU32::new(0) }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[async_trait]
impl Fixture for Folder {
    async fn create(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        format!("sqlite:{}", self.folder.path().join(format!("{number}.db")).display())
    }
}

fn key(id: &str) -> Key {
    Key::new(TenantId::PLATFORM, "things", id).expect("it is well-formed")
}

fn author() -> Author {
    Author::new("tester").expect("it is well-formed")
}
