//! Syslog by every transport, to its rows.

use std::{net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::context::{Api, Folder, PATIENCE, Program, Server, config};

fn message(name: &str, number: usize) -> String {
    format!("<38>Jan  2 03:04:05 web sshd[{number}]: {name} {number}")
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// Speaks TLS over a connection, trusting the server's own authority.
pub async fn tls(server: &Server, line: TcpStream) -> TlsStream<TcpStream> {
    let ca =
        CertificateDer::from_pem_file(&server.folder.first.ca_file).expect("the authority's certificate");
    let mut roots = RootCertStore::empty();
    roots.add(ca).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trusting = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let trusting = trusting.expect("TLS 1.2 and 1.3").with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(trusting)).connect(name, line).await.expect("a TLS connection")
}

async fn send(line: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    line.write_all(bytes).await.expect("it takes the bytes");
    line.flush().await.expect("it sends them");
}

/// A query for how many messages of a name there are.
fn count(name: &str) -> String {
    format!("select count(*) as n from Syslog where SyslogMessage like '{name} %'")
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_by_every_transport_are_rows() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;

    let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    for number in 0..20 {
        udp.send_to(message("udp", number).as_bytes(), server.syslog().udp[0]).await.expect("sent");
    }
    let mut tcp = connect(server.syslog().tcp[0]).await;
    for number in 0..20 {
        let message = message("tcp", number);
        // Framing is told apart message by message.
        let frame =
            if number % 2 == 0 { format!("{message}\n") } else { format!("{} {message}", message.len()) };
        send(&mut tcp, frame.as_bytes()).await;
    }
    let mut tls = tls(&server, connect(server.syslog().tls[0]).await).await;
    for number in 0..20 {
        let message = message("tls", number);
        send(&mut tls, format!("{} {message}", message.len()).as_bytes()).await;
    }

    for transport in ["udp", "tcp", "tls"] {
        api.wait_for(&token, &count(transport), 20).await;
    }
    let query = "select Computer, Facility, SeverityLevel, ProcessName, ProcessID, HostIP from Syslog \
                 where SyslogMessage = 'tls 7'";
    let rows = api.query(&token, query).await;
    let expected = serde_json::json!({
        "Computer": "web", "Facility": "auth", "SeverityLevel": "info", "ProcessName": "sshd", "ProcessID": 7,
        "HostIP": "127.0.0.1"
    });
    assert_eq!(rows, [expected]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_many_connections_are_kept_together() {
    const CONNECTIONS: usize = 200;
    const MESSAGES: usize = 50;
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let before = server.platform.journal().head();
    let address = server.syslog().tcp[0];
    let senders = (0..CONNECTIONS).map(|_| {
        tokio::spawn(async move {
            let mut line = connect(address).await;
            for number in 0..MESSAGES {
                send(&mut line, format!("{}\n", message("many", number)).as_bytes()).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("it sends");
    }
    api.wait_for(&token, &count("many"), (CONNECTIONS * MESSAGES) as i64).await;
    let entries = server.platform.journal().head().0 - before.0;
    assert!(entries < 2_000, "{entries} entries for {} messages", CONNECTIONS * MESSAGES);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_connection_ends_its_message() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let mut line = connect(server.syslog().tcp[0]).await;
    send(&mut line, format!("{}\n{}", message("end", 1), message("end", 2)).as_bytes()).await;
    api.wait_for(&token, &count("end"), 1).await;
    drop(line);
    api.wait_for(&token, &count("end"), 2).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn giant_lines_and_garbage_are_kept_and_cost_no_other_message() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let mut line = connect(server.syslog().tcp[0]).await;
    let giant = vec![b'x'; 3 << 20];
    send(&mut line, b"<38>before giant\n").await;
    send(&mut line, &giant).await;
    send(&mut line, b"\n").await;
    send(&mut line, b"\xff\xfe\x00\x01 garbage\n").await;
    send(&mut line, format!("{}\n", message("behind", 1)).as_bytes()).await;
    api.wait_for(&token, &count("behind"), 1).await;
    let kept = "select count(distinct DeadLetterId) as n from PhalanxDeadLetter \
                where Reason like 'record is longer%'";
    api.wait_for(&token, kept, 1).await;
    api.wait_for(
        &token,
        "select sum(RawBytes) as n from PhalanxDeadLetter where Reason like 'record is longer%'",
        giant.len() as i64,
    )
    .await;
    api.wait_for(&token, "select count(*) as n from PhalanxDeadLetter where Reason like '%UTF-8%'", 1).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_takes_in_what_was_sent() {
    let server = Server::start().await;
    let api = server.client();
    let token = api.token().await;
    let mut line = connect(server.syslog().tcp[0]).await;
    send(&mut line, format!("{}\n", message("stop", 0)).as_bytes()).await;
    api.wait_for(&token, &count("stop"), 1).await;
    let rest: String = (1..5_000).map(|number| message("stop", number) + "\n").collect();
    send(&mut line, rest.as_bytes()).await;
    let folder = server.stop().await;
    let server = Server::start_with(folder, config()).await;
    let api = server.client();
    let token = api.token().await;
    api.wait_for(&token, &count("stop"), 5_000).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_told() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address");
    let folder = Folder::new().await;
    let mut config = config();
    config.syslog.tcp = vec![address];
    let opened = phalanx_server::data_folder::DataFolder::open(&folder.data).expect("the data folder");
    let platform = phalanx_server::platform::Platform::open(opened, config).await.expect("it opens");
    let Err(error) = phalanx_server::listen::Listeners::open(&platform).await else {
        panic!("the port was somebody's");
    };
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("`syslog.tcp`"), "{text}");
    platform.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_doubles_no_message() {
    let folder = Folder::new().await;
    for round in 0..3 {
        let program = Program::serve(&folder.data, &[]);
        let mut line = connect(program.syslog_tcp(&folder.data)).await;
        let api = Api::new(&folder, format!("https://localhost:{}", program.address.port()));
        let sender = tokio::spawn(async move {
            for number in 0.. {
                let text = message(&format!("kill{round}"), number) + "\n";
                // The server is killed: that is the end.
                if line.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
        let token = api.token().await;
        let begun = std::time::Instant::now();
        while api.query(&token, &count(&format!("kill{round}"))).await[0]["n"] == 0 {
            assert!(begun.elapsed() < PATIENCE, "no message came in");
        }
        program.kill();
        sender.await.expect("it ends");
    }
    let program = Program::serve(&folder.data, &[]);
    let api = Api::new(&folder, format!("https://localhost:{}", program.address.port()));
    let token = api.token().await;
    let query = "select count(*) as n, count(distinct SyslogMessage) as d from Syslog";
    let rows = api.query(&token, query).await;
    assert!(rows[0]["n"].as_i64().is_some_and(|count| count > 0));
    assert_eq!(rows[0]["n"], rows[0]["d"]);
    assert!(program.stop().success());
}
