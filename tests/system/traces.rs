//! Traces reach a collector, as part of their caller's trace.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

use crate::context::{Api, Folder, PATIENCE, Program};

const TRACE_ID: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];

#[tokio::test(flavor = "multi_thread")]
async fn a_request_continues_its_callers_trace() {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}/v1/traces", collector.local_addr().expect("an address"));
    let (told, bodies) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in collector.incoming() {
            let mut stream = stream.expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket");
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            // The request ends when nothing more comes: its length does not matter here.
            while let Ok(read @ 1..) = stream.read(&mut piece) {
                request.extend_from_slice(&piece[..read]);
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            if told.send(request).is_err() {
                return;
            }
        }
    });
    let folder = Folder::new().await;
    let program = Program::serve(&folder.data, &[("PHALANX_TRACES__ENDPOINT", &endpoint)]);
    let api = Api::new(&folder, program.url());
    let id: String = TRACE_ID.iter().map(|byte| format!("{byte:02x}")).collect();
    let answer = api
        .http
        .get(format!("{}/healthz", api.url))
        .header("traceparent", format!("00-{id}-00f067aa0ba902b7-01"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    let found = tokio::task::spawn_blocking(move || {
        while let Ok(body) = bodies.recv_timeout(PATIENCE) {
            if body.windows(TRACE_ID.len()).any(|window| window == TRACE_ID) {
                return body.windows(7).any(|window| window == b"healthz");
            }
        }
        false
    });
    assert!(found.await.expect("it looks"), "the collector gets the operation in the caller's trace");
    assert!(program.stop().success());
}
