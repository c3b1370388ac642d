//! The row of table `PhalanxAction` that tells of an action.

use std::sync::Arc;

use phalanx_signal::{RowsBuilder, SignalBatch, Table};
use serde_json::json;

use super::{ActionRecord, ActionStatus};

/// The table of actions.
pub(crate) const TABLE: &str = "PhalanxAction";

/// A batch of one row about the action as it is.
pub(super) fn batch(table: Arc<Table>, record: &ActionRecord, now: i64) -> Option<SignalBatch> {
    let at = |name: &str| table.index_of(name).expect("a column of the table of actions");
    let mut rows = RowsBuilder::new(table.clone());
    let mut row = rows.row(now);
    row.text(at("ActionId"), &record.id.to_string());
    row.text(at("ActionName"), &record.action);
    row.text(at("Service"), &record.service);
    row.json(at("Target"), &json!(record.target).to_string());
    row.json(at("Parameters"), &json!(record.parameters).to_string());
    row.text(at("RequestedBy"), &record.requested_by.to_string());
    row.text(at("Reason"), &record.reason);
    row.text(at("Outcome"), outcome(record.status));
    row.bool(at("IsUndoable"), record.undo_token.is_some());
    if let Some(outcome) = &record.outcome {
        row.text(at("Detail"), &outcome.detail);
        row.long(at("DurationMs"), outcome.duration_ms);
        if !outcome.result.is_null() {
            row.unmapped_json("Result", &outcome.result.to_string());
        }
    }
    if let Some(of) = record.undo_of {
        row.text(at("UndoOf"), &of.to_string());
    }
    if let Some(correlation) = &record.correlation {
        row.text(at("CorrelationId"), correlation);
    }
    drop(row);
    rows.finish(record.tenant)
}

fn outcome(status: ActionStatus) -> &'static str {
    match status {
        ActionStatus::Asked | ActionStatus::Running => "Asked",
        ActionStatus::Succeeded => "Succeeded",
        ActionStatus::Failed => "Failed",
        ActionStatus::Expired => "Expired",
    }
}
