//! Log files that grow and rotate while the program is killed again and again.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use phalanx_hub::SourceState;
use serde_json::{Value, json};

use crate::support::*;

fn settings(host: &Host) -> Value {
    json!({
        "journald": "never",
        "files": [{"path": host.file("auth.log")}],
        "look_ms": 10,
    })
}

fn line(number: u32) -> String {
    format!("May  1 10:00:{:02} host sshd[{number}]: message {number}\n", number % 60)
}

fn write(path: &Path, text: &str) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
}

#[tokio::test]
async fn a_file_is_followed_from_before_it_is_there() {
    let host = Host::new().await;
    let hub = host.start(settings(&host)).await;
    source(&hub, |report| report.state == SourceState::Absent).await;
    write(&host.file("auth.log"), &line(0));
    host.until_messages(&messages(0..1)).await;
    source(&hub, |report| report.state == SourceState::Work).await;
    let half = line(1);
    write(&host.file("auth.log"), &half[..30]);
    write(&host.file("auth.log"), &half[30..]);
    host.until_messages(&messages(0..2)).await;
    hub.shutdown().await;
    write(&host.file("auth.log"), &line(2));
    let hub = host.start(settings(&host)).await;
    host.until_messages(&messages(0..3)).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn kills_and_rotations_neither_lose_nor_double_a_line() {
    let host = Host::new().await;
    let path = host.file("auth.log");
    let mut number = 0;
    for round in 0..24_u32 {
        let before = host.journal.head();
        let hub = host.start(settings(&host)).await;
        for _ in 0..50 {
            write(&path, &line(number));
            number += 1;
            if number % 7 == round % 7 {
                tokio::task::yield_now().await;
            }
        }
        // A file that is rotated before it was ever seen is history, and none of ours.
        if round % 3 == 0 {
            eventually("something was taken in", || host.journal.head() > before).await;
        }
        match round % 4 {
            0 => rename(&host),
            1 => {
                shift(&host);
                // A copy can only be cut off when nobody writes in between, as with logrotate.
                fs::copy(&path, host.file("auth.log.1")).expect("copied");
                fs::write(&path, "").expect("truncated");
            }
            _ => {}
        }
        if round % 2 == 0 {
            host.kill(hub).await;
        } else {
            hub.shutdown().await;
        }
    }
    let hub = host.start(settings(&host)).await;
    host.until_messages(&messages(0..number)).await;
    hub.shutdown().await;
}

/// As logrotate does.
fn rename(host: &Host) {
    shift(host);
    fs::rename(host.file("auth.log"), host.file("auth.log.1")).expect("renamed");
}

/// Makes room for a new `auth.log.1`. So many old files are kept that none is dropped before it was read,
/// however many rotations a collector that is down sleeps through.
fn shift(host: &Host) {
    for number in (1..OLD_FILES).rev() {
        // Those that are shifted may not be there yet.
        let _ = fs::rename(
            host.file(&format!("auth.log.{number}")),
            host.file(&format!("auth.log.{}", number + 1)),
        );
    }
}

const OLD_FILES: u32 = 15;

#[tokio::test]
async fn a_wrong_format_is_told() {
    let host = Host::new().await;
    let files = json!([{"path": "/var/log/x", "format": "sislog"}]);
    let hub = host.start(json!({"journald": "never", "files": files})).await;
    let failure = || hub.status().services[0].last_failure.clone();
    eventually("it fails", || failure().is_some()).await;
    let text = failure().expect("a failure").1.to_string();
    assert!(text.contains("`sislog` of file /var/log/x is no format"), "{text}");
    hub.shutdown().await;
}
