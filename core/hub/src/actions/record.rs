//! An action as it is stored.

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};
use phalanx_signal::TenantId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{ActionRequest, Requester, Target};

/// Names one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(Uuid);

/// Where an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActionStatus {
    /// Stored, and not begun, or waiting for another try.
    Asked,
    /// The owner was called. Found after a crash, it means that nobody knows how far that went.
    Running,
    Succeeded,
    Failed,
    /// It was not begun before it expired.
    Expired,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionOutcome {
    /// For people.
    pub detail: String,
    /// For programs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
    pub ended: DateTime<Utc>,
    /// From the request to the end.
    pub duration_ms: i64,
}

/// Everything about an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionRecord {
    pub id: ActionId,
    #[serde(serialize_with = "write_tenant", deserialize_with = "read_tenant")]
    pub tenant: TenantId,
    pub action: String,
    /// The service that carries it out.
    #[serde(with = "super::shared_text")]
    pub service: Arc<str>,
    pub target: Target,
    pub parameters: Map<String, Value>,
    pub requested_by: Requester,
    pub reason: String,
    pub idempotency_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    pub asked: DateTime<Utc>,
    /// Orders the actions.
    pub sequence: i64,
    pub status: ActionStatus,
    /// How often the owner was called.
    pub attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<ActionOutcome>,
    /// What this action left for its undo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_token: Option<Value>,
    /// The action that this one undoes, and what that one left for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_of: Option<ActionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo_with: Option<Value>,
    /// The action that undid this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<ActionId>,
    /// The last status of which a row was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<ActionStatus>,
    /// Whether something remains to be done: carrying it out, or writing the last row.
    pub is_open: bool,
}

impl ActionStatus {
    /// Whether it stays so.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Expired)
    }

    /// Whether it ended without being carried out, as far as is known.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Expired)
    }
}

impl ActionId {
    /// The id of a request: the same for the same tenant, requester, action and idempotency key.
    pub(super) fn of(requester: &Requester, request: &ActionRequest) -> Self {
        // No part can hold the divider: names and keys have no control characters.
        let name = format!("{requester}\n{}\n{}", request.action, request.idempotency_key);
        Self(Uuid::new_v5(request.tenant.as_uuid(), name.as_bytes()))
    }

    /// The id of an action's undo; `attempt` counts those that failed before.
    pub(super) fn of_undo(of: Self, attempt: u32) -> Self {
        Self(Uuid::new_v5(&of.0, format!("undo {attempt}").as_bytes()))
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for ActionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

impl ActionRecord {
    pub(super) fn new(
        id: ActionId,
        service: &Arc<str>,
        requested_by: Requester,
        request: ActionRequest,
        asked: DateTime<Utc>,
        sequence: i64,
    ) -> Self {
        Self {
            id,
            tenant: request.tenant,
            action: request.action,
            service: service.clone(),
            target: request.target,
            parameters: request.parameters,
            requested_by,
            reason: request.reason,
            idempotency_key: request.idempotency_key,
            expires: request.expires,
            correlation: request.correlation,
            asked,
            sequence,
            status: ActionStatus::Asked,
            attempts: 0,
            outcome: None,
            undo_token: None,
            undo_of: None,
            undo_with: None,
            undone_by: None,
            told: None,
            is_open: true,
        }
    }

    /// The undo of this action.
    pub(super) fn undo(
        &self,
        id: ActionId,
        requested_by: Requester,
        reason: &str,
        asked: DateTime<Utc>,
        sequence: i64,
    ) -> Self {
        Self {
            id,
            requested_by,
            reason: reason.to_owned(),
            idempotency_key: id.to_string(),
            expires: None,
            asked,
            sequence,
            status: ActionStatus::Asked,
            attempts: 0,
            outcome: None,
            undo_token: None,
            undo_of: Some(self.id),
            undo_with: self.undo_token.clone(),
            undone_by: None,
            told: None,
            is_open: true,
            ..self.clone()
        }
    }

    pub(super) fn read(body: Value) -> Result<Self, serde_json::Error> {
        serde_json::from_value(body)
    }

    pub(super) fn body(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    /// Whether two requests with one idempotency key are one request.
    pub(super) fn asks_the_same(&self, other: &Self) -> bool {
        (&self.target, &self.parameters, self.undo_of) == (&other.target, &other.parameters, other.undo_of)
    }

    pub(super) fn ended(
        &self,
        status: ActionStatus,
        detail: String,
        result: Value,
        now: DateTime<Utc>,
    ) -> Self {
        let duration_ms = (now - self.asked).num_milliseconds().max(0);
        let outcome = Some(ActionOutcome { detail, result, ended: now, duration_ms });
        Self { status, outcome, ..self.clone() }
    }
}

fn write_tenant<S: Serializer>(tenant: &TenantId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(tenant)
}

fn read_tenant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TenantId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
