//! Carrying actions out, by the life of the service that owns them.

use std::{collections::HashSet, pin::Pin, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use phalanx_signal::TenantId;
use phalanx_state::Error;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{
    ActionCall, ActionDone, ActionError, ActionId, ActionRecord, ActionStatus, Actions, RequestError, Target,
    Versioned, row,
};
use crate::{
    ServiceContext,
    health::{Activity, Failure},
    manifest::ActionDeclaration,
    supervise::{Life, backoff},
};

/// Longest wait between two tries of an action.
const RETRY_MOST: Duration = Duration::from_secs(300);
/// Wait before a step that could not be stored is stored again.
const STORE_AGAIN: Duration = Duration::from_secs(1);
/// More than an action's own timeout, after which the life counts as hanging.
const WATCH_GRACE: Duration = Duration::from_secs(5);

type Flight<'a> = Pin<Box<dyn Future<Output = (ActionId, TargetOf)> + Send + 'a>>;
type TargetOf = (TenantId, Target);

/// Carries out what is asked of a service until the hub shuts down. Actions on one target are done one
/// after the other, in the order in which they were asked.
pub(crate) async fn work(life: &Arc<Life>, ctx: &ServiceContext) -> Result<(), Failure> {
    let slot = &life.slot;
    if slot.manifest.actions_provided.is_empty() {
        return Ok(());
    }
    let settings = &slot.shared.settings;
    let worker = Worker { life, ctx, actions: &slot.shared.actions };
    let mut flights: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
    let (mut flying, mut busy) = (HashSet::<ActionId>::new(), HashSet::<TargetOf>::new());
    let mut look = true;
    loop {
        let is_ending = life.shutdown().is_cancelled();
        if is_ending && flights.is_empty() {
            return Ok(());
        }
        if look && !is_ending && flying.len() < settings.actions_at_once {
            look = false;
            // Targets of this look: what waits for a busy target keeps those behind it waiting too.
            let mut taken = busy.clone();
            for action in worker.open().await {
                let target = (action.record.tenant, action.record.target.clone());
                let is_free = !flying.contains(&action.record.id) && taken.insert(target.clone());
                if is_free && flying.len() < settings.actions_at_once {
                    flying.insert(action.record.id);
                    busy.insert(target);
                    flights.push(Box::pin(worker.carry_out(action)));
                }
            }
        }
        tokio::select! {
            Some((id, target)) = flights.next(), if !flights.is_empty() => {
                flying.remove(&id);
                busy.remove(&target);
                look = true;
            }
            () = slot.asked.notified() => look = true,
            () = sleep(settings.actions_interval) => look = true,
            () = life.shutdown().cancelled(), if !is_ending => {}
        }
    }
}

struct Worker<'a> {
    life: &'a Arc<Life>,
    ctx: &'a ServiceContext,
    actions: &'a Actions,
}

/// How one try ended.
enum Try {
    Done(ActionDone),
    Failed(String),
    Again { reason: String, after: Option<Duration> },
}

