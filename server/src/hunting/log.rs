//! Every question, as a row of `LAQueryLogs`.

use std::time::Duration;

use phalanx_signal::RowsBuilder;

use super::{Answer, HuntError, Question};
use crate::ingest::{Intake, now_micros};

const TABLE: &str = "LAQueryLogs";
const INTERFACE: &str = "query log";

/// Longest text of a query that is kept.
const TEXT_MAX: usize = 64 << 10;

/// Writes the row. A question whose row can't be kept is answered all the same, and the refusal is counted.
pub async fn write(
    intake: &Intake,
    question: &Question,
    answered: &Result<Answer, HuntError>,
    took: Duration,
) {
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
    let code = match answered {
        Ok(answer) if answer.cut.is_some() => "206",
        Ok(_) => "200",
        Err(HuntError::TooMany(_)) => "429",
        Err(HuntError::Text(_)) => "400",
        Err(HuntError::Functions(_) | HuntError::Run(_)) => "500",
    };
    set("ResponseCode", code);
    if let Ok(answer) = answered {
        let count: usize = answer.results.iter().map(super::Rows::count).sum();
        set("ResponseRowCount", &count.to_string());
    }
    drop(row);
    if let Some(batch) = rows.finish(question.tenant) {
        // The intake has counted the refusal.
        let _kept = intake.accept(INTERFACE, vec![batch]).await;
    }
}
