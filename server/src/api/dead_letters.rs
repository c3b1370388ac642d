//! Input that could not be decoded: counted by reason, and decoded again after a fix.
//!
//! The rows of a replayed letter and the row that says it was replayed are one entry of the journal: whatever
//! happens in between, a letter becomes rows once. One replay runs at a time. A letter that still can't be
//! decoded stays as it is.

use std::{collections::HashSet, sync::Arc, time::Duration};

use arrow_array::{Array, RecordBatch, cast::AsArray, types::Int64Type};
use axum::{Json, response::IntoResponse};
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::StreamExt;
use phalanx_lake::{Lake, QueryLimits, QueryStream};
use phalanx_signal::{
    RowsBuilder, SignalBatch, TenantId,
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
}

#[derive(Default, Serialize)]
struct ReplayReport {
    tried: u64,
    decoded: u64,
    rows: u64,
    failed: u64,
}

/// A dead letter, its parts joined.
#[derive(Default)]
struct Letter {
    id: String,
    source: String,
    format: String,
    /// The table that its sender named; empty for none.
    target: String,
    reason: String,
    offset: u64,
    raw: Vec<u8>,
}

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
        let mut groups = std::collections::BTreeMap::<_, u64>::new();
        let mut letters = self.letters(tenant).await?;
        while let Some(letter) = letters.next().await? {
            *groups.entry((letter.format, letter.reason, letter.source)).or_default() += 1;
        }
        let groups: Vec<_> = groups
            .into_iter()
            .map(|((format, reason, source), count)| {
                json!({ "format": format, "reason": reason, "source": source, "count": count })
            })
            .collect();
        Ok(Json(json!({ "dead_letters": groups })).into_response())
    }

    async fn replay(&self, mut request: RequestContext) -> HandlerResult {
        let tenant = TenantId::new(request.tenant()?);
        let asked: ReplayRequest = request.json().await?;
        if let Some(name) = &asked.r#as {
            decode::format(name).ok_or_else(|| ApiError::invalid(format!("there is no format `{name}`")))?;
        }
        let _one_at_a_time = self.replaying.try_lock().map_err(|_| {
            ApiError::conflict("dead letters are being replayed already; wait until that has ended")
        })?;
        let mut report = ReplayReport::default();
        let mut letters = self.letters(tenant).await?;
        while let Some(letter) = letters.next().await? {
            let is_meant = asked.format.as_ref().is_none_or(|format| *format == letter.format)
                && asked.source.as_ref().is_none_or(|part| letter.source.contains(part.as_str()));
            if is_meant {
                self.replay_letter(tenant, asked.r#as.as_deref(), letter, &mut report).await?;
            }
        }
        Ok(Json(report).into_response())
    }

    async fn replay_letter(
        &self,
        tenant: TenantId,
        format: Option<&str>,
        letter: Letter,
        report: &mut ReplayReport,
    ) -> Result<(), ApiError> {
        report.tried += 1;
        let Some(format) = decode::format(format.unwrap_or(&letter.format)) else {
            report.failed += 1;
            return Ok(());
        };
        let table = self.intake.catalog().table(&letter.target);
        let session = self.intake.session(tenant, &letter.source, table);
        let mut out = Output::new(session.clone(), format.name);
        out.set_received(now_micros());
        let mut decoder = (format.open)(&session);
        decoder.push(letter.offset, &letter.raw, &mut out);
        decoder.finish(&mut out);
        let mut batches = out.flush();
        if out.counts().dead_letter_count() > 0 || batches.is_empty() {
            report.failed += 1;
            return Ok(());
        }
        let rows = batches.iter().map(|batch| batch.rows.num_rows() as u64).sum();
        batches.extend(self.replayed(tenant, &letter, format, rows));
        let _durable =
            self.intake.accept_patiently(INTERFACE, batches).await.map_err(logs_ingestion::refusal)?;
        report.decoded += 1;
        report.rows += rows;
        Ok(())
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
            "select DeadLetterId, Source, Format, Reason, Encoding, Raw, \"Offset\", TargetTable from {DEAD_LETTER_TABLE} \
             order by DeadLetterId, Part"
        );
        let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(600) };
        let rows = self.lake.query(tenant, &text, limits).await.map_err(mistake)?;
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
        let limits = QueryLimits { rows: None, bytes: None, time: Duration::from_secs(600) };
        let mut rows = self.lake.query(tenant, &text, limits).await.map_err(mistake)?;
        let mut ids = HashSet::new();
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(ApiError::internal)?;
            ids.extend(batch.column(0).as_string_view().iter().flatten().map(str::to_owned));
        }
        Ok(ids)
    }
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
            let text = |column: usize| {
                let texts = batch.column(column).as_string_view();
                if texts.is_null(row) { "" } else { texts.value(row) }
            };
            let mut finished = None;
            if text(0) != self.current.id {
                let begun = Letter {
                    id: text(0).to_owned(),
                    source: text(1).to_owned(),
                    format: text(2).to_owned(),
                    reason: text(3).to_owned(),
                    offset: batch.column(6).as_primitive::<Int64Type>().value(row) as u64,
                    target: text(7).to_owned(),
                    raw: Vec::new(),
                };
                finished = Some(std::mem::replace(&mut self.current, begun));
            }
            if text(4) == "base64" {
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
