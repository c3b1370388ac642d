//! The contract between the hub and a service.

use std::{error::Error, fmt, sync::Arc};

use async_trait::async_trait;
use phalanx_journal::Position;
use phalanx_signal::SignalBatch;

use crate::{ActionCall, ActionDone, ActionError, Manifest, ServiceContext};

/// A security service: what it observes, believes, does.
///
/// # How it lives
/// The hub gives each service a thread of its own, on which all of its calls run, interleaved where they
/// await: [`Service::run`], one [`Service::observe`] at a time, one run at a time of each schedule, and
/// actions on different targets. So a service that computes, blocks or hangs delays no other, and needs
/// locks only for its own tasks.
///
/// A call that panics, or that takes longer than the manifest allows, ends this *life* of the service: all
/// of its calls are dropped, and after a wait another life begins with [`Service::start`]. What a life holds
/// in memory may be half changed, so `start` makes it anew from state and context. The [`ServiceContext`]
/// of an ended life refuses everything: a call that hung and wakes up hours later can do no harm.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// What the service is and uses. Asked once, before anything else; always the same.
    fn manifest(&self) -> Manifest;

    /// Begins a life: builds what is held in memory from state and context. Nothing else is called before
    /// it has returned. An error ends the life.
    async fn start(&self, _ctx: &ServiceContext) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Signals of the consumed tables, in the journal's order. Given at least once: after a crash or a
    /// failure those since the last success come again, perhaps in other portions. A service whose
    /// effects can't be repeated remembers the position beside them and leaves out what is not after it.
    ///
    /// After [`ServiceError::rejected`] the offending entry is passed by; after any other error the same
    /// signals are tried again until they succeed, with growing waits.
    async fn observe(&self, _ctx: &ServiceContext, _signals: &[Observed]) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Works in the background until [`ServiceContext::shutdown`], or returns at once if there is nothing
    /// to do. An error ends the life.
    async fn run(&self, _ctx: &ServiceContext) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Does what the schedule of this name says. After an error the next run is at its time.
    async fn scheduled(&self, _ctx: &ServiceContext, _schedule: &str) -> Result<(), ServiceError> {
        Ok(())
    }

    /// Carries out an action of the manifest, or undoes one. A repeatable action may be called again with
    /// the same [`ActionCall::idempotency_key`] and must then not happen twice.
    async fn act(&self, _ctx: &ServiceContext, call: &ActionCall) -> Result<ActionDone, ActionError> {
        Err(ActionError::failed(format!("nobody carries out `{}`", call.action)))
    }

    /// Ends the last life when the platform shuts down, after all other calls have returned.
    async fn stop(&self, _ctx: &ServiceContext) -> Result<(), ServiceError> {
        Ok(())
    }
}

/// Rows of one table of one tenant, out of one entry of the journal.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The entry's position; all batches of an entry have the same.
    pub position: Position,
    /// When the platform accepted it, in microseconds since 1970.
    pub received: i64,
    pub batch: SignalBatch,
}

/// Why a service could not do something. Made from any error by `?`, which means: try again.
pub struct ServiceError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    is_rejection: bool,
}

impl ServiceError {
    /// Something is not possible now.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None, is_rejection: false }
    }

    /// These very signals can't be dealt with, now or ever.
    pub fn rejected(message: impl Into<String>) -> Self {
        Self { is_rejection: true, ..Self::new(message) }
    }

    /// The same, saying what was being done.
    pub fn context(self, doing: impl fmt::Display) -> Self {
        Self { message: format!("{doing}: {}", self.message), ..self }
    }

    pub(crate) fn is_rejection(&self) -> bool {
        self.is_rejection
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for ServiceError {
    fn from(error: E) -> Self {
        Self { message: error.to_string(), source: Some(Box::new(error)), is_rejection: false }
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source.as_ref().and_then(|source| source.source());
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All services of a program, in the order in which they are listed.
pub type Services = Vec<Arc<dyn Service>>;
