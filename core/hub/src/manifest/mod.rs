//! What a service says of itself: which signals, context and actions it consumes and provides.
//!
//! The hub compares all manifests at start ([`validate`]), draws the matrix of who feeds whom from them,
//! and holds each service to its own: a service can't emit rows of a table, own a kind of context or
//! request an action that its manifest doesn't name.

mod action;
mod context;
mod flow;
mod parameter;
mod schedule;
mod source;
mod validate;

use std::time::Duration;

use serde::Serialize;

pub use action::ActionDeclaration;
pub use context::ContextUse;
pub use flow::{Direction, Flow, FlowMeaning};
pub(crate) use parameter::nearest;
pub use parameter::{Parameter, ParameterError, ParameterKind};
pub use schedule::{MissedRuns, ScheduleDeclaration, When};
pub use source::{Source, Tables};
pub use validate::{ManifestError, ManifestErrors, validate};

use crate::ContextKind;

/// In place of a table's name: every table.
pub const EVERY_TABLE: &str = "*";

/// What a service says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// Its name, that of its folder: up to 32 lower-case letters, digits and hyphens.
    pub name: String,
    /// The product whose job it does, under the name that people will look for.
    pub original: String,
    /// What it does, in one sentence.
    pub summary: String,
    pub signals_consumed: Vec<SignalUse>,
    pub signals_provided: Vec<SignalUse>,
    pub context_consumed: Vec<ContextUse>,
    pub context_provided: Vec<ContextUse>,
    pub actions_provided: Vec<ActionDeclaration>,
    pub actions_requested: Vec<ActionUse>,
    pub schedules: Vec<ScheduleDeclaration>,
    pub settings: Vec<Parameter>,
    #[serde(skip)]
    pub limits: ServiceLimits,
}

/// A table that a service reads or writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignalUse {
    /// The table's name, or [`EVERY_TABLE`].
    pub table: String,
    /// The numbered flows that this is (part of).
    pub flows: Vec<Flow>,
}

/// An action that a service may request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionUse {
    pub name: String,
    pub flows: Vec<Flow>,
}

/// How long a service may take before it counts as hanging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLimits {
    /// For `start`.
    pub start: Duration,
    /// For one call of `observe`.
    pub observe: Duration,
    /// Between two heartbeats of `run`; `None` for a run that waits for things that may never come.
    pub heartbeat: Option<Duration>,
    /// For `stop`.
    pub stop: Duration,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(60),
            observe: Duration::from_secs(30),
            heartbeat: None,
            stop: Duration::from_secs(5),
        }
    }
}

impl Manifest {
    /// A service that consumes and provides nothing yet.
    pub fn new(name: impl Into<String>, original: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            original: original.into(),
            summary: summary.into(),
            signals_consumed: Vec::new(),
            signals_provided: Vec::new(),
            context_consumed: Vec::new(),
            context_provided: Vec::new(),
            actions_provided: Vec::new(),
            actions_requested: Vec::new(),
            schedules: Vec::new(),
            settings: Vec::new(),
            limits: ServiceLimits::default(),
        }
    }

    /// Reads these tables, as these flows.
    pub fn consumes_signals<T: Into<String>>(
        mut self,
        tables: impl IntoIterator<Item = T>,
        flows: impl IntoIterator<Item = Flow>,
    ) -> Self {
        self.signals_consumed.extend(signal_uses(tables, flows));
        self
    }

    /// Reads every table.
    pub fn consumes_every_signal(self, flows: impl IntoIterator<Item = Flow>) -> Self {
        self.consumes_signals([EVERY_TABLE], flows)
    }

    /// Writes rows of these tables, as these flows.
    pub fn provides_signals<T: Into<String>>(
        mut self,
        tables: impl IntoIterator<Item = T>,
        flows: impl IntoIterator<Item = Flow>,
    ) -> Self {
        self.signals_provided.extend(signal_uses(tables, flows));
        self
    }

    /// Reads what another service believes.
    pub fn consumes_context<K: ContextKind>(mut self, flows: impl IntoIterator<Item = Flow>) -> Self {
        self.context_consumed.push(ContextUse::of::<K>(flows));
        self
    }

    /// Is the one who decides what is believed.
    pub fn provides_context<K: ContextKind>(mut self, flows: impl IntoIterator<Item = Flow>) -> Self {
        self.context_provided.push(ContextUse::of::<K>(flows));
        self
    }

    /// Carries out an action.
    pub fn provides_action(mut self, action: ActionDeclaration) -> Self {
        self.actions_provided.push(action);
        self
    }

    /// May ask for an action, and for its undo.
    pub fn requests_action(mut self, name: impl Into<String>, flows: impl IntoIterator<Item = Flow>) -> Self {
        self.actions_requested.push(ActionUse { name: name.into(), flows: flows.into_iter().collect() });
        self
    }

    /// Has something to do at certain times.
    pub fn schedule(mut self, schedule: ScheduleDeclaration) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Can be told something in the configuration.
    pub fn setting(mut self, setting: Parameter) -> Self {
        self.settings.push(setting);
        self
    }

    /// How long it may take.
    pub fn limits(mut self, limits: ServiceLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether it reads this table.
    pub fn consumes_table(&self, table: &str) -> bool {
        self.signals_consumed.iter().any(|used| used.covers(table))
    }

    /// Whether it writes this table.
    pub fn provides_table(&self, table: &str) -> bool {
        self.signals_provided.iter().any(|used| used.covers(table))
    }
}

impl SignalUse {
    /// Whether the table is meant.
    pub fn covers(&self, table: &str) -> bool {
        self.table == table || self.table == EVERY_TABLE
    }
}

fn signal_uses<T: Into<String>>(
    tables: impl IntoIterator<Item = T>,
    flows: impl IntoIterator<Item = Flow>,
) -> Vec<SignalUse> {
    let flows: Vec<Flow> = flows.into_iter().collect();
    tables.into_iter().map(|table| SignalUse { table: table.into(), flows: flows.clone() }).collect()
}
