//! The declaration of an action by the service that carries it out.

use std::time::Duration;

use serde::Serialize;

use super::{Flow, Parameter};

/// An action as its owner declares it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionDeclaration {
    /// Unique among all services, as a verb and its object: `isolate-device`.
    pub name: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// The kind of entity it is done to: `device`, `user`, `message`.
    pub target: String,
    pub parameters: Vec<Parameter>,
    /// Whether it gives back what is needed to undo it.
    pub is_undoable: bool,
    /// Whether the service recognises a repeated call by its idempotency key. If so, a call that was cut
    /// short (a crash, a hang, a timeout) is made again; if not, such an action is reported as failed
    /// with its outcome unknown.
    pub is_repeatable: bool,
    /// How long one try may take.
    #[serde(skip)]
    pub timeout: Duration,
    /// Tries in all, of failures that the service calls worth a retry.
    pub attempts: u32,
    /// Wait after the first such failure; doubled with each further one, up to five minutes.
    #[serde(skip)]
    pub retry_first: Duration,
    pub flows: Vec<Flow>,
}

impl ActionDeclaration {
    /// An action without parameters or undo, with a minute's time and five tries.
    pub fn new(name: impl Into<String>, target: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            summary: summary.into(),
            target: target.into(),
            parameters: Vec::new(),
            is_undoable: false,
            is_repeatable: false,
            timeout: Duration::from_secs(60),
            attempts: 5,
            retry_first: Duration::from_secs(1),
            flows: Vec::new(),
        }
    }

    /// The same, with one more parameter.
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The same, with an undo.
    pub fn undoable(self) -> Self {
        Self { is_undoable: true, ..self }
    }

    /// The same, recognising repeated calls.
    pub fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }

    /// The same, with so much time for each try.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same, with so many tries and this wait after the first.
    pub fn retry(self, attempts: u32, first: Duration) -> Self {
        Self { attempts: attempts.max(1), retry_first: first, ..self }
    }

    /// The same, as these flows.
    pub fn flows(self, flows: impl IntoIterator<Item = Flow>) -> Self {
        Self { flows: flows.into_iter().collect(), ..self }
    }
}
