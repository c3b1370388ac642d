//! The command line, as people and scripts use it.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::context::{Folder, Program, phalanx, run, succeed};

const COMMANDS: [&str; 10] =
    ["serve", "init", "ingest", "tables", "query", "services", "doctor", "dead-letters", "backup", "restore"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn help_says_what_each_command_does() {
    let nowhere = std::path::Path::new("/nowhere");
    let all = succeed(nowhere, &["--help"]);
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} is not in the help");
        let own = succeed(nowhere, &[command, "--help"]);
        assert!(own.contains("Usage:") && own.lines().count() > 8, "{own}");
    }
    let unknown = run(nowhere, &["quary", "x"]);
    assert!(!unknown.status.success());
    assert!(
        text(&unknown.stderr).contains("query"),
        "the nearest command is named: {}",
        text(&unknown.stderr)
    );
}

#[test]
fn init_makes_a_folder_once_and_prints_what_scripts_need() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let data = temporary.path().join("data");
    let first: Value = serde_json::from_str(&succeed(&data, &["init", "--json"])).expect("JSON");
    for key in ["tenant_id", "client_id", "client_secret", "ca_file"] {
        assert!(first[key].as_str().is_some_and(|value| !value.is_empty()), "{key}");
    }
    let ca = std::fs::read_to_string(first["ca_file"].as_str().expect("a path")).expect("the file is there");
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
    let again = run(&data, &["init", "--json"]);
    assert!(!again.status.success(), "a folder is made once");
    assert!(again.stdout.is_empty());
    // The secret is nowhere in the folder: only a hash of it is kept.
    let secret = first["client_secret"].as_str().expect("a secret");
    let found = Command::new("grep").args(["-rlF", secret]).arg(&data).output().expect("grep runs");
    assert_eq!(text(&found.stdout), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_mistake_names_key_place_and_nearest_key() {
    let folder = Folder::new().await;
    let file = folder.data.join("phalanx.toml");
    std::fs::write(&file, "[lake]\nflush_secs = 3\n").expect("it can be written");
    let output = run(&folder.data, &["query", "select 1"]);
    let error = text(&output.stderr);
    assert!(!output.status.success());
    for part in ["`lake.flush_secs`", "`lake.flush_seconds`", "phalanx.toml"] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    std::fs::write(&file, "[server]\nlisten = \"127.0.0.1:1\"\n").expect("it can be written");
    let output = phalanx(&folder.data)
        .args(["query", "select 1"])
        .env("PHALANX_SERVER__LISTN", "127.0.0.1:0")
        .output()
        .expect("the program runs");
    assert!(text(&output.stderr).contains("`server.listen`"), "{}", text(&output.stderr));
    // The flag is stronger than the environment, the environment than the file: port 1 can't be had.
    let program = Program::serve(&folder.data, &[("PHALANX_SERVER__LISTEN", "127.0.0.1:1")]);
    assert_ne!(program.address.port(), 1);
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_speak_to_a_running_server() {
    let folder = Folder::new().await;
    let program = Program::serve(&folder.data, &[]);
    let mut ingest = phalanx(&folder.data)
        .args(["ingest", "--format", "json-lines", "--table", "Syslog", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = ingest.stdin.take().expect("it is piped");
    for number in 0..1_000 {
        writeln!(input, "{{\"SyslogMessage\":\"message {number}\",\"Facility\":\"auth\"}}")
            .expect("it reads");
    }
    drop(input);
    let output = ingest.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", text(&output.stdout));
    let told = text(&output.stdout);
    assert!(told.contains("Syslog") && told.contains("1,000"), "{told}");
    assert!(!told.contains('\x1b'), "no colours where there is no terminal");

    let count = "select count(*) as n from Syslog";
    assert_eq!(succeed(&folder.data, &["query", "--format", "jsonl", count]), "{\"n\":1000}\n");
    assert_eq!(succeed(&folder.data, &["query", "--format", "csv", count]), "n\r\n1000\r\n");
    assert_eq!(succeed(&folder.data, &["query", "--format", "table", count]), " n\n 1000\n");
    let tables = succeed(&folder.data, &["tables"]);
    assert!(tables.lines().any(|line| line.contains("Syslog") && line.contains("1,000")), "{tables}");
    let columns = succeed(&folder.data, &["tables", "SecurityEvent"]);
    assert!(columns.contains("Account") && columns.contains("datetime"), "{columns}");
    let services = succeed(&folder.data, &["services"]);
    assert!(services.contains("health") && services.contains("running"), "{services}");
    let doctor: Value =
        serde_json::from_str(&succeed(&folder.data, &["doctor", "--json"])).expect("doctor prints JSON");
    let checks: Vec<_> = doctor["checks"].as_array().expect("checks").iter().map(|c| &c["check"]).collect();
    for check in ["permissions", "certificate", "server", "clock", "disk"] {
        assert!(checks.iter().any(|found| *found == check), "{check} is not among {checks:?}");
    }
    for (query, part) in [
        ("select DeviceNam from DeviceProcessEvents", "`DeviceName`"),
        ("select * from DeviceProcesEvents", "`DeviceProcessEvents`"),
        ("selec 1", "selec"),
        ("drop table Syslog", "not supported"),
        ("insert into Syslog values (1)", "error"),
    ] {
        let output = run(&folder.data, &["query", query]);
        let error = text(&output.stderr);
        assert!(!output.status.success(), "`{query}` has no answer");
        assert!(error.contains(part), "`{part}` is not in the answer to `{query}`: {error}");
        assert!(error.len() < 400, "an error fits on a screen: {error}");
    }
    assert!(program.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let key = folder.data.join("tls/ca.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    let output = phalanx(&folder.data)
        .args(["doctor"])
        .env("PHALANX_SERVER__LISTEN", &address)
        .output()
        .expect("the program runs");
    let told = text(&output.stdout);
    assert!(!output.status.success(), "{told}");
    assert!(told.contains("chmod go="), "{told}");
    assert!(told.contains("server.listen"), "{told}");
    let nowhere = run(&folder.data.with_file_name("nowhere"), &["doctor"]);
    assert!(!nowhere.status.success());
    assert!(text(&nowhere.stdout).contains("phalanx init"), "{}", text(&nowhere.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_taken_in_file_by_file_whatever_one_of_them_is() {
    let folder = Folder::new().await;
    let logs = folder.data.with_file_name("logs");
    std::fs::create_dir(&logs).expect("a folder");
    std::fs::write(logs.join("a.jsonl"), "{\"TimeGenerated\":\"2026-01-02T03:04:05Z\",\"SyslogMessage\":\"m\",\"Facility\":\"auth\",\"SeverityLevel\":\"info\"}\n").expect("a file");
    std::fs::write(logs.join("b.bin"), [0xff, 0x00, 0xfe, 0x01].repeat(100)).expect("a file");
    std::fs::write(
        logs.join("c.csv"),
        "TimeGenerated,Facility,SeverityLevel,SyslogMessage\n2026-01-02T03:04:05Z,auth,info,n\n",
    )
    .expect("a file");
    let output = run(&folder.data, &["ingest", "--json", logs.to_str().expect("UTF-8")]);
    assert_ne!(output.status.code(), Some(0), "not everything went well");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(report["rows"]["Syslog"], 2, "{report}");
    assert!(report.to_string().contains("b.bin"), "the file that is no log is named: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_replayed_once() {
    let folder = Folder::new().await;
    let file = folder.data.with_file_name("rows.jsonl");
    // Not a row of JSON lines; but one of CSV without a header would not be either: it stays.
    std::fs::write(
        &file,
        "Nov 25 09:00:00 host sshd[1]: Failed password for root from 203.0.113.7 port 1 ssh2\n",
    )
    .expect("a file");
    let arguments =
        ["ingest", "--json", "--format", "json-lines", "--table", "Syslog", file.to_str().expect("UTF-8")];
    assert_eq!(run(&folder.data, &arguments).status.code(), Some(2));
    let listed = succeed(&folder.data, &["dead-letters"]);
    assert!(listed.contains("json-lines"), "{listed}");
    let output = run(&folder.data, &["dead-letters", "replay"]);
    assert_eq!(output.status.code(), Some(2), "not all went well");
    let replayed = text(&output.stdout);
    assert!(replayed.contains("1 tried, 0 decoded"), "{replayed}");
    let replayed = succeed(&folder.data, &["dead-letters", "replay", "--as", "syslog"]);
    assert!(replayed.contains("1 tried, 1 decoded"), "{replayed}");
    let replayed = succeed(&folder.data, &["dead-letters", "replay", "--as", "syslog"]);
    assert!(replayed.contains("0 tried"), "{replayed}");
    let rows =
        succeed(&folder.data, &["query", "--format", "jsonl", "select ProcessName, ProcessID from Syslog"]);
    assert_eq!(rows, "{\"ProcessName\":\"sshd\",\"ProcessID\":1}\n");
    assert!(succeed(&folder.data, &["dead-letters"]).contains("nothing is waiting"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_below_a_header_are_replayed_with_it_and_a_table_can_be_named_later() {
    let folder = Folder::new().await;
    let place = tempfile::tempdir().expect("a temporary folder");
    let csv = place.path().join("events.csv");
    // Nobody said which table: all of it waits.
    std::fs::write(&csv, "When,Computer,What\n2026-01-01T00:00:00Z,host,a\n2026-01-01T00:00:01Z,host,b\n")
        .expect("it can be written");
    let output = run(&folder.data, &["ingest", "--format", "csv", csv.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    let listed = succeed(&folder.data, &["dead-letters"]);
    assert!(listed.contains('2') && listed.contains("events.csv"), "{listed}");
    let replayed = succeed(&folder.data, &["dead-letters", "replay", "--table", "SecurityEvent"]);
    assert!(replayed.contains("2 tried, 2 decoded into 2 rows"), "{replayed}");
    let rows = succeed(
        &folder.data,
        &["query", "--format", "csv", "select Computer, _Unmapped from SecurityEvent order by 2"],
    );
    assert_eq!(rows.lines().count(), 3, "{rows}");
    assert!(rows.contains("host") && rows.contains("What"), "{rows}");
    let listed = succeed(&folder.data, &["dead-letters"]);
    assert!(listed.contains("nothing is waiting"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_s_retention_must_name_a_table() {
    let folder = Folder::new().await;
    let asked = |name: &str| {
        let mut command = phalanx(&folder.data);
        command.args(["query", "select 1"]).env(format!("PHALANX_LAKE__RETENTION__{name}"), "7");
        command.output().expect("the program runs")
    };
    assert!(asked("SecurityEvent").status.success(), "however the environment spells it");
    assert!(asked("Later_CL").status.success(), "it may be declared later");
    let output = asked("SecurityEvnt");
    assert!(!output.status.success());
    let error = text(&output.stderr);
    assert!(error.contains("lake.retention") && error.contains("SecurityEvent"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_a_killed_server_are_not_believed() {
    let folder = Folder::new().await;
    let program = Program::serve(&folder.data, &[]);
    program.kill();
    assert!(folder.data.join("address").exists(), "a killed server can't remove it");
    // Whoever opens the folder next knows that nobody serves it.
    succeed(&folder.data, &["query", "select 1"]);
    assert!(!folder.data.join("address").exists());
}
