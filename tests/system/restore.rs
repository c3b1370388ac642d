//! Copies taken while the server runs, and data folders made from them: the same answers from the copy.

use std::path::{Path, PathBuf};

use phalanx_server::{config::Config, platform::backup};
use phalanx_state::testsuite::{Fixture, postgres};
use serde_json::{Value, json};

use crate::context::{Folder, Server, config, run};

const COUNT: &str = r#"select count(*) as n, count(distinct "SyslogMessage") as d from "Syslog""#;

/// A server with rows in its lake and its journal, and a document of its own; gives what it answers.
async fn filled(config: Config) -> (Server, Vec<Value>) {
    let folder = Folder::with(&config).await;
    let server = Server::start_with(folder, config).await;
    let (client, now) = (server.client(), chrono::Utc::now());
    let token = client.token().await;
    for batch in 0..5 {
        let rows: Vec<Value> = (0..200)
            .map(|n| json!({"TimeGenerated": now, "SyslogMessage": format!("message {batch} {n}")}))
            .collect();
        assert_eq!(client.upload(&token, "Custom-Syslog", &json!(rows)).await.status(), 204);
    }
    client.wait_for(&token, r#"select count(*) from "Syslog""#, 1_000).await;
    let answer = client.query(&token, COUNT).await;
    (server, answer)
}

/// Writes a backup of a running server to a file.
async fn back_up(server: &Server) -> PathBuf {
    let client = server.client();
    let token = client.token().await;
    let answer = client.http.post(format!("{}/api/v1/backup", client.url)).bearer_auth(token).send().await;
    let answer = answer.expect("the server answers");
    assert_eq!(answer.status(), 200);
    let file = server.folder.data.with_file_name("copy.backup");
    std::fs::write(&file, answer.bytes().await.expect("a whole backup")).expect("it is written");
    file
}

/// Starts a server on a restored folder, with the secrets of the original; gives what it answers.
async fn answers_of(folder: Folder, data: &Path) -> (Server, Vec<Value>) {
    let file = data.join("phalanx.toml");
    let written = Config::read(Some(&*file).filter(|file| file.is_file()), &[]);
    let mut config = config();
    config.state = written.expect("the configuration can be read").state;
    let server = Server::start_with(folder.at(data), config).await;
    let client = server.client();
    let token = client.token().await;
    client.wait_for(&token, r#"select count(*) from "Syslog""#, 1_000).await;
    let answer = client.query(&token, COUNT).await;
    (server, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_copy_answers_the_same_and_forgets_that_it_was_copied() {
    let (server, expected) = filled(config()).await;
    let file = back_up(&server).await;
    let folder = server.stop().await;
    let data = folder.data.with_file_name("restored");
    backup::restore(&file, &data, backup::Documents::AsConfigured).await.expect("it restores");
    let (server, found) = answers_of(folder, &data).await;
    assert_eq!(found, expected);
    let consumers: Vec<String> =
        server.platform.journal().status().consumers.into_iter().map(|consumer| consumer.name).collect();
    assert!(!consumers.contains(&"backup".to_owned()), "nothing holds the journal back: {consumers:?}");
    server.stop().await;
}

/// From PostgreSQL into SQLite and into PostgreSQL, and from SQLite into PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn documents_move_between_the_databases() {
    let databases = postgres::Server::start();
    let mut in_postgres = config();
    in_postgres.state.url = databases.create().await;
    let (server, expected) = filled(in_postgres.clone()).await;
    // The folder's own configuration says where the documents are, as a user's would.
    let toml = format!("# ours\n[state]\nurl = {:?}\n[query]\nseconds_max = 7\n", in_postgres.state.url);
    std::fs::write(server.folder.data.join("phalanx.toml"), toml).expect("it is written");
    let file = back_up(&server).await;
    let mut folder = server.stop().await;
    let place = |name: &str| folder.data.with_file_name(name);
    let (unasked, in_sqlite, in_other) = (place("unasked"), place("in-sqlite"), place("in-other"));

    // The original's database is not taken for the copy's.
    let refused = backup::restore(&file, &unasked, backup::Documents::AsConfigured).await;
    let refused = format!("{:#}", refused.expect_err("two platforms in one database"));
    assert!(refused.contains("--state") && !refused.contains("postgres@"), "{refused}");
    assert!(!unasked.exists());
    let used = backup::Documents::At(in_postgres.state.url.clone());
    let refused = backup::restore(&file, &unasked, used).await.expect_err("it is not empty");
    assert!(format!("{refused:#}").contains("never written to"), "{refused:#}");
    assert!(!unasked.exists());

    backup::restore(&file, &in_sqlite, backup::Documents::InFolder).await.expect("it restores");
    assert!(in_sqlite.join("state.db").is_file());
    let toml = std::fs::read_to_string(in_sqlite.join("phalanx.toml")).expect("it is there");
    assert_eq!(toml, "# ours\n[state]\nurl = \"\"\n[query]\nseconds_max = 7\n");
    let (server, found) = answers_of(folder, &in_sqlite).await;
    assert_eq!(found, expected);
    let second = back_up(&server).await;
    folder = server.stop().await;

    // And back: from SQLite into PostgreSQL, into a database of its own.
    let url = databases.create().await;
    backup::restore(&second, &in_other, backup::Documents::At(url.clone())).await.expect("it restores");
    assert!(!in_other.join("state.db").exists());
    let (server, found) = answers_of(folder, &in_other).await;
    assert_eq!(found, expected);
    assert_eq!(server.platform.config().state.url, url);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_backup_at_a_time() {
    let (server, _) = filled(config()).await;
    let client = server.client();
    let token = client.token().await;
    let begin = || client.http.post(format!("{}/api/v1/backup", client.url)).bearer_auth(&token).send();
    let first = begin().await.expect("the server answers");
    assert_eq!(first.status(), 200);
    let second = begin().await.expect("the server answers");
    let is_told = second.status() == 503 && second.headers().contains_key("retry-after");
    // The first may be whole already: a small archive fits into the connection's buffers.
    assert!(is_told || second.status() == 200, "{}", second.status());
    drop((first, second));
    let begun = std::time::Instant::now();
    while begin().await.expect("the server answers").status() != 200 {
        assert!(begun.elapsed() < crate::context::PATIENCE, "one that was given up makes room");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_leaves_nothing_behind() {
    let (server, _) = filled(config()).await;
    let file = back_up(&server).await;
    let folder = server.stop().await;
    let whole = std::fs::read(&file).expect("it is there");
    let data = folder.data.with_file_name("restored");
    for length in [0, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).expect("it is written");
        let output = run(&data, &["restore", file.to_str().expect("text")]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("nothing was restored"), "{length}: {error}");
        let left: Vec<_> = std::fs::read_dir(data.parent().expect("a folder"))
            .expect("it can be read")
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with("restored"))
            .collect();
        assert!(left.is_empty(), "{length}: {left:?}");
    }
}
