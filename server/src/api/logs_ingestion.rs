//! The Logs Ingestion API (api-version 2023-01-01), as the published clients speak it.
//!
//! `POST /dataCollectionRules/{id}/streams/{stream}` with a JSON array of objects whose members are the
//! columns of a table; gzip is accepted. The answer 204 means that every row is durable; an item of the array
//! that is no row is durable too, as a dead letter. A stream names
//! its table: `Microsoft-SecurityEvent`, `Custom-MyTable_CL` (or `Custom-MyTable`). One rule exists: every
//! rule id means "each stream goes to the table of its name".

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{Response, StatusCode};
use phalanx_journal::AppendError;
use phalanx_signal::{
    Table,
    decode::json_lines::{self, Decoded, decode_json_array},
};
use phalanx_web::{
    ApiError, Code, Role, Style,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use tokio::sync::Semaphore;

use crate::{
    ingest::{DecodePool, Intake, now_micros},
    platform::Platform,
};

const INTERFACE: &str = "logs-ingestion";

/// Bodies in memory at once, over all requests, in KiB: further requests are told to come back.
const BODIES_KIB_MAX: usize = 192 << 10;

struct Handler {
    intake: Arc<Intake>,
    pool: DecodePool,
    bodies: Arc<Semaphore>,
    body_bytes_max: usize,
}

pub(super) fn api(platform: &Platform) -> Api {
    let body_bytes_max = platform.config().ingest.body_bytes_max;
    let handler = Arc::new(Handler {
        intake: platform.intake().clone(),
        pool: platform.decode_pool().clone(),
        bodies: Arc::new(Semaphore::new(BODIES_KIB_MAX.max(body_bytes_max.div_ceil(1024)))),
        body_bytes_max,
    });
    let upload = move |request| {
        let handler = handler.clone();
        async move { handler.upload(request).await }
    };
    Api::new("Logs Ingestion").route(
        Route::post(
            "/dataCollectionRules/{id}/streams/{stream}",
            "upload_logs",
            Access::Role(Role::Sender),
            upload,
        )
        .style(Style::ResourceManager)
        .summary("Takes rows of a table in; 204 when all are durable")
        .tag("ingestion")
        .max_body_bytes(body_bytes_max)
        .timeout(Duration::from_secs(60)),
    )
}

impl Handler {
    async fn upload(&self, request: RequestContext) -> HandlerResult {
        let decoded = self.decode(request).await.inspect_err(|error| {
            // The message may quote the sender; its kind does not.
            self.intake.refuse(INTERFACE, error.code().as_str());
        })?;
        self.intake.count_dead_letters(json_lines::FORMAT.name, &decoded.counts);
        if !decoded.batches.is_empty() {
            let _durable = self.intake.accept(INTERFACE, decoded.batches).await.map_err(refusal)?;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }

    /// Reads the request and makes rows of it.
    async fn decode(&self, mut request: RequestContext) -> Result<Decoded, ApiError> {
        check_version(&request)?;
        let tenant = phalanx_signal::TenantId::new(request.tenant()?);
        let table = self.table(request.param("stream")?)?;
        let _held = self.hold(&request)?;
        let body = request.body().await?;
        self.intake.count_bytes(INTERFACE, body.len());
        let source = format!("logs-ingestion {}", request.principal()?.display_name);
        let session = self.intake.session(tenant, &source, Some(table));
        // Decoding a megabyte takes milliseconds: off the threads that serve connections.
        let decode = move || decode_json_array(&session, now_micros(), &body);
        let decoded = self.pool.run(decode).await.map_err(ApiError::internal)?;
        decoded.map_err(|error| ApiError::invalid(error.to_string()).with_reason("InvalidPayload"))
    }

    /// The table that a stream's name means.
    fn table(&self, stream: &str) -> Result<Arc<Table>, ApiError> {
        let catalog = self.intake.catalog();
        let name = ["Custom-", "Microsoft-"].iter().find_map(|prefix| stream.strip_prefix(prefix));
        let name = name.ok_or_else(|| {
            ApiError::invalid(format!("the stream `{stream}` must begin with `Custom-` or `Microsoft-`"))
                .with_reason("InvalidStream")
        })?;
        if let Some(table) = catalog.table(name).or_else(|| catalog.table(&format!("{name}_CL"))) {
            return Ok(table);
        }
        let error = catalog.require(name).expect_err("the table was not found");
        Err(ApiError::invalid(format!("the stream `{stream}` leads nowhere: {error}"))
            .with_reason("InvalidStream")
            .with_target("stream"))
    }

    /// A place in memory for the body, by its announced length, or the largest when none is announced.
    fn hold(&self, request: &RequestContext) -> Result<tokio::sync::OwnedSemaphorePermit, ApiError> {
        let headers = request.headers();
        let is_packed = headers.contains_key(http::header::CONTENT_ENCODING);
        let announced = headers
            .get(http::header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
            .map(|length| if is_packed { length.saturating_mul(10) } else { length });
        let bytes = announced.unwrap_or(1 << 20).min(self.body_bytes_max);
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        self.bodies.clone().try_acquire_many_owned(kib).map_err(|_| {
            ApiError::too_many_requests("too much is being taken in at the moment", Duration::from_secs(1))
        })
    }
}

fn check_version(request: &RequestContext) -> Result<(), ApiError> {
    match request.query("api-version")?.as_deref() {
        Some("2023-01-01" | "2021-11-01-preview") => Ok(()),
        Some(other) => {
            Err(ApiError::invalid(format!("the api-version `{other}` is not supported; 2023-01-01 is"))
                .with_reason("UnsupportedApiVersion")
                .with_target("api-version"))
        }
        None => {
            Err(ApiError::invalid("the query parameter `api-version` is missing; 2023-01-01 is supported")
                .with_reason("MissingApiVersionParameter")
                .with_target("api-version"))
        }
    }
}

/// What a sender is told when the journal takes nothing.
pub(super) fn refusal(error: AppendError) -> ApiError {
    let retry_after = error.retry_after().unwrap_or(Duration::from_secs(5));
    match &error {
        AppendError::Overloaded { .. } => ApiError::too_many_requests(error.to_string(), retry_after),
        AppendError::TooLarge { .. } => ApiError::new(Code::PayloadTooLarge, error.to_string()),
        AppendError::Encode(_) => ApiError::internal(error),
        AppendError::Full { .. } => {
            ApiError::unavailable("there is no room for more at the moment; nothing was taken", retry_after)
                .with_source(error)
        }
        AppendError::Storage(_) | AppendError::Closed => {
            ApiError::unavailable("nothing can be stored at the moment; nothing was taken", retry_after)
                .with_source(error)
        }
    }
}
