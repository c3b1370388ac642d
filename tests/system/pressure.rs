//! Who is slow, silent, greedy or deaf keeps nobody else from being served, and takes little memory.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::context::{Api, Folder, PATIENCE, Server, config};

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Memory of this process, in bytes.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it tells the memory");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes << 10
}

fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).expect("it may");
}

/// What was refused by an interface, for any reason.
fn refused(server: &Server, interface: &str) -> u64 {
    let refusals = server.platform.intake().refusals();
    refusals.iter().filter(|refusal| refusal.interface == interface).map(|refusal| refusal.count).sum()
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A server whose journal takes nothing: it is told to leave more of the disk free than there is.
async fn full() -> Server {
    let mut config = config();
    config.journal.free_bytes_min = 1 << 60;
    Server::start_with(Folder::new().await, config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_silent_connections_cost_little_and_keep_nobody_waiting() {
    const CONNECTIONS: u64 = 3_000;
    allow_many_files();
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let address = server.syslog().tcp[0];
    // What is needed once is in memory already.
    let mut line = connect(address).await;
    line.write_all(b"<38>first\n").await.expect("sent");
    let all = "select count(*) as n from Syslog";
    api.wait_for(&token, all, 1).await;

    let before = memory();
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut line = connect(address).await;
        line.write_all(b"<38>half of a mess").await.expect("sent");
        silent.push(line);
    }
    let gauge = server.platform.metrics().connections.with_label_values(&["syslog tcp"]);
    eventually("all are connected", || gauge.get() as u64 > CONNECTIONS).await;
    let begun = Instant::now();
    line.write_all(b"<38>second\n").await.expect("sent");
    api.wait_for(&token, all, 2).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "one message took {:?}", begun.elapsed());
    let each = memory().saturating_sub(before) / CONNECTIONS;
    assert!(each < 24 << 10, "{each} bytes for each connection");

    drop(silent);
    // Half messages are messages when nothing more can come.
    api.wait_for(&token, all, 2 + CONNECTIONS as i64).await;
    eventually("all are gone", || gauge.get() == 1).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_do_not_end_are_bounded_over_all_connections() {
    const CONNECTIONS: usize = 120;
    const BYTES: usize = 900 << 10;
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let part = vec![b'y'; BYTES];
    let mut lines = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut line = connect(server.syslog().tcp[0]).await;
        line.write_all(b"<38>").await.expect("sent");
        // It may be closed while it sends.
        let _ = timeout(PATIENCE, line.write_all(&part)).await;
        lines.push(line);
    }
    eventually("some are closed", || refused(&server, "syslog tcp") > 0).await;
    drop(lines);
    let bytes = "select sum(length(SyslogMessage)) as n from Syslog";
    // Those that were closed lost what they sent afterwards, and nothing else.
    let begun = Instant::now();
    loop {
        let kept = api.query(&token, bytes).await[0]["n"].as_i64().unwrap_or(0);
        if kept > (30 << 20) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "only {kept} bytes were kept");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_kept_senders_wait_or_are_told() {
    let server = full().await;
    let api = server.client();
    let token = api.token().await;

    let answer = api.upload(&token, "Custom-SecurityEvent", &json!([{ "Computer": "a" }])).await;
    assert_eq!(answer.status(), 503);
    let retry: u64 = answer.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!(retry >= 1);

    // Over TCP the sender comes to a standstill, and what it sent is not piled up in memory.
    let mut line = connect(server.syslog().tcp[0]).await;
    let before = memory();
    let megabyte = "<38>the same again and again\n".repeat((1 << 20) / 29);
    let sent = timeout(Duration::from_secs(4), async {
        let mut sent = 0_usize;
        while line.write_all(megabyte.as_bytes()).await.is_ok() && sent < 1_000 {
            sent += 1;
        }
        sent
    });
    assert!(sent.await.is_err(), "a thousand megabytes were taken");
    let more = memory().saturating_sub(before);
    assert!(more < 200 << 20, "{more} bytes of memory");

    // Over UDP what can't be kept is counted.
    let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let datagram = format!("<38>{}", "z".repeat(1_000));
    let begun = Instant::now();
    while refused(&server, "syslog udp") == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was counted");
        for _ in 0..500 {
            // A full send buffer is none of our business here.
            let _ = udp.send_to(datagram.as_bytes(), server.syslog().udp[0]).await;
        }
    }
    let rows = api.query(&token, "select count(*) as n from Syslog").await;
    assert_eq!(rows[0]["n"], 0);
    drop(line);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_body_is_refused_before_it_is_read() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let url =
        format!("{}/dataCollectionRules/dcr-1/streams/Custom-SecurityEvent?api-version=2023-01-01", api.url);
    let bomb = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let zeros = vec![b' '; 1 << 20];
        for _ in 0..200 {
            std::io::Write::write_all(&mut packed, &zeros).expect("memory takes it");
        }
        packed.finish().expect("memory takes it")
    };
    let before = memory();
    let request = api.http.post(&url).bearer_auth(&token).header("content-type", "application/json");
    let answer = request.header("content-encoding", "gzip").body(bomb).send().await.expect("an answer");
    assert_eq!(answer.status(), 413);
    let more = memory().saturating_sub(before);
    assert!(more < 256 << 20, "{more} bytes of memory for a body that is refused");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_files_and_never_reads_the_answers_keeps_nobody_waiting() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let address = api.url.strip_prefix("https://").expect("a URL").to_owned();
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for number in 0..2_000 {
        let text = b"{\"Type\":\"SecurityEvent\",\"Computer\":\"a\"}\n";
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        archive
            .append_data(&mut header, format!("{}{number}.jsonl", "x".repeat(80)), &text[..])
            .expect("memory");
    }
    let body = archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("memory");
    let deaf = connect_tls(&server, &address).await;
    let (reading, mut writing) = tokio::io::split(deaf);
    let head = format!(
        "POST /api/v1/ingest?name=deaf.tar.gz HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    writing.write_all(head.as_bytes()).await.expect("sent");
    writing.write_all(&body).await.expect("sent");
    writing.flush().await.expect("sent");
    let rows = || {
        let usage = server.platform.intake().usage();
        usage.iter().find(|(table, _)| &**table == "SecurityEvent").map_or(0, |(_, usage)| usage.rows)
    };
    eventually("all files are taken in", || rows() == 2_000).await;
    drop(reading);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_a_head_and_nothing_else_is_let_go() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let address = api.url.strip_prefix("https://").expect("a URL").to_owned();
    let mut slow = connect_tls(&server, &address).await;
    let head = format!(
        "POST /dataCollectionRules/dcr-1/streams/Custom-SecurityEvent?api-version=2023-01-01 HTTP/1.1\r\n\
         host: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         content-length: 1000000\r\n\r\n["
    );
    slow.write_all(head.as_bytes()).await.expect("sent");
    slow.flush().await.expect("sent");
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    let ended = timeout(PATIENCE, async {
        while !answer.windows(4).any(|window| window == b" 408") {
            match slow.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend_from_slice(&buffer[..read]),
            }
        }
    });
    ended.await.expect("it is told to go");
    let api = Api::new(&server.folder, server.url());
    assert_eq!(api.upload(&token, "Custom-SecurityEvent", &json!([])).await.status(), 204);
    server.stop().await;
}

async fn connect_tls(server: &Server, address: &str) -> tokio_rustls::client::TlsStream<TcpStream> {
    crate::syslog::tls(server, TcpStream::connect(address).await.expect("a connection")).await
}
