//! A server that is killed loses no acknowledged row, and doubles none.
//!
//! Several senders upload as fast as they can while the server is killed at random moments: under load, in
//! the middle of flushes (the lake flushes every second) and while it is still starting. `PHALANX_TEST_SEED`
//! repeats a run's moments, as far as moments can be repeated.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use crate::context::{Api, Folder, Program, phalanx, seed};

const KILLS: u64 = 50;
const SENDERS: u64 = 3;
const ROWS_PER_UPLOAD: u64 = 20;
/// One kill of so many hits a server that is still starting.
const EARLY_EVERY: u64 = 6;

#[derive(Default)]
struct Books {
    next: AtomicU64,
    sent: AtomicU64,
    acknowledged: Mutex<BTreeSet<u64>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_rows_survive_kills_exactly_once() {
    let folder = Folder::new().await;
    let books = Arc::new(Books::default());
    let environment = [("PHALANX_LAKE__FLUSH_SECONDS", "1")];
    let mut random = seed();
    for kill in 0..KILLS {
        let moment = Duration::from_millis(random.below(900));
        if kill % EARLY_EVERY == EARLY_EVERY - 1 {
            kill_while_starting(&folder, moment / 3);
            continue;
        }
        let program = Program::serve(&folder.data, &environment);
        let api = Arc::new(Api::new(&folder, program.url()));
        let token = api.token().await;
        let senders: Vec<_> =
            (0..SENDERS).map(|_| tokio::spawn(send(api.clone(), token.clone(), books.clone()))).collect();
        tokio::time::sleep(moment).await;
        program.kill();
        for sender in senders {
            sender.await.expect("senders do not panic");
        }
    }
    let program = Program::serve(&folder.data, &environment);
    let api = Api::new(&folder, program.url());
    let token = api.token().await;
    let found = api.query(&token, "select ReportId from DeviceProcessEvents").await;
    let ids: Vec<u64> = found.iter().map(|row| row["ReportId"].as_u64().expect("a number")).collect();
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    let acknowledged = books.acknowledged.lock().expect("senders do not panic").clone();
    assert!(acknowledged.len() > 1_000, "only {} rows were acknowledged", acknowledged.len());
    assert_eq!(ids.len(), distinct.len(), "no row is there twice");
    assert_eq!(acknowledged.difference(&distinct).count(), 0, "no acknowledged row is missing");
    let sent = books.sent.load(Ordering::SeqCst);
    assert!(distinct.iter().all(|id| *id < sent), "no row is there that was never sent");
    assert!(program.stop().success());
}

/// Uploads until the server is gone.
async fn send(api: Arc<Api>, token: String, books: Arc<Books>) {
    loop {
        let first = books.next.fetch_add(ROWS_PER_UPLOAD, Ordering::SeqCst);
        let ids = first..first + ROWS_PER_UPLOAD;
        let rows: Vec<_> = ids.clone().map(|id| json!({ "ReportId": id, "DeviceName": "d" })).collect();
        books.sent.fetch_max(ids.end, Ordering::SeqCst);
        match api.try_upload(&token, "Custom-DeviceProcessEvents", &json!(rows)).await {
            Ok(answer) if answer.status() == 204 => {
                books.acknowledged.lock().expect("senders do not panic").extend(ids);
            }
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(_) => return,
        }
    }
}

fn kill_while_starting(folder: &Folder, moment: Duration) {
    let mut command = phalanx(&folder.data);
    command.args(["serve", "--listen", "127.0.0.1:0"]).stdout(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    std::thread::sleep(moment);
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}