impl Worker<'_> {
    async fn open(&self) -> Vec<Versioned> {
        let service = &self.life.slot.name;
        self.actions.open_of(service).await.unwrap_or_else(|error| {
            tracing::warn!(service = &**service, %error, "open actions can't be read, it is tried again");
            Vec::new()
        })
    }

    async fn carry_out(&self, action: Versioned) -> (ActionId, TargetOf) {
        let (id, target) = (action.record.id, (action.record.tenant, action.record.target.clone()));
        if let Err(error) = self.finish(action).await {
            // The record is as the last step left it; the next look goes on from there.
            let service = &*self.life.slot.name;
            tracing::warn!(service, %id, %error, "an action can't be recorded, it is tried again");
            self.pause(STORE_AGAIN).await;
        }
        (id, target)
    }

    /// Takes an action from wherever it is to its end, or as far as this life goes.
    async fn finish(&self, mut action: Versioned) -> Result<(), RequestError> {
        if action.record.told.is_none() {
            self.tell(&action.record).await?;
        }
        if !action.record.status.is_final() {
            let Some(ended) = self.run(&mut action).await? else {
                return Ok(());
            };
            action = self.step(&action, ended).await?;
            self.meter(&action.record);
        }
        self.tell(&action.record).await?;
        let told = Some(action.record.status);
        let closed = ActionRecord { told, is_open: false, ..action.record.clone() };
        self.step(&action, closed).await?;
        Ok(())
    }

    /// The action's final record; `None` if the hub shuts down before there is one.
    async fn run(&self, action: &mut Versioned) -> Result<Option<ActionRecord>, RequestError> {
        let Some(declaration) = self.actions.declaration(&action.record.action).cloned() else {
            let detail = "the service no longer provides this action".to_owned();
            return Ok(Some(self.ended(&action.record, ActionStatus::Failed, detail)));
        };
        if action.record.status == ActionStatus::Running
            && (!declaration.is_repeatable || action.record.attempts >= declaration.attempts)
        {
            let detail = "it was cut short, and whether it was carried out is unknown".to_owned();
            return Ok(Some(self.ended(&action.record, ActionStatus::Failed, detail)));
        }
        loop {
            let record = &action.record;
            if record.status == ActionStatus::Asked
                && record.expires.is_some_and(|at| at <= self.ctx.clock().now())
            {
                let detail = "it was not begun before it expired".to_owned();
                return Ok(Some(self.ended(record, ActionStatus::Expired, detail)));
            }
            let begun = ActionRecord {
                status: ActionStatus::Running,
                attempts: record.attempts + 1,
                told: Some(ActionStatus::Asked),
                ..record.clone()
            };
            *action = self.step(action, begun).await?;
            let record = &action.record;
            match self.call(&declaration, record).await {
                Try::Done(done) => {
                    let mut ended = self.ended(record, ActionStatus::Succeeded, done.detail);
                    if let Some(outcome) = &mut ended.outcome {
                        outcome.result = done.result;
                    }
                    let is_undoable = declaration.is_undoable && record.undo_of.is_none();
                    ended.undo_token = done.undo.filter(|_| is_undoable);
                    return Ok(Some(ended));
                }
                Try::Failed(reason) => {
                    return Ok(Some(self.ended(record, ActionStatus::Failed, reason)));
                }
                Try::Again { reason, .. } if record.attempts >= declaration.attempts => {
                    let detail = format!("{} tries failed, the last: {reason}", record.attempts);
                    return Ok(Some(self.ended(record, ActionStatus::Failed, detail)));
                }
                Try::Again { reason, after } => {
                    tracing::warn!(action = record.action, id = %record.id, attempt = record.attempts, reason, "action failed, it is tried again");
                    let (first, attempts) = (declaration.retry_first, record.attempts);
                    let wait = backoff(first, RETRY_MOST, attempts, self.ctx.chance());
                    let asked = ActionRecord { status: ActionStatus::Asked, ..record.clone() };
                    *action = self.step(action, asked).await?;
                    self.pause(wait.max(after.unwrap_or_default()).min(RETRY_MOST)).await;
                    if self.life.shutdown().is_cancelled() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    async fn call(&self, declaration: &ActionDeclaration, record: &ActionRecord) -> Try {
        let slot = &self.life.slot;
        let call = ActionCall::new(record);
        let activity = Activity::Action(record.action.clone());
        let limit = declaration.timeout.saturating_add(WATCH_GRACE);
        let acting = timeout(declaration.timeout, slot.service.act(self.ctx, &call));
        match self.life.over(activity, Some(limit), acting).await {
            Ok(Ok(done)) => Try::Done(done),
            Ok(Err(ActionError { message, is_final: true, .. })) => Try::Failed(message),
            Ok(Err(ActionError { message, after, .. })) => Try::Again { reason: message, after },
            Err(_) if declaration.is_repeatable => {
                let reason = format!("it was not done after {:?}", declaration.timeout);
                Try::Again { reason, after: None }
            }
            Err(_) => Try::Failed(format!(
                "it was not done after {:?}, and whether it was carried out is unknown",
                declaration.timeout
            )),
        }
    }

    fn ended(&self, record: &ActionRecord, status: ActionStatus, detail: String) -> ActionRecord {
        record.ended(status, detail, Value::Null, self.ctx.clock().now())
    }

    /// Writes a step down, again and again while the store is unavailable: an action that was carried out
    /// and not written down would be carried out once more.
    async fn step(&self, action: &Versioned, record: ActionRecord) -> Result<Versioned, RequestError> {
        let mut is_unknown = false;
        loop {
            self.life.check().map_err(|_| RequestError::Ended)?;
            let step = self.actions.step(action, record.clone(), &self.life.slot.author).await;
            match step {
                Err(RequestError::State(error @ Error::Unavailable { .. }))
                    if !self.life.shutdown().is_cancelled() =>
                {
                    tracing::warn!(id = %record.id, %error, "an action's step can't be stored, it is tried again");
                    is_unknown = true;
                    self.pause(STORE_AGAIN).await;
                }
                Err(RequestError::State(Error::Conflict { .. })) if is_unknown => {
                    // The write that gave no answer may have happened.
                    let stored = self.actions.load(record.tenant, record.id).await?;
                    let stored = stored.ok_or(RequestError::NoSuchAction(record.id))?;
                    if stored.record != record {
                        return Err(RequestError::NoSuchAction(record.id));
                    }
                    return Ok(stored);
                }
                step => return step,
            }
        }
    }

    /// Writes the row that tells of the action as it is.
    async fn tell(&self, record: &ActionRecord) -> Result<(), RequestError> {
        let shared = &self.life.slot.shared;
        let Some(table) = shared.catalog.table(row::TABLE) else {
            return Ok(());
        };
        let batches = row::batch(table, record, shared.clock.micros()).into_iter().collect();
        let emitted = shared.emitter.emit(Some(self.life), batches).await;
        emitted.map(|_| ()).map_err(|error| RequestError::Tell(Box::new(error)))
    }

    fn meter(&self, record: &ActionRecord) {
        let meter = self.life.slot.traffic.actions_in.of(&record.action);
        meter.add(1, self.life.slot.shared.clock.micros());
        let took = record.outcome.as_ref().map_or(0, |outcome| outcome.duration_ms);
        meter.took(Duration::from_millis(took.try_into().unwrap_or(0)));
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = sleep(wait) => {}
            () = self.life.shutdown().cancelled() => {}
        }
    }
}
