//! A PostgreSQL server of a test's own.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tempfile::TempDir;

use super::Fixture;

/// A server in a temporary folder, stopped and removed at the end. It listens only on a socket in its folder.
pub struct Server {
    programs: PathBuf,
    folder: TempDir,
    process: Option<Child>,
    databases: AtomicU32,
}

impl Server {
    /// Makes a server and starts it.
    pub fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("phalanx-pg-").tempdir().expect("a temporary folder can be made");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("it is ours");
        if let Some((user, group)) = substitute() {
            chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
        }
        let mut server = Self { programs: programs(), folder, process: None, databases: AtomicU32::new(0) };
        let made = server
            .command("initdb")
            .args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pgdata",
            ])
            .arg(server.data())
            .output()
            .expect("initdb can be started");
        assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        server.launch();
        server
    }

    /// Starts the server after [`Server::stop`].
    pub fn launch(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).expect("the folder can be written");
        let process = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=100"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres can be started");
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.is_ready() {
            assert!(Instant::now() < deadline, "PostgreSQL is not ready in time: {}", self.log());
            let ended =
                self.process.as_mut().and_then(|process| process.try_wait().expect("it is our child"));
            assert!(ended.is_none(), "PostgreSQL ended: {}", self.log());
        }
    }

    /// Stops the server as a crash would: connections are cut.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // SIGQUIT is the server's immediate shutdown: it takes its children along, which SIGKILL doesn't.
        let signalled = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
        if !signalled.is_ok_and(|status| status.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Carries out a statement that no connection of a database can.
    pub fn sql(&self, sql: &str) {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-c", sql, "-h"])
            .arg(self.folder.path());
        let done = psql.output().expect("psql can be started");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Ends the connections of all stores, whatever they are at.
    pub fn cut_connections(&self) {
        self.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'phalanx-state'",
        );
    }

    fn is_ready(&self) -> bool {
        let mut ready = self.command("pg_isready");
        ready.arg("-q").args(["-t", "1", "-h"]).arg(self.folder.path());
        ready.status().expect("pg_isready can be started").success()
    }

    /// A program of PostgreSQL's, as a user that is not root, for it refuses to run as root.
    fn command(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path());
        if let Some((user, group)) = substitute() {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::start()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[async_trait]
impl Fixture for Server {
    async fn create(&self) -> String {
        let name = format!("db{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }
}

/// The user and group to run the server as: none other than ours, but for root that of the package.
fn substitute() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok()? != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("there is a list of users");
    let postgres = users.lines().find(|line| line.starts_with("postgres:"));
    let postgres = postgres.expect("no user `postgres`: install the package `postgresql`");
    let number =
        |field| postgres.split(':').nth(field).and_then(|text| text.parse().ok()).expect("ids are numbers");
    Some((number(2), number(3)))
}

/// The folder of the newest installed server's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").is_file())
        .collect();
    found.sort();
    let elsewhere = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder: &PathBuf| Path::new(folder).join("initdb").is_file())
    };
    found.pop().map(|(_, programs)| programs).or_else(elsewhere).expect(
        "PostgreSQL is not installed; the tests need its server: install the package `postgresql` \
         (`apt-get install postgresql`)",
    )
}
