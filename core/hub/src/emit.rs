//! Emitting signals: a service's rows go into the journal as those of any other sender.

use std::{sync::Arc, time::Duration};

use phalanx_journal::{Acknowledged, AppendError, Journal};
use phalanx_signal::SignalBatch;
use tokio::time::sleep;

use crate::{cursors::Cursors, supervise::Life, time::Clock};

/// Longest wait before the journal is asked again.
const WAIT_MOST: Duration = Duration::from_secs(5);
/// Waits shorter than this are not logged.
const WAIT_LOGGED: Duration = Duration::from_secs(1);

/// Why signals were not emitted. None of them was.
#[derive(Debug, thiserror::Error)]
pub enum EmitError {
    #[error("the manifest of `{service}` does not name table `{table}` as provided")]
    NotProvided { service: Arc<str>, table: Arc<str> },
    #[error("this run of the service has been ended")]
    Ended,
    #[error("the signals were not accepted")]
    Journal(#[from] AppendError),
}

/// Appends to the journal on behalf of services and of the hub.
pub(crate) struct Emitter {
    journal: Arc<dyn Journal>,
    clock: Clock,
    pub cursors: Arc<Cursors>,
}

impl Emitter {
    pub fn new(journal: Arc<dyn Journal>, clock: Clock, cursors: Arc<Cursors>) -> Self {
        Self { journal, clock, cursors }
    }

    /// Appends batches as one entry. When the journal is overloaded or full this waits, for as long as it
    /// takes; `life` gets the time it waited.
    pub async fn emit(
        &self,
        life: Option<&Life>,
        batches: Vec<SignalBatch>,
    ) -> Result<Acknowledged, EmitError> {
        self.persist(life, || self.journal.append(self.clock.micros(), batches.clone())).await
    }

    /// As [`Emitter::emit`], and remembers that the source has come to this cursor: both or neither.
    pub async fn emit_with_cursor(
        &self,
        life: Option<&Life>,
        source: &str,
        cursor: &str,
        batches: Vec<SignalBatch>,
    ) -> Result<Acknowledged, EmitError> {
        self.persist(life, || self.cursors.append(self.clock.micros(), source, cursor, batches.clone())).await
    }

    async fn persist<F: Future<Output = Result<Acknowledged, AppendError>>>(
        &self,
        life: Option<&Life>,
        append: impl Fn() -> F,
    ) -> Result<Acknowledged, EmitError> {
        let mut wait = Duration::from_millis(20);
        loop {
            if let Some(life) = life {
                life.check().map_err(|_| EmitError::Ended)?;
            }
            let error = match append().await {
                Ok(acknowledged) => return Ok(acknowledged),
                Err(error) => error,
            };
            let Some(retry_after) = error.retry_after() else {
                return Err(error.into());
            };
            wait = (wait * 2).max(retry_after).min(WAIT_MOST);
            if wait >= WAIT_LOGGED {
                let service = life.map(|life| &*life.slot.name);
                tracing::warn!(service, %error, ?wait, "signals wait to be accepted");
            }
            if let Some(life) = life {
                life.watch.extend(wait);
            }
            sleep(wait).await;
        }
    }
}
