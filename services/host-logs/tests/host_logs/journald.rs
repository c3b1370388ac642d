//! The systemd journal, through a `journalctl` that is a script, and through the real one where there is one.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use phalanx_hub::SourceState;
use serde_json::{Value, json};

use crate::support::*;

/// Gives the entries that are files named by their numbers, and follows.
const SCRIPT: &str = r#"#!/bin/sh
dir=$(dirname "$0")
echo "$*" >> "$dir/calls"
after=0 follow=no
for arg in "$@"; do
  case "$arg" in
    --after-cursor=*) after=${arg#--after-cursor=s=1;i=} ;;
    --follow) follow=yes ;;
  esac
done
if [ $follow = no ]; then
  [ -f "$dir/1" ] && cat "$dir/1"
  exit 0
fi
[ -f "$dir/hint" ] && cat "$dir/hint" >&2
next=$((after + 1))
while :; do
  if [ -f "$dir/$next" ]; then
    cat "$dir/$next"
    next=$((next + 1))
  elif [ -f "$dir/fail" ]; then
    rm "$dir/fail"
    echo "Failed to iterate through journal: Bad message" >&2
    exit 1
  else
    sleep 0.02
  fi
done
"#;

fn install(host: &Host) -> Value {
    let folder = host.file("bin");
    fs::create_dir_all(&folder).expect("made");
    let program = folder.join("journalctl");
    fs::write(&program, SCRIPT).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    json!({ "journalctl": program, "files": [], "look_ms": 10 })
}

/// Makes an entry appear, whole at once.
fn log(host: &Host, number: u32) {
    let entry = format!(
        "__CURSOR=s=1;i={number}\n__REALTIME_TIMESTAMP=177{number:013}\n_HOSTNAME=host\nPRIORITY=6\n\
         SYSLOG_IDENTIFIER=test\n_PID={number}\nMESSAGE=message {}\n\n",
        number - 1
    );
    let (hidden, path) = (host.file("bin/new"), host.file(&format!("bin/{number}")));
    fs::write(&hidden, entry).expect("written");
    fs::rename(hidden, path).expect("renamed");
}

#[tokio::test]
async fn entries_are_taken_in_once_across_kills() {
    let host = Host::new().await;
    let settings = install(&host);
    log(&host, 1);
    let mut last = 1;
    for round in 0..10_u32 {
        let hub = host.start(settings.clone()).await;
        for _ in 0..5 {
            last += 1;
            log(&host, last);
        }
        if round % 3 == 0 {
            host.until_messages(&messages(0..last)).await;
        }
        if round % 2 == 0 {
            host.kill(hub).await;
        } else {
            hub.shutdown().await;
        }
    }
    let hub = host.start(settings).await;
    host.until_messages(&messages(0..last)).await;
    source(&hub, |report| report.source == "journald" && report.state == SourceState::Work).await;
    hub.shutdown().await;
    let calls = fs::read_to_string(host.file("bin/calls")).expect("the script was called");
    let mut follows = calls.lines().filter(|call| call.contains("--follow"));
    let first = follows.next().expect("a first call");
    assert!(first.contains("--lines=10000") && first.contains("--output=export"), "{first}");
    assert!(follows.any(|call| call.contains("--no-tail --after-cursor=s=1;i=")), "{calls}");
}

#[tokio::test]
async fn a_journalctl_that_ends_is_reported_and_started_again() {
    let host = Host::new().await;
    let settings = install(&host);
    log(&host, 1);
    fs::write(host.file("bin/fail"), "").expect("written");
    let hub = host.start(settings).await;
    let failed = source(&hub, |report| report.state == SourceState::Fail).await;
    let expected = "journalctl ended (exit status: 1): Failed to iterate through journal: Bad message";
    assert_eq!(failed.detail, expected);
    log(&host, 2);
    host.until_messages(&messages(0..2)).await;
    source(&hub, |report| report.state == SourceState::Work).await;
    assert_eq!(hub.status().services[0].restarts, 0);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_host_without_a_journal_has_its_files_followed() {
    let host = Host::new().await;
    let mut settings = install(&host);
    settings["files"] = json!([{"path": host.file("syslog")}]);
    fs::write(host.file("syslog"), "May  1 10:00:00 host cron[1]: message 0\n").expect("written");
    let hub = host.start(settings).await;
    host.until_messages(&messages(0..1)).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_missing_journalctl_that_is_wanted_is_reported() {
    let host = Host::new().await;
    let settings = json!({"journald": "always", "journalctl": "/no/such/journalctl", "files": []});
    let hub = host.start(settings).await;
    let failed = source(&hub, |report| report.state == SourceState::Fail).await;
    assert!(failed.detail.starts_with("`/no/such/journalctl` can't be started"), "{failed:?}");
    assert!(failed.advice.is_some_and(|advice| advice.contains("journald = \"never\"")));
    hub.shutdown().await;
}

#[tokio::test]
async fn the_real_journal_is_read_where_there_is_one() {
    let program = Path::new("journalctl");
    let output = Command::new(program).args(["--output=export", "--lines=1", "--quiet"]).output();
    if !output.is_ok_and(|output| !output.stdout.is_empty()) {
        eprintln!("this machine has no journal to read");
        return;
    }
    let host = Host::new().await;
    let settings = json!({"journald": "always", "journald_history_lines": 5, "files": []});
    let hub = host.start(settings).await;
    source(&hub, |report| report.source == "journald" && report.state == SourceState::Work).await;
    assert!(!host.texts("Syslog", "SyslogMessage").await.is_empty());
    hub.shutdown().await;
}
