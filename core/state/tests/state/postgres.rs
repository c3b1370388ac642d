//! PostgreSQL: the suite on a real server, and what becomes of a store when the server or the way to it fails.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_state::{
    Author, Error, Key, Options, Precondition, ResumeToken, State, TenantId, open,
    testsuite::{self, Fixture, postgres::Server},
};
use serde_json::json;

use super::{samples, sqlite};

/// One server for all of these, for starting one takes longer than most of them.
#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let server = Arc::new(Server::start());
    testsuite::run(server.clone()).await;
    samples::an_old_layout_becomes_the_new_one(&*server, "postgres").await;
    a_state_moves_from_sqlite_and_back(&server).await;
    other_encodings_are_refused(&server).await;
    connections_may_be_cut_at_any_moment(server.clone()).await;
    drop(server);
    a_server_that_goes_away_may_come_back().await;
}

async fn a_state_moves_from_sqlite_and_back(server: &Server) {
    let folder = sqlite::Folder::new();
    let key = Key::new(TenantId::PLATFORM, "things", "a").expect("it is well-formed");
    let author = Author::new("tester").expect("it is well-formed");
    let first = open(&folder.create().await, Options::default()).await.expect("it opens");
    let stored =
        first.put(&key, json!({"x": "\0é"}), Precondition::None, &author).await.expect("nothing forbids it");
    let there = folder.path().join("there.jsonl");
    first.backup_to(&there).await.expect("it is written");

    let second = open(&server.create().await, Options::default()).await.expect("it opens");
    second.restore_from(&there).await.expect("it restores");
    assert_eq!(second.get(&key).await.expect("it reads"), Some(stored.clone()));
    let back = folder.path().join("back.jsonl");
    second.backup_to(&back).await.expect("it is written");

    let third = open(&folder.create().await, Options::default()).await.expect("it opens");
    third.restore_from(&back).await.expect("it restores");
    assert_eq!(third.get(&key).await.expect("it reads"), Some(stored));
    for state in [first, second, third] {
        state.verify().await.expect("it agrees");
        state.close().await;
    }
}

async fn other_encodings_are_refused(server: &Server) {
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    let refused = open(&server.url("latin"), Options::default()).await.err().expect("it is refused");
    assert_eq!(refused.to_string(), "the PostgreSQL database must have encoding UTF8, has LATIN1");
    let absent = open(&server.url("absent"), Options::default()).await.err();
    assert!(matches!(absent, Some(Error::Database(_))), "{absent:?}");
}

const WRITERS: u64 = 4;
const COUNT: u64 = 40;

/// The server ends every connection again and again while two processes write and follow: what was
/// acknowledged is there, nothing is there twice, and the followers miss nothing.
async fn connections_may_be_cut_at_any_moment(server: Arc<Server>) {
    let url = server.create().await;
    let states = [
        open(&url, Options::default()).await.expect("it opens"),
        open(&url, Options::default()).await.expect("it opens twice"),
    ];
    let (done, mut is_done) = tokio::sync::watch::channel(false);
    let cutter = tokio::spawn({
        let server = server.clone();
        async move {
            let mut cut = 0;
            while !*is_done.borrow() {
                let cutting = server.clone();
                let cutting = tokio::task::spawn_blocking(move || cutting.cut_connections());
                cutting.await.expect("psql works");
                cut += 1;
                let wait = tokio::time::timeout(Duration::from_millis(30 + cut % 3 * 40), is_done.changed());
                let _ = wait.await;
            }
            cut
        }
    });
    let followers: Vec<_> = states.iter().map(|state| tokio::spawn(follow(state.clone()))).collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| tokio::spawn(count_up(states[number as usize % 2].clone(), number)))
        .collect();
    let mut lost = 0;
    for writer in writers {
        lost += writer.await.expect("no writer panics");
    }
    for follower in followers {
        let seen = follower.await.expect("no follower panics");
        for number in 0..WRITERS {
            let counts: Vec<u64> = seen.iter().filter(|(of, _)| *of == number).map(|(_, n)| *n).collect();
            assert_eq!(counts, (1..=COUNT).collect::<Vec<_>>(), "each count once and in order");
        }
    }
    let _ = done.send(true);
    let cut = cutter.await.expect("it doesn't panic");
    eprintln!("connections were cut {cut} times, {lost} calls were lost to it");
    assert!(cut > 3 && lost > 0, "the test was of no use: {cut} cuts, {lost} calls lost");
    for state in states {
        let counts = until_it_answers(|| state.verify()).await;
        assert_eq!((counts.documents, counts.changes), (WRITERS, WRITERS * COUNT));
        state.close().await;
    }
}

/// Counts in a document, each step on condition that the last one is still there; returns how many calls failed.
async fn count_up(state: Arc<dyn State>, number: u64) -> u64 {
    let key = Key::new(TenantId::PLATFORM, "counters", number.to_string()).expect("it is well-formed");
    let author = Author::new("tester").expect("it is well-formed");
    let mut lost = 0;
    loop {
        // The outcome of a call that was cut is read from the document, as the contract says.
        let known = until_it_answers(|| state.get(&key)).await;
        let n = known.as_ref().map_or(0, |known| known.body["n"].as_u64().expect("a count"));
        if n == COUNT {
            return lost;
        }
        let condition = known.map_or(Precondition::Absent, |known| Precondition::Matches(known.etag));
        match state.put(&key, json!({"n": n + 1}), condition, &author).await {
            Ok(stored) => assert_eq!(stored.version, n + 1),
            Err(error) => {
                assert!(error.is_retryable(), "nobody else writes it: {error}");
                lost += 1;
            }
        }
    }
}

/// All counts, as the feed tells them.
async fn follow(state: Arc<dyn State>) -> Vec<(u64, u64)> {
    let (mut after, mut seen) = (ResumeToken::START, Vec::new());
    while seen.len() < (WRITERS * COUNT) as usize {
        let _ = until_it_answers(|| state.wait_for_change(after, Duration::from_secs(1))).await;
        let changes = until_it_answers(|| state.changes(after, 7)).await;
        for change in &changes.changes {
            assert_eq!(change.token.position(), seen.len() as u64 + 1, "none is missing, none comes twice");
            let n = change.body.as_ref().and_then(|body| body["n"].as_u64()).expect("a count");
            seen.push((change.key.id().parse().expect("a number"), n));
        }
        after = changes.next;
    }
    seen
}

/// Calls until the database answers.
async fn until_it_answers<T, F: Future<Output = phalanx_state::Result<T>>>(call: impl Fn() -> F) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => assert!(error.is_retryable() && Instant::now() < deadline, "{error}"),
        }
    }
}

async fn a_server_that_goes_away_may_come_back() {
    let mut server = Server::start();
    let state = open(&server.create().await, Options::default()).await.expect("it opens");
    let author = Author::new("tester").expect("it is well-formed");
    let key = Key::new(TenantId::PLATFORM, "things", "a").expect("it is well-formed");
    let stored =
        state.put(&key, json!({"n": 1}), Precondition::None, &author).await.expect("nothing forbids it");
    server.stop();
    let lost = state.put(&key, json!({"n": 2}), Precondition::None, &author).await;
    assert!(lost.as_ref().is_err_and(Error::is_retryable), "{lost:?}");
    let lost = state.get(&key).await;
    assert!(lost.as_ref().is_err_and(Error::is_retryable), "{lost:?}");
    server.launch();
    assert_eq!(state.get(&key).await.expect("it is back"), Some(stored));
    state.put(&key, json!({"n": 2}), Precondition::None, &author).await.expect("it is back");
    state.verify().await.expect("it agrees");
    state.close().await;
}
