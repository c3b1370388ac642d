//! Input that could not be decoded: counted by reason, and decoded again after a fix.
//!
//! The rows of a replayed letter and the row that says it was replayed are one entry of the journal: whatever
//! happens in between, a letter becomes rows once. One replay runs at a time. A letter that still can't be
//! decoded stays as it is, and so does one that is too large for one entry: a file of that size is taken in
//! again as a file.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use axum::{Json, response::IntoResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::StreamExt;
use phalanx_journal::AppendError;
use phalanx_lake::{Lake, QueryLimits, QueryStream};
use phalanx_signal::{
    RowsBuilder, SignalBatch, Table, TenantId,
    decode::{self, Format, Output},
    schema::{DEAD_LETTER_REPLAY_TABLE, DEAD_LETTER_TABLE},
};
use phalanx_web::{
    ApiError, Role,
    route::{Access, Api, HandlerResult, RequestContext, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{logs_ingestion, query::mistake};
use crate::{
    ingest::{Intake, now_micros},
    platform::Platform,
};

const INTERFACE: &str = "dead-letter replay";

struct Handler {
    lake: Arc<Lake>,
    intake: Arc<Intake>,
    replaying: tokio::sync::Mutex<()>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayRequest {
    format: Option<String>,
    source: Option<String>,
    r#as: Option<String>,
    /// The table, instead of the one that the sender named.
    table: Option<String>,
}

#[derive(Default, Serialize)]
struct ReplayReport {
    tried: u64,
    decoded: u64,
    rows: u64,
    failed: u64,
    /// Why letters still can't be decoded, each reason once.
    reasons: BTreeSet<String>,
}

/// How letters are decoded again.
#[derive(Default)]
struct Manner {
    format: Option<&'static Format>,
    table: Option<Arc<Table>>,
}

/// A dead letter, its parts joined.
#[derive(Default)]
struct Letter {
    id: String,
    source: String,
    format: String,
    /// The table that its sender named; empty for none.
    target: String,
    /// The lines that its decoder must have seen before.
    header: String,
    offset: u64,
    raw: Vec<u8>,
    /// Whether it has more bytes than `raw` was let grow to.
    is_too_large: bool,
}

/// Bytes of a letter that is decoded again; its rows have to fit one entry of the journal.
const LETTER_MAX: usize = 16 << 20;

/// Different reasons that a report names.
const REASONS_MAX: usize = 20;

pub(super) fn api(platform: &Platform) -> Api {
    let handler = Arc::new(Handler {
        lake: platform.lake().clone(),
        intake: platform.intake().clone(),
        replaying: tokio::sync::Mutex::default(),
    });
    let list = handler.clone();
    Api::new("Dead letters")
        .route(
            Route::get(
                "/api/v1/dead-letters",
                "list_dead_letters",
                Access::Role(Role::Reader),
                move |request| {
                    let handler = list.clone();
                    async move { handler.list(TenantId::new(request.tenant()?)).await }
                },
            )
            .summary("Input that waits for being decoded, by format, source and reason")
            .tag("ingestion"),
        )
        .route(
            Route::post(
                "/api/v1/dead-letters/replay",
                "replay_dead_letters",
                Access::Role(Role::Administrator),
                move |request| {
                    let handler = handler.clone();
                    async move { handler.replay(request).await }
                },
            )
            .summary("Decodes again what could not be decoded")
            .tag("ingestion")
            .timeout(Duration::from_secs(600)),
        )
}

impl Handler {
    async fn list(&self, tenant: TenantId) -> HandlerResult {
        let text = format!(
            "select Format, Reason, Source, count(*) from {DEAD_LETTER_TABLE} where Part = 0 and DeadLetterId \
             not in (select DeadLetterId from {DEAD_LETTER_REPLAY_TABLE} where DeadLetterId is not null) \
             group by 1, 2, 3 order by 1, 2, 3"
        );
        let mut rows = self.lake.query(tenant, &text, limits()).await.map_err(mistake)?;
        let mut groups = Vec::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(ApiError::internal)?;
            let counts = batch.column(3).as_primitive::<Int64Type>();
            for row in 0..batch.num_rows() {
                let text = |column| text_at(&batch, column, row);
                groups.push(json!({
                    "format": text(0), "reason": text(1), "source": text(2), "count": counts.value(row),
                }));
            }
        }
        Ok(Json(json!({ "dead_letters": groups })).into_response())
    }

    async fn replay(&self, mut request: RequestContext) -> HandlerResult {
        let tenant = TenantId::new(request.tenant()?);
        let asked: ReplayRequest = request.json().await?;
        let mut manner = Manner::default();
        if let Some(name) = &asked.r#as {
            let format = decode::format(name);
            manner.format =
                Some(format.ok_or_else(|| ApiError::invalid(format!("there is no format `{name}`")))?);
        }
        if let Some(name) = &asked.table {
            let table = self.intake.catalog().require(name);
            manner.table = Some(table.map_err(|error| ApiError::invalid(error.to_string()))?);
        }
        let _one_at_a_time = self.replaying.try_lock().map_err(|_| {
            ApiError::conflict("dead letters are being replayed already; wait until that has ended")
        })?;
        let mut report = ReplayReport::default();
        let mut letters = self.letters(tenant).await?;
        while let Some(letter) = letters.next().await? {
            let is_meant = asked.format.as_ref().is_none_or(|format| *format == letter.format)
                && asked.source.as_ref().is_none_or(|part| letter.source.contains(part.as_str()));
            if !is_meant {
                continue;
            }
            report.tried += 1;
            match self.replay_letter(tenant, &manner, letter).await? {
                Ok(rows) => {
                    report.decoded += 1;
                    report.rows += rows;
                }
                Err(reason) => {
                    report.failed += 1;
                    if report.reasons.len() < REASONS_MAX {
                        report.reasons.insert(reason);
                    }
                }
            }
        }
        Ok(Json(report).into_response())
    }

    /// Decodes a letter: how many rows it has become, or why it has not.
    async fn replay_letter(
        &self,
        tenant: TenantId,
        manner: &Manner,
        letter: Letter,
    ) -> Result<Result<u64, String>, ApiError> {
        if letter.is_too_large {
            return Ok(Err(format!("it has more than {LETTER_MAX} bytes: take its file in again")));
        }
        let Some(format) = manner.format.or_else(|| decode::format(&letter.format)) else {
            return Ok(Err(format!("there is no format `{}`; name one", letter.format)));
        };
        let table = manner.table.clone().or_else(|| self.intake.catalog().table(&letter.target));
        let session = self.intake.session(tenant, &letter.source, table);
        let mut out = Output::new(session.clone(), format.name);
        out.set_received(now_micros());
        let mut decoder = (format.open)(&session);
        let header = letter.header.as_bytes();
        decoder.push(letter.offset.saturating_sub(header.len() as u64), header, &mut out);
        decoder.push(letter.offset, &letter.raw, &mut out);
        decoder.finish(&mut out);
        let mut batches = out.flush();
        if let Some(reason) = out.counts().dead_letters.keys().next() {
            return Ok(Err(reason.clone()));
        }
        if batches.is_empty() {
            return Ok(Err("it has no record".into()));
        }
        let rows = batches.iter().map(|batch| batch.rows.num_rows() as u64).sum();
        batches.extend(self.replayed(tenant, &letter, format, rows));
        match self.intake.accept_patiently(INTERFACE, batches).await {
            Ok(_durable) => Ok(Ok(rows)),
            Err(error @ AppendError::TooLarge { .. }) => Ok(Err(error.to_string())),
            Err(error) => Err(logs_ingestion::refusal(error)),
        }
    }

    /// The row that says that a letter has become rows.
    fn replayed(&self, tenant: TenantId, letter: &Letter, format: &Format, rows: u64) -> Option<SignalBatch> {
        let table = self.intake.catalog().table(DEAD_LETTER_REPLAY_TABLE).expect("a table of our own");
        let at = |name| table.index_of(name).expect("a column of that table");
        let mut builder = RowsBuilder::new(table.clone());
        let mut row = builder.row(now_micros());
        row.text(at("DeadLetterId"), &letter.id);
        row.text(at("Source"), &letter.source);
        row.text(at("Format"), format.name);
        row.long(at("Rows"), i64::try_from(rows).unwrap_or(i64::MAX));
        drop(row);
        builder.finish(tenant)
    }

    /// The letters that were not replayed yet, one after the other.
    async fn letters(&self, tenant: TenantId) -> Result<Letters, ApiError> {
        let text = format!(
            "select DeadLetterId, Source, Format, Header, Encoding, Raw, \"Offset\", TargetTable from {DEAD_LETTER_TABLE} \
             order by DeadLetterId, Part"
        );
        let rows = self.lake.query(tenant, &text, limits()).await.map_err(mistake)?;
        Ok(Letters {
            rows,
            batch: None,
            at: 0,
            current: Letter::default(),
            replayed: self.replayed_before(tenant).await?,
        })
    }

    /// Ids of the letters that were replayed.
    async fn replayed_before(&self, tenant: TenantId) -> Result<HashSet<String>, ApiError> {
        let text = format!("select DeadLetterId from {DEAD_LETTER_REPLAY_TABLE}");
        let mut rows = self.lake.query(tenant, &text, limits()).await.map_err(mistake)?;
        let mut ids = HashSet::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(ApiError::internal)?;
            ids.extend(batch.column(0).as_string_view().iter().flatten().map(str::to_owned));
        }
        Ok(ids)
    }
}

