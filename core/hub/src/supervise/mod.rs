//! Supervision: a service that panics or hangs is restarted, with waits that grow, and reported; the
//! others go on.
//!
//! A service lives on a thread of its own ([`life`]), so that one which computes or blocks without end
//! takes nothing from the others. Its calls have deadlines ([`watch`]) that a task outside looks at. A call
//! that hangs where it awaits is dropped. A thread that does not come back is given up: its handles are
//! revoked, so that it can do no harm should it wake, and its memory is the price; after a few of those the
//! service is no longer restarted.

mod backoff;
mod life;
mod slot;
mod watch;

use std::sync::Arc;

use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};

pub(crate) use backoff::backoff;
pub use life::Ended;
pub(crate) use life::Life;
pub use slot::ServiceState;
pub(crate) use slot::{CONSUMER_PREFIX, Condition, Slot, Traffics, Trial, consumer};
pub(crate) use watch::Watch;

use crate::health::{Activity, Failure, FailureKind, HealthEvent};

/// Keeps a service alive until the hub shuts down.
pub(crate) async fn supervise(slot: Arc<Slot>) {
    let settings = slot.shared.settings.clone();
    let mut failures = 0;
    loop {
        slot.enter(ServiceState::Start);
        let began = Instant::now();
        let Err(failure) = lifetime(&slot, failures > 0).await else {
            break;
        };
        failures = if began.elapsed() >= settings.stable_after { 1 } else { failures + 1 };
        let wait = backoff(settings.restart_first, settings.restart_most, failures, &slot.shared.chance);
        if !note(&slot, failure, wait) {
            slot.shared.shutdown.cancelled().await;
            return;
        }
        tokio::select! {
            () = sleep(wait) => {}
            () = slot.shared.shutdown.cancelled() => break,
        }
    }
    slot.enter(ServiceState::Stop);
    slot.report(HealthEvent::Stop);
}

/// Writes a failure down; `false` if the service is not to be restarted.
fn note(slot: &Slot, failure: Failure, restart_after: std::time::Duration) -> bool {
    if failure.activity != Activity::Observe {
        // What was being observed meanwhile is not to blame.
        *slot.trial.lock() = None;
    }
    let is_dead = {
        let mut condition = slot.condition.lock();
        condition.last_failure = Some((slot.shared.clock.now(), failure.clone()));
        let is_dead = condition.abandoned >= slot.shared.settings.abandoned_most;
        condition.restarts += u32::from(!is_dead);
        is_dead
    };
    if is_dead {
        slot.enter(ServiceState::Dead);
        slot.report(HealthEvent::GiveUp { failure });
    } else {
        slot.enter(ServiceState::Wait);
        slot.report(HealthEvent::Fail { failure, restart_after });
    }
    !is_dead
}

/// One life from begin to end. `Ok` when it ended because the hub shuts down.
async fn lifetime(slot: &Arc<Slot>, mut is_shaky: bool) -> Result<(), Failure> {
    let settings = &slot.shared.settings;
    let (life, mut ended) = life::begin(slot.clone()).map_err(|error| Failure {
        activity: Activity::Start,
        kind: FailureKind::Error,
        message: format!("no thread could be started: {error}"),
    })?;
    // Should this task be dropped, the life ends too.
    let _guard = Guard(life.clone());
    let began = Instant::now();
    let mut drain_until = None;
    loop {
        tokio::select! {
            ending = &mut ended => return ending.unwrap_or_else(|_| Err(lost())),
            () = sleep(settings.watch_interval) => {}
            () = life.shutdown().cancelled(), if drain_until.is_none() => {
                drain_until = Some(Instant::now() + settings.drain);
            }
        }
        if is_shaky && began.elapsed() >= settings.stable_after {
            is_shaky = false;
            slot.report(HealthEvent::Recover);
        }
        if let Some((activity, limit)) = life.watch.overdue(Instant::now()) {
            let message = format!("no sign of life for {limit:?}");
            // A call that blocks the thread makes others late; it is the one to name.
            let activity = life.watch.polled().unwrap_or(activity);
            let failure = Failure { activity, kind: FailureKind::Hang, message };
            return end(slot, &life, ended, failure).await;
        }
        if drain_until.is_some_and(|until| until <= Instant::now()) {
            let message = format!("it was not done {:?} after the shutdown began", settings.drain);
            let failure = Failure { activity: Activity::Stop, kind: FailureKind::Hang, message };
            tracing::warn!(service = &*slot.name, %failure, "service is cut short");
            let _ = end(slot, &life, ended, failure).await;
            return Ok(());
        }
    }
}

/// Ends a life that hangs: drops its calls, and gives its thread up if that does not help.
async fn end(
    slot: &Slot,
    life: &Life,
    ended: oneshot::Receiver<Result<(), Failure>>,
    failure: Failure,
) -> Result<(), Failure> {
    life.revoke();
    if timeout(slot.shared.settings.end_grace, ended).await.is_err() {
        slot.condition.lock().abandoned += 1;
    }
    Err(failure)
}

struct Guard(Arc<Life>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.revoke();
    }
}

fn lost() -> Failure {
    let message = "its thread ended without a word".to_owned();
    Failure { activity: Activity::Run, kind: FailureKind::Error, message }
}
