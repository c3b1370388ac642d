//! How local commands reach Phalanx: over the server's Unix socket, or, where no server runs, by opening
//! the data folder in this process. Both speak the same HTTP API.

use std::{io, path::Path};

use anyhow::{Context, bail};
use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::ServiceExt;

use crate::{cli::show, config::Config, data_folder::DataFolder, platform::Platform, telemetry};

/// A way to the API with the rights of the local administrator.
pub enum Client {
    /// A server runs; one connection serves one request at a time.
    Socket(DataFolder),
    /// No server runs: the platform is open in this process.
    InProcess(Box<InProcess>),
}

/// The platform opened by a command, closed with [`Client::close`].
pub struct InProcess {
    platform: Platform,
    router: axum::Router,
    _log: telemetry::Guard,
}

impl Client {
    /// Connects to the server of the data folder, or opens the folder if none runs.
    pub async fn open(folder: DataFolder, config: Config) -> anyhow::Result<Self> {
        if is_served(&folder.socket()).await? {
            return Ok(Self::Socket(folder));
        }
        let log = telemetry::start(&config.logging, &config.traces, &folder.join("logs"))?;
        // A long journal takes a while to read.
        let waiting = show::spinner("opening the data folder");
        let platform = Platform::open(folder, config).await?;
        let router = crate::api::router(&platform, ([127, 0, 0, 1], 0).into()).await?;
        waiting.finish_and_clear();
        Ok(Self::InProcess(Box::new(InProcess { platform, router, _log: log })))
    }

    /// Whether a running server answers.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    /// Sends a request; an answer that is no success is an error with the API's message.
    pub async fn send(&self, method: Method, path: &str, body: Body) -> anyhow::Result<Response<Body>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .body(body)
            .context("a request for a local path")?;
        let response = match self {
            Self::Socket(folder) => {
                let stream =
                    UnixStream::connect(folder.socket()).await.context("the server has gone away")?;
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender.send_request(request).await.context("the server has gone away")?.map(Body::new)
            }
            Self::InProcess(own) => {
                request.extensions_mut().insert(crate::listen::this_process());
                own.router.clone().oneshot(request).await?
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        bail!("{}", refusal(status, &response.into_body().collect().await?.to_bytes()));
    }

    /// Sends a request whose answer is JSON.
    pub async fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> anyhow::Result<serde_json::Value> {
        let body = body.map_or_else(Body::empty, |value| Body::from(value.to_string()));
        let response = self.send(method, path, body).await?;
        let bytes = response.into_body().collect().await?.to_bytes();
        if bytes.is_empty() {
            return Ok(serde_json::Value::Null);
        }
        serde_json::from_slice(&bytes).context("the server's answer is not JSON")
    }

    /// Ends: writes out what an open data folder holds.
    pub async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Socket(_) => Ok(()),
            Self::InProcess(own) => own.platform.close().await,
        }
    }
}

/// The lines of a streamed answer (JSON lines), as they come.
pub struct Lines {
    body: axum::body::BodyDataStream,
    held: Vec<u8>,
}

impl Lines {
    pub fn new(response: Response<Body>) -> Self {
        Self { body: response.into_body().into_data_stream(), held: Vec::new() }
    }

    /// The next line, without its line feed; `None` at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.held) {
                let line: Vec<u8> = self.held.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            match self.body.next().await {
                Some(bytes) => self.held.extend_from_slice(&bytes.context("the answer broke off")? as &Bytes),
                None if self.held.is_empty() => return Ok(None),
                None => {
                    return Ok(Some(String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()));
                }
            }
        }
    }
}

/// Whether a server listens on the socket. A socket left by a server that was killed is not served.
async fn is_served(socket: &Path) -> anyhow::Result<bool> {
    match UnixStream::connect(socket).await {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(false),
            _ => Err(error).with_context(|| format!("can't reach the server at `{}`", socket.display())),
        },
    }
}

/// The message of an error body in any of the API's styles.
fn refusal(status: StatusCode, body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let message = value["error"]["message"]
        .as_str()
        .or_else(|| value["error_description"].as_str())
        .map_or_else(|| String::from_utf8_lossy(body).trim().to_owned(), str::to_owned);
    if message.is_empty() { format!("the server answered {status}") } else { message }
}