/// All letters, for as long as a replay may take.
fn limits() -> QueryLimits {
    QueryLimits { rows: None, bytes: None, time: Duration::from_secs(600) }
}

fn text_at(batch: &RecordBatch, column: usize, row: usize) -> &str {
    let texts = batch.column(column).as_string_view();
    if texts.is_null(row) { "" } else { texts.value(row) }
}

/// Dead letters as they come out of their table, parts joined.
struct Letters {
    rows: QueryStream,
    batch: Option<RecordBatch>,
    at: usize,
    current: Letter,
    replayed: HashSet<String>,
}

impl Letters {
    async fn next(&mut self) -> Result<Option<Letter>, ApiError> {
        loop {
            let Some(batch) = self.batch.clone().filter(|batch| self.at < batch.num_rows()) else {
                match self.rows.next().await {
                    Some(batch) => self.batch = Some(batch.map_err(ApiError::internal)?),
                    None => {
                        let last = std::mem::take(&mut self.current);
                        return Ok(self.is_open(&last).then_some(last));
                    }
                }
                self.at = 0;
                continue;
            };
            let row = self.at;
            self.at += 1;
            let text = |column| text_at(&batch, column, row);
            let mut finished = None;
            if text(0) != self.current.id {
                let begun = Letter {
                    id: text(0).to_owned(),
                    source: text(1).to_owned(),
                    format: text(2).to_owned(),
                    header: text(3).to_owned(),
                    offset: batch.column(6).as_primitive::<Int64Type>().value(row) as u64,
                    target: text(7).to_owned(),
                    raw: Vec::new(),
                    is_too_large: false,
                };
                finished = Some(std::mem::replace(&mut self.current, begun));
            }
            if self.current.raw.len() + text(5).len() > LETTER_MAX {
                self.current.is_too_large = true;
                self.current.raw = Vec::new();
            }
            if self.current.is_too_large {
                // Nothing more of it is held.
            } else if text(4) == "base64" {
                let decoded = BASE64_STANDARD.decode(text(5)).map_err(ApiError::internal)?;
                self.current.raw.extend_from_slice(&decoded);
            } else {
                self.current.raw.extend_from_slice(text(5).as_bytes());
            }
            if let Some(letter) = finished.filter(|letter| self.is_open(letter)) {
                return Ok(Some(letter));
            }
        }
    }

    fn is_open(&self, letter: &Letter) -> bool {
        !letter.id.is_empty() && !self.replayed.contains(&letter.id)
    }
}
