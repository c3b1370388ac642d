//! A disk that is really full: senders are told to come back, nothing is damaged, and it goes on when there is
//! room again.
//!
//! The disk is a small tmpfs in a mount namespace of its own, held by a process that does nothing else; the
//! server runs in that namespace.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::context::{Api, Credentials, PATIENCE, Program, phalanx_words};

const DISK_MEGABYTES: usize = 96;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_and_recovers() {
    // Without a reserve the writes themselves fail; with one, nothing is begun that could fail.
    for reserve in ["0", "8388608"] {
        let disk = SmallDisk::new();
        let data = disk.mount.join("data");
        let first = disk.run(&data, &["init", "--json"]);
        let first: Value = serde_json::from_slice(&first).expect("init prints JSON");
        let environment =
            [("PHALANX_JOURNAL__FREE_BYTES_MIN", reserve), ("PHALANX_LAKE__FLUSH_SECONDS", "1")];
        let program = Program::serve_by(disk.command(&data), &disk.seen(&data), &environment);
        let text = |key: &str| first[key].as_str().expect("a text").to_owned();
        let credentials = Credentials {
            ca_file: disk.seen(Path::new(&text("ca_file"))),
            tenant: text("tenant_id"),
            id: text("client_id"),
            secret: text("client_secret"),
        };
        let api = Api::with(credentials.clone(), program.url());
        let token = api.token().await;

        let mut taken = upload(&api, &token, 0, 50).await;
        assert_eq!(taken, 50, "there is room");
        let ballast = disk.seen(&disk.mount.join("ballast"));
        disk.fill(&ballast);
        let refused = upload_until_refused(&api, &token, &mut taken).await;
        assert!([429, 503].contains(&refused.status().as_u16()), "{}", refused.status());
        assert!(refused.headers().contains_key("retry-after"), "a sender is told when to come back");
        let body: Value = refused.json().await.expect("an error body");
        assert!(body["error"]["message"].is_string(), "{body}");
        count_is(&api, &token, taken).await;

        fs::remove_file(&ballast).expect("the ballast can be removed");
        let begun = Instant::now();
        while upload(&api, &token, taken, 1).await == 0 {
            assert!(begun.elapsed() < PATIENCE, "it takes rows again when there is room");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        taken += 1;
        count_is(&api, &token, taken).await;

        program.kill();
        let program = Program::serve_by(disk.command(&data), &disk.seen(&data), &environment);
        let api = Api::with(credentials, program.url());
        // Another port is another authority, so another token.
        let token = api.token().await;
        count_is(&api, &token, taken).await;
        assert!(program.stop().success());
    }
}

/// Uploads so many rows, a request each; gives how many were acknowledged.
async fn upload(api: &Api, token: &str, first: u64, count: u64) -> u64 {
    let mut taken = 0;
    for number in first..first + count {
        let answer = api.upload(token, "Custom-DeviceProcessEvents", &row(number)).await;
        taken += u64::from(answer.status() == 204);
    }
    taken
}

async fn upload_until_refused(api: &Api, token: &str, taken: &mut u64) -> reqwest::Response {
    let begun = Instant::now();
    loop {
        let answer = api.upload(token, "Custom-DeviceProcessEvents", &row(*taken)).await;
        if answer.status() != 204 {
            return answer;
        }
        *taken += 1;
        assert!(begun.elapsed() < PATIENCE, "a full disk refuses at last");
    }
}

/// A row that does not compress: what is on the disk is what was sent.
fn row(number: u64) -> Value {
    let noise: String = (0..1_000).map(|_| uuid::Uuid::new_v4().simple().to_string()).collect();
    json!([{ "ReportId": number, "DeviceName": "d", "ProcessCommandLine": noise }])
}

async fn count_is(api: &Api, token: &str, expected: u64) {
    let query = "select count(distinct \"ReportId\") * 1000000 + count(*) as n from DeviceProcessEvents";
    let expected = i64::try_from(expected * 1_000_000 + expected).expect("few rows");
    api.wait_for(token, query, expected).await;
}

/// A tmpfs in a mount namespace of its own; gone when this is dropped.
struct SmallDisk {
    holder: Child,
    mount: PathBuf,
    _place: tempfile::TempDir,
}

impl SmallDisk {
    fn new() -> Self {
        let place = tempfile::tempdir().expect("a temporary folder");
        let mount = place.path().join("disk");
        fs::create_dir(&mount).expect("a mount point");
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        let script = format!("mount -t tmpfs -o size={DISK_MEGABYTES}m tmpfs \"$0\" && exec sleep infinity");
        command.args(["sh", "-c", &script]).arg(&mount);
        let holder = command.stdin(Stdio::null()).spawn().expect("unshare is part of util-linux");
        let disk = Self { holder, mount, _place: place };
        let begun = Instant::now();
        while !disk.is_mounted() {
            assert!(begun.elapsed() < PATIENCE, "the small disk could not be mounted");
            std::thread::sleep(Duration::from_millis(10));
        }
        disk
    }

    fn is_mounted(&self) -> bool {
        let mounts = fs::read_to_string(format!("/proc/{}/mounts", self.holder.id())).unwrap_or_default();
        mounts.contains(&format!(" {} tmpfs ", self.mount.display()))
    }

    /// A path on the disk as this process can reach it.
    fn seen(&self, path: &Path) -> PathBuf {
        let inside = path.strip_prefix("/").expect("an absolute path");
        PathBuf::from(format!("/proc/{}/root", self.holder.id())).join(inside)
    }

    /// The program on a data folder of the disk; lacks only the subcommand.
    fn command(&self, data: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.args(phalanx_words(data)).env_remove("PHALANX_DATA").env_remove("PHALANX_CONFIG");
        command
    }

    fn run(&self, data: &Path, arguments: &[&str]) -> Vec<u8> {
        let output = self.command(data).args(arguments).output().expect("nsenter is part of util-linux");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Uses up all the room there is.
    fn fill(&self, ballast: &Path) {
        use std::io::Write;
        let mut file = fs::File::create(ballast).expect("the ballast can be made");
        let zeros = vec![0; 1 << 16];
        while file.write_all(&zeros).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
