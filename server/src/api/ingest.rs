//! Files of any known format, streamed.
//!
//! `POST /api/v1/ingest?name=…&format=…&table=…` with the bytes as the body. The answer is streamed while
//! the body is read: one JSON object a line ([`crate::ingest::report::Event`]). What was acknowledged is
//! kept, whatever happens later.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use futures::StreamExt;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use phalanx_signal::{TenantId, decode};
use phalanx_web::{
    ApiError, Role,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    ingest::stream::{Source, Streams},
    platform::Platform,
};

/// Sources that are decoded at once; further ones wait.
const STREAMS_MAX: usize = 16;

/// The longest wait for one's turn.
const TURN: Duration = Duration::from_secs(50);

/// A sender may be silent for so long: what follows a log file as it grows has nights.
const SILENCE_MAX: Duration = Duration::from_secs(24 * 3_600);

struct Handler {
    streams: Arc<Streams>,
    permits: Arc<Semaphore>,
}

pub(super) fn api(platform: &Platform) -> Api {
    let handler = Arc::new(Handler {
        streams: platform.streams().clone(),
        permits: Arc::new(Semaphore::new(STREAMS_MAX)),
    });
    Api::new("Ingest").route(
        Route::post("/api/v1/ingest", "ingest", Access::Role(Role::Sender), move |request| {
            let handler = handler.clone();
            async move { handler.ingest(request).await }
        })
        .summary(
            "Takes in a file of any known format, or an archive of such files, and tells what became of it",
        )
        .tag("ingestion")
        .max_body_bytes(usize::MAX)
        .timeout(Duration::from_secs(60)),
    )
}

impl Handler {
    async fn ingest(&self, request: RequestContext) -> HandlerResult {
        let tenant = TenantId::new(request.tenant()?);
        let name = request.query("name")?.unwrap_or_else(|| "upload".to_owned());
        let format = match request.query("format")? {
            Some(name) => Some(decode::format(&name).ok_or_else(|| {
                let known: Vec<_> = decode::FORMATS.iter().map(|format| format.name).collect();
                ApiError::invalid(format!("there is no format `{name}`; known are {}", known.join(", ")))
                    .with_target("format")
            })?),
            None => None,
        };
        let table = request.query("table")?;
        let table = table.map(|name| self.streams.catalog().require(&name)).transpose();
        let table = table.map_err(|error| ApiError::invalid(error.to_string()).with_target("table"))?;
        // Nothing of the body is read meanwhile, so waiting costs nothing.
        let permit = tokio::time::timeout(TURN, self.permits.clone().acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or_else(|| {
            self.streams.refuse("too many files at once");
            ApiError::too_many_requests("too many files are being taken in", Duration::from_secs(1))
        })?;
        let source = Source { tenant, name, format, table };
        let (events, told) = mpsc::channel(64);
        let (bytes, read) = mpsc::channel::<std::io::Result<Bytes>>(8);
        let streams = self.streams.clone();
        tokio::spawn(async move {
            let _permit = permit;
            streams.ingest(source, read, events).await;
        });
        let mut body = request.into_request().into_body().into_data_stream();
        tokio::spawn(async move {
            loop {
                let piece = match tokio::time::timeout(SILENCE_MAX, body.next()).await {
                    Ok(Some(piece)) => piece.map_err(std::io::Error::other),
                    Ok(None) => return,
                    Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
                };
                if bytes.send(piece).await.is_err() {
                    return;
                }
            }
        });
        let lines = ReceiverStream::new(told).map(|event| -> Result<Bytes, std::convert::Infallible> {
            let mut line = serde_json::to_vec(&event).unwrap_or_default();
            line.push(b'\n');
            Ok(line.into())
        });
        let mut response = Response::new(Body::from_stream(lines));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        Ok(response)
    }
}
