//! One life of a service: from its start to its end or failure, on a thread of its own.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::oneshot};
use tokio_util::sync::CancellationToken;

use super::{Slot, Watch, slot::ServiceState};
use crate::{
    ServiceContext, ServiceError, actions,
    health::{Activity, Failure, FailureKind, HealthEvent},
    observe, schedules,
};

/// What the handles of a life have in common.
pub(crate) struct Life {
    pub slot: Arc<Slot>,
    pub watch: Watch,
    /// Drops all calls of this life.
    pub end: CancellationToken,
    is_ended: AtomicBool,
}

/// The life that a handle belongs to has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this run of the service has been ended")]
pub struct Ended;

impl Life {
    /// Whether the life goes on; what a handle does begins with this.
    pub fn check(&self) -> Result<(), Ended> {
        if self.is_ended.load(Ordering::Acquire) { Err(Ended) } else { Ok(()) }
    }

    /// Carries a call of the service out under its deadline. A call that comes back after the life has ended (it
    /// held the thread, say) is the last that this life makes.
    pub async fn over<T>(
        &self,
        activity: Activity,
        limit: Option<Duration>,
        call: impl Future<Output = T>,
    ) -> T {
        let result = self.watch.over(activity, limit, call).await;
        if self.check().is_err() {
            // Everything of this life is dropped as soon as its thread looks at it.
            std::future::pending::<()>().await;
        }
        result
    }

    /// From now on the handles of this life refuse everything.
    pub fn revoke(&self) {
        self.is_ended.store(true, Ordering::Release);
        self.end.cancel();
    }

    /// The hub's shutdown: calls finish what they are at.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.slot.shared.shutdown
    }
}

/// Gets how a life ended; nothing if its thread could not say.
pub(super) type Ending = oneshot::Receiver<Result<(), Failure>>;

/// Begins a life.
pub(super) fn begin(slot: Arc<Slot>) -> Result<(Arc<Life>, Ending), std::io::Error> {
    let (done, ended) = oneshot::channel();
    let life = Arc::new(Life {
        slot,
        watch: Watch::default(),
        end: CancellationToken::new(),
        is_ended: AtomicBool::new(false),
    });
    let (runtime, lived) = (Handle::current(), life.clone());
    std::thread::Builder::new().name(format!("svc-{}", life.slot.name)).spawn(move || {
        let ending = catch_unwind(AssertUnwindSafe(|| runtime.block_on(live(&lived))));
        let ending = ending.unwrap_or_else(|panic| Err(panicked(&lived.watch, &*panic)));
        lived.revoke();
        drop(lived);
        // The supervisor may have given this thread up.
        let _ = done.send(ending);
    })?;
    Ok((life, ended))
}

async fn live(life: &Arc<Life>) -> Result<(), Failure> {
    tokio::select! {
        biased;
        () = life.end.cancelled() => Ok(()),
        ending = work(life) => ending,
    }
}

async fn work(life: &Arc<Life>) -> Result<(), Failure> {
    let slot = &life.slot;
    let (service, limits) = (&slot.service, &slot.manifest.limits);
    let ctx = ServiceContext::new(life.clone());
    let start = life.over(Activity::Start, Some(limits.start), service.start(&ctx));
    start.await.map_err(|error| failed(Activity::Start, &error))?;
    slot.enter(ServiceState::Run);
    slot.report(HealthEvent::Start { restarts: slot.condition.lock().restarts });

    let run = async {
        let run = life.over(Activity::Run, limits.heartbeat, service.run(&ctx));
        run.await.map_err(|error| failed(Activity::Run, &error))
    };
    tokio::try_join!(
        run,
        observe::observe(life, &ctx),
        actions::work(life, &ctx),
        schedules::keep(life, &ctx),
    )?;
    // One that has nothing to do lives on: what it gave out (context, say) is good as long as it lives.
    life.shutdown().cancelled().await;

    let stop = life.over(Activity::Stop, Some(limits.stop), service.stop(&ctx));
    stop.await.map_err(|error| failed(Activity::Stop, &error))
}

pub(crate) fn failed(activity: Activity, error: &ServiceError) -> Failure {
    Failure { activity, kind: FailureKind::Error, message: error.to_string() }
}

fn panicked(watch: &Watch, panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    Failure {
        activity: watch.polled().unwrap_or(Activity::Run),
        kind: FailureKind::Panic,
        message: text
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned()),
    }
}
