//! The loop: signals → context → enforcement → back.
//!
//! A [`Service`] says in its [`Manifest`] what it consumes and provides. The [`Hub`] checks at start that all
//! fit together, and then carries four things between them, which never meet otherwise:
//!
//! - **Signals** out of the journal, to each service that consumes their table ([`Service::observe`]), and
//!   into it ([`ServiceContext::emit`]).
//! - **Context**: what is believed about an entity now ([`ContextReader`], changed by one [`ContextOwner`]).
//! - **Actions**: an enforcement asked of the service that owns it ([`ActionRequest`], [`Service::act`]).
//! - **Schedules**: what is done at certain times ([`Service::scheduled`]).
//!
//! It supervises the services while doing so: one that panics or hangs is restarted and reported
//! ([`HealthReport`]), and the others go on. Decisions are not made here but in `core/policy`.
#![forbid(unsafe_code)]

mod actions;
mod context;
mod cursors;
mod documents;
mod emit;
mod handle;
mod health;
mod hub;
pub mod manifest;
mod matrix;
mod meter;
mod observe;
mod schedules;
mod service;
mod settings;
mod shared;
mod status;
mod supervise;
#[cfg(feature = "testsuite")]
pub mod testsuite;
mod time;

pub use actions::{
    ActionCall, ActionDone, ActionError, ActionId, ActionOutcome, ActionRecord, ActionRequest, ActionStatus,
    Actions, RequestError, Requester, Target, Undo,
};
pub use context::{
    Belief, ContextChange, ContextChanges, ContextError, ContextKind, ContextNews, ContextOwner,
    ContextReader, ContextStore,
};
pub use cursors::CursorError;
pub use documents::{Documents, Stored};
pub use emit::EmitError;
pub use handle::ServiceContext;
pub use health::{
    Activity, Failure, FailureKind, HealthEvent, HealthNews, HealthReport, HealthReports, SourceReport,
    SourceState,
};
pub use hub::{Hub, HubDeps, StartError};
pub use manifest::{
    ActionDeclaration, ContextUse, Direction, Flow, FlowMeaning, Manifest, ManifestError, ManifestErrors,
    MissedRuns, Parameter, ParameterError, ParameterKind, ScheduleDeclaration, ServiceLimits, SignalUse,
    Source, When, validate,
};
pub use matrix::{Arrow, FlowRow, Matrix, MatrixService, Noun, matrix};
pub use meter::Traffic;
pub use schedules::{LastRun, ScheduleStatus};
pub use service::{Observed, Service, ServiceError, Services};
pub use settings::HubSettings;
pub use status::{HubStatus, Lag, ServiceStatus};
pub use supervise::{Ended, ServiceState};
pub use time::{Chance, Clock};
