//! Asking for an action, and being asked for one.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use phalanx_signal::TenantId;
use phalanx_state::Author;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ActionId, ActionRecord};
use crate::manifest::{ActionDeclaration, Parameter, ParameterError};

/// An enforcement that someone asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRequest {
    pub tenant: TenantId,
    /// The action's name: `isolate-device`.
    pub action: String,
    /// The entity it is to be done to.
    pub target: Target,
    pub parameters: Map<String, Value>,
    /// Why, for the audit trail.
    pub reason: String,
    /// What makes this the same request if it is made again: 1 to 200 bytes. A rule and the alert it
    /// acts on, for example.
    pub idempotency_key: String,
    /// When it is no longer wanted.
    pub expires: Option<DateTime<Utc>>,
    /// Ties it to what it belongs to: an incident, a playbook's run.
    pub correlation: Option<String>,
}

/// The entity that an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// `device`, `user`, `message`, …
    pub kind: String,
    pub id: String,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Requester {
    /// A service of this platform.
    Service(#[serde(with = "super::shared_text")] Arc<str>),
    /// A user or an application, by its id.
    Principal(String),
}

/// What the owner of an action is called with.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionCall {
    pub id: ActionId,
    /// The same for every try of this action, and of no other action.
    pub idempotency_key: String,
    /// 1 for the first try. From 2 on, the one before may have been carried out, wholly or in part.
    pub attempt: u32,
    pub tenant: TenantId,
    pub action: String,
    pub target: Target,
    pub parameters: Map<String, Value>,
    pub requested_by: Requester,
    pub reason: String,
    /// Set when an action is to be undone instead of done.
    pub undo: Option<Undo>,
}

/// The action to undo.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo {
    pub of: ActionId,
    /// What that action left for its undo.
    pub token: Value,
}

/// An action was carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionDone {
    /// What was done, for people.
    pub detail: String,
    /// What was done, for programs.
    pub result: Value,
    /// What is needed to undo it; `None` where there is nothing to undo.
    pub undo: Option<Value>,
}

/// An action was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ActionError {
    pub(super) message: String,
    pub(super) is_final: bool,
    pub(super) after: Option<Duration>,
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("no service provides action `{action}`")]
    Unknown { action: String },
    #[error("the manifest of `{service}` does not name action `{action}` as requested")]
    NotRequested { service: Arc<str>, action: String },
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Parameters(Vec<ParameterError>),
    #[error("action `{action}` is done to a {expected}, found a {found}")]
    Target { action: String, expected: String, found: String },
    #[error("action `{action}` needs the id of a {expected}")]
    NoTarget { action: String, expected: String },
    #[error("an idempotency key has 1 to 200 bytes without control characters")]
    Key,
    #[error("the request has expired")]
    Expired,
    #[error("the idempotency key `{key}` was used for another request")]
    KeyReused { key: String },
    #[error("there is no action `{0}`")]
    NoSuchAction(ActionId),
    #[error("action `{0}` can't be undone: it did not succeed, or left nothing to undo")]
    NotUndoable(ActionId),
    #[error("this run of the service has been ended")]
    Ended,
    #[error("a stored action can't be read")]
    Decode(#[from] serde_json::Error),
    #[error("the row that tells of the action was not accepted")]
    Tell(#[source] Box<crate::EmitError>),
    #[error("the action could not be stored")]
    State(#[from] phalanx_state::Error),
}

impl ActionRequest {
    /// A request without parameters that does not expire.
    pub fn new(
        tenant: TenantId,
        action: impl Into<String>,
        target: Target,
        reason: impl Into<String>,
        idempotency_key: impl Into<String>,
    ) -> Self {
        Self {
            tenant,
            action: action.into(),
            target,
            parameters: Map::new(),
            reason: reason.into(),
            idempotency_key: idempotency_key.into(),
            expires: None,
            correlation: None,
        }
    }

    /// The same, with one more parameter.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The same, not wanted any more from this time on.
    pub fn expires(self, at: DateTime<Utc>) -> Self {
        Self { expires: Some(at), ..self }
    }

    /// Checks the request against the declaration and fills in defaults.
    pub(super) fn check(
        self,
        declaration: &ActionDeclaration,
        now: DateTime<Utc>,
    ) -> Result<Self, RequestError> {
        const KEY_BYTES_MAX: usize = 200;
        let key = &self.idempotency_key;
        if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
            return Err(RequestError::Key);
        }
        if self.target.kind != declaration.target {
            let (action, found) = (self.action, self.target.kind);
            return Err(RequestError::Target { action, expected: declaration.target.clone(), found });
        }
        if self.target.id.is_empty() {
            let (action, expected) = (self.action, declaration.target.clone());
            return Err(RequestError::NoTarget { action, expected });
        }
        if self.expires.is_some_and(|at| at <= now) {
            return Err(RequestError::Expired);
        }
        let parameters = Parameter::check_all(&declaration.parameters, &self.parameters)
            .map_err(RequestError::Parameters)?;
        Ok(Self { parameters, ..self })
    }
}

impl Target {
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

impl Requester {
    /// As the audit trail names it. The trail takes a line of some length; the action itself keeps the reason
    /// as it was given.
    pub(super) fn author(&self, reason: &str) -> Result<Author, phalanx_state::Error> {
        const REASON_BYTES_MAX: usize = 4_096;
        let line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Author::new(self.to_string())?.because(&line[..line.floor_char_boundary(REASON_BYTES_MAX)])
    }
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) => write!(f, "service:{name}"),
            Self::Principal(id) => f.write_str(id),
        }
    }
}

impl ActionCall {
    pub(super) fn new(record: &ActionRecord) -> Self {
        Self {
            id: record.id,
            idempotency_key: record.id.to_string(),
            attempt: record.attempts,
            tenant: record.tenant,
            action: record.action.clone(),
            target: record.target.clone(),
            parameters: record.parameters.clone(),
            requested_by: record.requested_by.clone(),
            reason: record.reason.clone(),
            undo: record.undo_of.map(|of| Undo { of, token: record.undo_with.clone().unwrap_or_default() }),
        }
    }
}

impl ActionDone {
    /// Done, with nothing to undo.
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::default() }
    }

    /// The same, with what is needed to undo it.
    pub fn undo(self, token: impl Into<Value>) -> Self {
        Self { undo: Some(token.into()), ..self }
    }

    /// The same, with a result for programs.
    pub fn result(self, result: impl Into<Value>) -> Self {
        Self { result: result.into(), ..self }
    }
}

impl ActionError {
    /// It can't be done, now or later.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_final: true, after: None }
    }

    /// It was not done, and another try may do it.
    pub fn retry(message: impl Into<String>) -> Self {
        Self { message: message.into(), is_final: false, after: None }
    }

    /// The same, not sooner than after this time.
    pub fn after(self, wait: Duration) -> Self {
        Self { after: Some(wait), ..self }
    }
}
