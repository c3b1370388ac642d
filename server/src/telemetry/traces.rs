//! Spans as OpenTelemetry traces, sent over OTLP/HTTP to the collector that the configuration names.
//!
//! A request that carries a W3C `traceparent` header continues its caller's trace ([`request_span`]). Where no
//! collector is named, none of this runs. Spans are sent in batches by a thread of the exporter's own; those
//! that its bounded queue has no room for are dropped: traces are a help, never a burden.

use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use http::HeaderMap;
use opentelemetry::{KeyValue, propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{Bytes, HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config;

/// The collector must answer a batch within this time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends spans until it is dropped, which sends the last ones.
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    /// `None` when no collector is named.
    pub fn new(config: &config::Traces) -> anyhow::Result<Option<Self>> {
        if config.endpoint.is_empty() {
            return Ok(None);
        }
        let http =
            reqwest::Client::builder().timeout(TIMEOUT).build().context("can't make an HTTP client")?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client { http, runtime: Handle::current() })
            .with_endpoint(&config.endpoint)
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(TIMEOUT)
            .build()
            .with_context(|| format!("`traces.endpoint`: traces can't be sent to `{}`", config.endpoint))?;
        let resource = Resource::builder()
            .with_service_name("phalanx")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.share)));
        Ok(Some(Self(
            SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_sampler(sampler)
                .with_resource(resource)
                .build(),
        )))
    }

    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer("phalanx")
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(Duration::from_secs(2)) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// The span of a request, a child of the span that the caller names in `traceparent`.
pub fn request_span(headers: &HeaderMap) -> Span {
    let span = tracing::info_span!("request", otel.kind = "server");
    if headers.contains_key("traceparent") {
        let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
        // Without a collector there is nothing to belong to.
        let _ = span.set_parent(parent);
    }
    span
}

/// An HTTP client for the exporter's thread, which belongs to no runtime: requests run on the program's.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), reqwest::Request::try_from(request)?);
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let (status, body) = sent.await??;
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}
