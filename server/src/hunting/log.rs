//! Every question, as a row of `LAQueryLogs`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_signal::RowsBuilder;

use super::{Answer, HuntError, Question};
use crate::{
    ingest::{Intake, now_micros},
    metrics::Metrics,
};

const TABLE: &str = "LAQueryLogs";
const INTERFACE: &str = "query log";

/// Longest text of a query that is kept.
const TEXT_MAX: usize = 64 << 10;

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Whole {
        rows: usize,
    },
    Cut {
        rows: usize,
    },
    Wrong,
    TooMany,
    Failed,
    /// Whoever asked has gone away.
    Cancelled,
}

impl End {
    pub fn of(answered: &Result<Answer, HuntError>) -> Self {
        match answered {
            Ok(answer) => {
                let rows = answer.results.iter().map(super::Rows::count).sum();
                if answer.cut.is_some() { Self::Cut { rows } } else { Self::Whole { rows } }
            }
            Err(error) => Self::of_error(error),
        }
    }

    pub fn of_error(error: &HuntError) -> Self {
        match error {
            HuntError::TooMany(_) => Self::TooMany,
            HuntError::Text(_) => Self::Wrong,
            HuntError::Functions(_) | HuntError::Run(_) => Self::Failed,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Whole { .. } => "200",
            Self::Cut { .. } => "206",
            Self::Wrong => "400",
            Self::TooMany => "429",
            Self::Cancelled => "499",
            Self::Failed => "500",
        }
    }
}

/// Counts a question and writes its row when it has ended: by [`Record::close`], or, where nobody has waited for the
/// end, on being dropped.
pub struct Record {
    intake: Arc<Intake>,
    metrics: Arc<Metrics>,
    question: Option<Question>,
    begun: Instant,
}

impl Record {
    pub fn new(intake: Arc<Intake>, metrics: Arc<Metrics>, question: Question, begun: Instant) -> Self {
        Self { intake, metrics, question: Some(question), begun }
    }

    /// Writes the row.
    pub async fn close(&mut self, end: End) {
        let Some(question) = self.question.take() else { return };
        let took = self.begun.elapsed();
        let outcome = if matches!(end, End::Whole { .. } | End::Cut { .. }) { "ended" } else { "refused" };
        self.metrics.queries.with_label_values(&[outcome]).inc();
        self.metrics.query_seconds.observe(took.as_secs_f64());
        write(&self.intake, &question, end, took).await;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let (Some(question), Ok(runtime)) = (self.question.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        self.metrics.queries.with_label_values(&["cancelled"]).inc();
        let (intake, took) = (self.intake.clone(), self.begun.elapsed());
        // The intake's journal outlives it, or refuses; nothing else waits for this row.
        runtime.spawn(async move { write(&intake, &question, End::Cancelled, took).await });
    }
}

/// Writes the row. A question whose row can't be kept is answered all the same, and the refusal is counted.
async fn write(intake: &Intake, question: &Question, end: End, took: Duration) {
    let table = intake.catalog().table(TABLE).expect("a public table");
    let mut rows = RowsBuilder::new(table.clone());
    let mut row = rows.row(now_micros());
    let mut set = |column: &str, text: &str| {
        if let Some(at) = table.index_of(column) {
            row.text(at, text);
        }
    };
    let text = question.text.floor_char_boundary(TEXT_MAX);
    set("QueryText", &question.text[..text]);
    set("AADClientId", &question.asker.id);
    set("AADObjectId", &question.asker.id);
    set("AADEmail", &question.asker.name);
    set("AADTenantId", &question.tenant.to_string());
    set("RequestClientApp", &question.asker.application);
    set("RequestTarget", question.asker.target);
    set("CorrelationId", &uuid::Uuid::new_v4().to_string());
    set("ResponseDurationMs", &(took.as_secs_f64() * 1e3).to_string());
    set("ResponseCode", end.code());
    if let End::Whole { rows } | End::Cut { rows } = end {
        set("ResponseRowCount", &rows.to_string());
    }
    drop(row);
    if let Some(batch) = rows.finish(question.tenant) {
        // The intake has counted the refusal.
        let _kept = intake.accept(INTERFACE, vec![batch]).await;
    }
}
