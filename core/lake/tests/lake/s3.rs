//! The lake in a bucket: the same suite and the same promises, against an emulator on the loopback.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};
use phalanx_lake::{LakeStore, S3Settings};

use crate::{
    faults::{Control, Fault},
    python, store,
    support::{NOON, PROBE, Place},
};

/// The emulator does not make a conditional put atomic between its threads, so it gets one.
const SERVE: &str = "
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
application = DomainDispatcherApplication(create_backend_app)
run_simple('127.0.0.1', int(sys.argv[1]), application, threaded=False)
";

/// A store that speaks S3, for as long as this lives.
struct Emulator {
    process: Child,
    port: u16,
}

impl Emulator {
    /// `None` when it can't be installed.
    fn start() -> Option<Self> {
        let python = python::with(&["moto[server]"])?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let process = Command::new(python)
            .args(["-c", SERVE, &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the emulator starts");
        let emulator = Self { process, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the emulator does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(emulator)
    }

    fn make_bucket(&self, name: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let request = format!(
            "PUT /{name} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes()).expect("it takes requests");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let status = answer.split_whitespace().nth(1);
        assert_eq!(status, Some("200"), "{answer}");
    }

    async fn store(&self, url: &str) -> LakeStore {
        let settings = S3Settings {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            region: "us-east-1".into(),
            allow_http: true,
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
        };
        LakeStore::in_bucket(url, &settings).await.expect("the emulator honours conditional puts")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("it is ours to end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_passes_the_suite_and_keeps_a_lake() {
    let Some(emulator) = Emulator::start() else { return };
    emulator.make_bucket("suite");
    store::suite(&emulator.store("s3://suite").await).await;
    store::suite(&emulator.store("s3://suite/some/prefix").await).await;

    emulator.make_bucket("lake");
    let mut place = Place::new();
    place.config.compact_files = 3;
    let open = || async { place.try_open_on(emulator.store("s3://lake/here").await).await.expect("opens") };
    let lake = open().await;
    for nth in 0..4 {
        place.append(vec![place.rows(PROBE, nth * 10..(nth + 1) * 10, NOON)]).await;
        lake.flush().await;
        lake.lake.maintain_all(NOON).await.expect("a round");
    }
    place.append(vec![place.rows(PROBE, 40..50, NOON)]).await;
    assert_eq!(lake.all(PROBE).await, (0..50).collect::<Vec<_>>());
    assert_eq!(lake.files(PROBE), 2, "three compacted into one, and one more");
    lake.die().await;
    let lake = open().await;
    assert_eq!(lake.all(PROBE).await, (0..50).collect::<Vec<_>>());
    let copy = place.folder.path().join("copy");
    let refused = lake.lake.snapshot_for_backup(&copy).await.expect_err("a bucket has its own versions");
    assert!(refused.to_string().contains("bucket"), "{refused}");
    lake.die().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_in_a_bucket_survives_its_process() {
    let Some(emulator) = Emulator::start() else { return };
    emulator.make_bucket("lake");
    // A flush is a file, the creation of the table, and a commit: three operations.
    for (nth, fault) in
        [0, 1, 2, 3, 4].into_iter().flat_map(|n| [Fault::DieBefore(n), Fault::DieAfter(n)]).enumerate()
    {
        let place = Place::new();
        let url = format!("s3://lake/{nth}");
        let control = Control::new(fault);
        let store = emulator.store(&url).await.wrapped(|inner| control.wrap(inner));
        let lake = place.try_open_on(store).await.expect("it opens: nothing was changed yet");
        for nth in 0..2 {
            place.append(vec![place.rows(PROBE, nth * 10..(nth + 1) * 10, NOON)]).await;
            lake.caught_up().await;
            let _ = lake.lake.flush_all().await;
        }
        lake.die().await;
        for _ in 0..2 {
            let lake = place.try_open_on(emulator.store(&url).await).await.expect("it opens");
            assert_eq!(lake.all(PROBE).await, (0..20).collect::<Vec<_>>(), "{fault:?}");
            lake.flush().await;
            lake.die().await;
        }
    }
}

#[tokio::test]
async fn a_place_that_is_none_is_explained() {
    for url in ["http://host/x", "/var/lake", "s3:", "gs://bucket"] {
        let error = LakeStore::in_bucket(url, &S3Settings::default()).await.expect_err(url).to_string();
        assert!(error.contains(url) && error.contains("s3://bucket/prefix"), "{error}");
    }
}

#[tokio::test]
async fn a_store_that_lets_a_name_be_taken_twice_is_refused() {
    let place = Place::new();
    let careless = place.store().wrapped(|inner| Arc::new(Careless(inner)));
    let error = careless.check_conditional_puts().await.expect_err("commits would be lost").to_string();
    assert!(error.contains("If-None-Match"), "{error}");
}

/// Ignores the condition of a put, as some stores do.
#[derive(Debug)]
struct Careless(Arc<dyn ObjectStore>);

impl std::fmt::Display for Careless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "careless {}", self.0)
    }
}

#[async_trait]
impl ObjectStore for Careless {
    async fn put_opts(&self, location: &Path, payload: PutPayload, _: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, PutOptions::from(PutMode::Overwrite)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}
