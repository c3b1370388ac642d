//! Carrying out the scheduled runs of a service.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::future::try_join_all;
use phalanx_state::{Key, Precondition, TenantId};
use tokio::time::sleep;

use super::{
    LastRun, ScheduleSlot,
    planner::{Moment, Planner, Verdict},
};
use crate::{
    ServiceContext,
    health::{Activity, Failure, HealthEvent},
    supervise::Life,
};

const COLLECTION: &str = "hub.schedules";

/// Runs a service's schedules until the hub shuts down; then lets runs in progress finish.
pub(crate) async fn keep(life: &Arc<Life>, ctx: &ServiceContext) -> Result<(), Failure> {
    let schedules = life.slot.schedules.iter();
    try_join_all(schedules.map(|slot| Keeper { life, ctx, slot }.keep())).await?;
    Ok(())
}

struct Keeper<'a> {
    life: &'a Arc<Life>,
    ctx: &'a ServiceContext,
    slot: &'a ScheduleSlot,
}

impl Keeper<'_> {
    async fn keep(self) -> Result<(), Failure> {
        self.prepare().await;
        loop {
            let now = self.now();
            let verdict = self.slot.planner.lock().as_mut().map(|planner| planner.poll(now));
            let wait = match verdict {
                Some(Verdict::Run) => {
                    self.run(now).await;
                    Duration::ZERO
                }
                Some(Verdict::Wait(wait)) => wait,
                None => return Ok(()),
            };
            tokio::select! {
                biased;
                () = self.life.shutdown().cancelled() => return Ok(()),
                () = sleep(wait) => {}
            }
        }
    }

    /// Plans the first run, unless an earlier life of the service has.
    async fn prepare(&self) {
        if self.slot.planner.lock().is_some() {
            return;
        }
        let last = if self.slot.is_remembered() { self.remembered().await } else { None };
        let began = last.as_ref().map(|last| last.began);
        let planner = Planner::new(&self.slot.declaration, began, self.now(), self.jitter());
        *self.slot.last.lock() = last;
        *self.slot.planner.lock() = Some(planner);
    }

    async fn run(&self, now: Moment) {
        if let Some(planner) = self.slot.planner.lock().as_mut() {
            planner.begin(now, self.jitter());
        }
        let (service, declaration) = (&self.life.slot, &self.slot.declaration);
        let activity = Activity::Schedule(declaration.name.clone());
        // Should this run not come back, that is its result.
        self.note(now, Some("it did not come to its end".to_owned()));
        let run = service.service.scheduled(self.ctx, &declaration.name);
        let result = self.life.over(activity, Some(declaration.timeout), run).await;
        let failure = result.err().map(|error| error.to_string());
        let has_failed_before = self.slot.has_failed.swap(failure.is_some(), Ordering::Relaxed);
        let schedule = declaration.name.clone();
        match &failure {
            Some(reason) => {
                let reason = reason.clone();
                service.report(HealthEvent::ScheduleFail { schedule, reason });
            }
            None if has_failed_before => service.report(HealthEvent::ScheduleRecover { schedule }),
            None => {}
        }
        let last = self.note(now, failure);
        if self.slot.is_remembered() {
            self.remember(&last).await;
        }
    }

    fn note(&self, began: Moment, failure: Option<String>) -> LastRun {
        let last = LastRun { began: began.wall, ended: self.ctx.clock().now(), failure };
        *self.slot.last.lock() = Some(last.clone());
        last
    }

    async fn remembered(&self) -> Option<LastRun> {
        let document = match self.life.slot.shared.state.get(&self.key()?).await {
            Ok(document) => document?,
            Err(error) => {
                let (service, schedule) = (&**self.ctx.name(), &self.slot.declaration.name);
                tracing::warn!(service, schedule, %error, "the last run can't be read");
                return None;
            }
        };
        serde_json::from_value(document.body).ok()
    }

    async fn remember(&self, last: &LastRun) {
        let (Some(key), Ok(body)) = (self.key(), serde_json::to_value(last)) else {
            return;
        };
        let (state, author) = (&self.life.slot.shared.state, &self.life.slot.author);
        if let Err(error) = state.put(&key, body, Precondition::None, author).await {
            let (service, schedule) = (&**self.ctx.name(), &self.slot.declaration.name);
            tracing::warn!(service, schedule, %error, "the run can't be remembered");
        }
    }

    fn key(&self) -> Option<Key> {
        let id = format!("{}/{}", self.ctx.name(), self.slot.declaration.name);
        Key::new(TenantId::PLATFORM, COLLECTION, id).ok()
    }

    fn now(&self) -> Moment {
        let ticks = self.life.slot.shared.began.elapsed();
        Moment { wall: self.ctx.clock().now(), ticks }
    }

    fn jitter(&self) -> Duration {
        self.ctx.chance().below(self.slot.declaration.jitter)
    }
}
