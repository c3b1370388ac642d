//! Table `SentinelHealth`: what the hub reports.
//!
//! `Data fetch status change` with `Success` and `Failure` is the original's own operation for data connectors,
//! and ours are told of in the same words, so rules over it work. The other operations are about parts that the
//! original keeps to itself (`SentinelResourceType` says which); their `Status` uses the same three words.

use phalanx_hub::{HealthEvent, HealthReport, SourceState};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fill::Fill;

const SERVICE: &str = "Service status change";
const CONSUMER: &str = "Consumer status change";
const SCHEDULE: &str = "Scheduled run status change";
const SUMMARY: &str = "Service status summary";
/// As the original names the change of a data connector.
const SOURCE: &str = "Data fetch status change";

/// A row of the table.
pub(crate) struct Event<'a> {
    pub operation: &'a str,
    pub resource: &'a str,
    pub resource_type: &'a str,
    pub kind: &'a str,
    pub is_success: bool,
    pub description: &'a str,
    pub reason: &'a str,
    pub properties: Value,
}

impl Event<'_> {
    /// Writes the row.
    pub fn write(&self, fill: &mut Fill) {
        let status = if self.is_success { "Success" } else { "Failure" };
        self.write_with(fill, status);
    }

    fn write_with(&self, fill: &mut Fill, status: &str) {
        let (workspace, record) = (fill.tenant().to_string(), self.record_id(fill).to_string());
        let resource = format!("/workspaces/{workspace}/{}/{}", self.resource_type, self.resource);
        fill.row()
            .text("SourceSystem", "Phalanx")
            .text("WorkspaceId", &workspace)
            .text("RecordId", &record)
            .text("OperationName", self.operation)
            .text("SentinelResourceId", &resource)
            .text("SentinelResourceName", self.resource)
            .text("SentinelResourceType", self.resource_type)
            .text("SentinelResourceKind", self.kind)
            .text("Status", status)
            .text("Description", self.description)
            .text("Reason", self.reason)
            .json("ExtendedProperties", &self.properties);
    }

    /// Names the row: the same for the same event at the same moment, so that a row written twice shows.
    fn record_id(&self, fill: &Fill) -> Uuid {
        let Self { operation, resource, resource_type, kind, description, reason, .. } = self;
        let what = [*operation, *resource_type, *resource, *kind, *description, *reason].join("\n");
        Uuid::new_v5(fill.tenant().as_uuid(), format!("{}\n{what}", fill.now()).as_bytes())
    }
}

/// Writes the row of a report.
pub(crate) fn write(fill: &mut Fill, report: &HealthReport) {
    let service = &*report.service;
    let base = Event {
        operation: SERVICE,
        resource: service,
        resource_type: "Service",
        kind: "",
        is_success: true,
        description: "",
        reason: "",
        properties: json!({ "Reported": report.at }),
    };
    match &report.event {
        HealthEvent::Start { restarts } => {
            let properties = json!({ "Restarts": restarts });
            Event { description: "the service started", properties, ..base }.write(fill);
        }
        HealthEvent::Fail { failure, restart_after } => {
            let description = format!("the service failed and is started anew in {restart_after:?}");
            let properties = json!({
                "Failure": failure,
                "RestartAfterSeconds": restart_after.as_secs_f64(),
            });
            let reason = failure.to_string();
            let (description, reason) = (description.as_str(), reason.as_str());
            Event { is_success: false, description, reason, properties, ..base }.write(fill);
        }
        HealthEvent::GiveUp { failure } => {
            let description = "the service failed for good: restart the program to revive it";
            let (reason, properties) = (failure.to_string(), json!({ "Failure": failure }));
            let reason = reason.as_str();
            Event { is_success: false, description, reason, properties, ..base }.write(fill);
        }
        HealthEvent::Recover => Event { description: "the service recovered", ..base }.write(fill),
        HealthEvent::Stop => Event { description: "the service stopped", ..base }.write(fill),
        HealthEvent::ObserveFail { position, reason } => Event {
            operation: CONSUMER,
            is_success: false,
            description: "the service can't deal with its signals; they are tried again",
            reason,
            properties: json!({ "Position": position.0 }),
            ..base
        }
        .write(fill),
        HealthEvent::ObserveRecover { position } => Event {
            operation: CONSUMER,
            description: "the service deals with its signals again",
            properties: json!({ "Position": position.0 }),
            ..base
        }
        .write(fill),
        HealthEvent::Skip { position, reason } => Event {
            operation: CONSUMER,
            is_success: false,
            description: "the service passed signals by; their rows are kept like all others",
            reason,
            properties: json!({ "Position": position.0 }),
            ..base
        }
        .write(fill),
        HealthEvent::ScheduleFail { schedule, reason } => Event {
            operation: SCHEDULE,
            kind: schedule,
            is_success: false,
            description: "a scheduled run failed",
            reason,
            ..base
        }
        .write(fill),
        HealthEvent::ScheduleRecover { schedule } => Event {
            operation: SCHEDULE,
            kind: schedule,
            description: "a scheduled run succeeded again",
            ..base
        }
        .write(fill),
        HealthEvent::Source(source) => Event {
            operation: SOURCE,
            resource: &source.source,
            resource_type: "Data connector",
            kind: service,
            // A file that is not there may well be as it should be; `State` tells the two apart.
            is_success: source.state != SourceState::Fail,
            description: &source.detail,
            reason: source.advice.as_deref().unwrap_or_default(),
            properties: json!({ "State": source.state, "Service": service }),
        }
        .write(fill),
    }
}

/// Writes that reports were missed, because there were more than could be written.
pub(crate) fn write_missed(fill: &mut Fill, missed: u64) {
    Event {
        operation: SUMMARY,
        resource: "health",
        resource_type: "Service",
        kind: "",
        is_success: false,
        description: "more health reports came than could be written",
        reason: "",
        properties: json!({ "Missed": missed }),
    }
    .write_with(fill, "Informational");
}
