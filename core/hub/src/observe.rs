//! Routing: each service that consumes signals reads the journal as a consumer of its own, gets the rows
//! of its tables, and commits the position when it has dealt with them.
//!
//! An entry that makes a service panic or hang would be given to it forever. So what was being observed
//! when a life ended is noted ([`Trial`]): the next life gets those entries one at a time, and passes the
//! one by that ends it again and again. Its rows are in the lake like all others; only this service has not
//! seen them, and a health report says so.

use std::{collections::HashMap, sync::Arc, time::Duration};

use phalanx_journal::{Entry, Limit, Position, ReadError, Reader, Start};
use tokio::time::sleep;

use crate::{
    Observed, ServiceContext,
    health::{Activity, Failure, FailureKind, HealthEvent},
    supervise::{Life, Slot, Trial, backoff},
};

/// Longest wait between two tries of the same signals.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// Gives a service its signals until the hub shuts down.
pub(crate) async fn observe(life: &Arc<Life>, ctx: &ServiceContext) -> Result<(), Failure> {
    let slot = &life.slot;
    if slot.manifest.signals_consumed.is_empty() {
        return Ok(());
    }
    let (journal, name) = (&slot.shared.journal, slot.consumer());
    let from = journal.register(&name, Start::Oldest).await.map_err(|error| Failure {
        activity: Activity::Observe,
        kind: FailureKind::Error,
        message: format!("the journal does not take `{name}` as a consumer: {error}"),
    })?;
    let mut reader = journal.reader(&name, from);
    let consumer = Consumer { life, ctx, name };
    while let Some(entries) = consumer.next(&mut reader).await {
        if !consumer.take(&entries).await {
            break;
        }
    }
    Ok(())
}

struct Consumer<'a> {
    life: &'a Life,
    ctx: &'a ServiceContext,
    name: String,
}

/// What became of one call.
enum Outcome {
    Done,
    Rejected(String),
    Shutdown,
}

impl Consumer<'_> {
    fn slot(&self) -> &Slot {
        &self.life.slot
    }

    /// The next entries; `None` when the hub shuts down.
    async fn next(&self, reader: &mut Reader) -> Option<Vec<Arc<Entry>>> {
        let shutdown = self.life.shutdown();
        let mut failures = 0;
        loop {
            let read = tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                read = reader.next(Limit::default()) => read,
            };
            match read {
                Ok(entries) => return Some(entries),
                Err(ReadError::Closed) => {
                    shutdown.cancelled().await;
                    return None;
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(consumer = self.name, %error, "the journal can't be read, it is tried again");
                    self.wait(failures).await;
                }
            }
        }
    }

    /// Has entries observed and committed; `false` when the hub shuts down.
    async fn take(&self, entries: &[Arc<Entry>]) -> bool {
        let mut rest = entries;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(self.portion(rest));
            let (Some(first), Some(last)) = (part.first(), part.last()) else {
                break;
            };
            match self.give(part, first.position, last.position).await {
                Outcome::Done => {}
                Outcome::Shutdown => return false,
                Outcome::Rejected(_) if part.len() > 1 => {
                    // Which one it is shows when they are given one at a time.
                    *self.slot().trial.lock() =
                        Some(Trial { at: first.position, until: last.position, attempts: 0 });
                    continue;
                }
                Outcome::Rejected(reason) => self.skip(first.position, reason),
            }
            self.commit(last.position);
            rest = later;
        }
        true
    }

    /// How many of the entries to give at once: one while a culprit is looked for.
    fn portion(&self, entries: &[Arc<Entry>]) -> usize {
        let mut trial = self.slot().trial.lock();
        match *trial {
            Some(Trial { until, .. }) if entries[0].position <= until => 1,
            _ => {
                *trial = None;
                entries.len()
            }
        }
    }

    async fn give(&self, part: &[Arc<Entry>], first: Position, last: Position) -> Outcome {
        let signals = self.interesting(part);
        if signals.is_empty() {
            return Outcome::Done;
        }
        let attempts = self.begin_trial(first, last);
        if attempts >= self.slot().shared.settings.observe_attempts {
            return Outcome::Rejected(format!("the service failed over it {attempts} times"));
        }
        let outcome = self.call(&signals, first).await;
        self.end_trial(last);
        if matches!(outcome, Outcome::Done) {
            self.meter(&signals);
        }
        outcome
    }

    /// Calls the service until it succeeds, rejects the signals, or the hub shuts down.
    async fn call(&self, signals: &[Observed], first: Position) -> Outcome {
        let slot = self.slot();
        let limit = Some(slot.manifest.limits.observe);
        let mut failures = 0;
        loop {
            let call = slot.service.observe(self.ctx, signals);
            match self.life.over(Activity::Observe, limit, call).await {
                Ok(()) => {
                    if failures > 0 {
                        slot.condition.lock().observe_failure = None;
                        slot.report(HealthEvent::ObserveRecover { position: first });
                    }
                    return Outcome::Done;
                }
                Err(error) if error.is_rejection() => return Outcome::Rejected(error.to_string()),
                Err(error) => {
                    failures += 1;
                    let reason = error.to_string();
                    let before = slot.condition.lock().observe_failure.replace(reason.clone());
                    if before.as_ref() != Some(&reason) {
                        slot.report(HealthEvent::ObserveFail { position: first, reason });
                    }
                    self.wait(failures).await;
                }
            }
            if self.life.shutdown().is_cancelled() {
                return Outcome::Shutdown;
            }
        }
    }

    /// The batches of the tables that the service consumes.
    fn interesting(&self, entries: &[Arc<Entry>]) -> Vec<Observed> {
        let manifest = &self.slot().manifest;
        let mut signals = Vec::new();
        for entry in entries {
            let wanted = entry.batches.iter().filter(|batch| manifest.consumes_table(&batch.table));
            signals.extend(wanted.filter(|batch| batch.rows.num_rows() > 0).map(|batch| Observed {
                position: entry.position,
                received: entry.received,
                batch: batch.clone(),
            }));
        }
        signals
    }

    /// Notes what is about to be observed; returns how often it has ended a life already.
    fn begin_trial(&self, first: Position, last: Position) -> u32 {
        let mut trial = self.slot().trial.lock();
        let known = trial.filter(|trial| trial.at == first);
        let attempts = known.map_or(0, |trial| trial.attempts);
        let until = trial.map_or(last, |trial| trial.until.max(last));
        *trial = Some(Trial { at: first, until, attempts: attempts + 1 });
        attempts
    }

    /// The call came back, whatever its result: it was not what ends the service.
    fn end_trial(&self, last: Position) {
        let mut trial = self.slot().trial.lock();
        *trial = trial.filter(|trial| trial.until > last).map(|trial| Trial {
            at: last.next(),
            attempts: 0,
            ..trial
        });
    }

    fn skip(&self, position: Position, reason: String) {
        self.end_trial(position);
        self.slot().report(HealthEvent::Skip { position, reason });
    }

    fn commit(&self, position: Position) {
        if self.life.check().is_err() {
            return;
        }
        if let Err(error) = self.slot().shared.journal.commit(&self.name, position) {
            tracing::warn!(consumer = self.name, %position, %error, "the position could not be committed");
        }
    }

    fn meter(&self, signals: &[Observed]) {
        let now = self.slot().shared.clock.micros();
        let mut by_table: HashMap<&str, (u64, i64)> = HashMap::new();
        for signal in signals {
            let (rows, oldest) = by_table.entry(&signal.batch.table).or_insert((0, signal.received));
            *rows += signal.batch.rows.num_rows() as u64;
            *oldest = signal.received.min(*oldest);
        }
        for (table, (rows, oldest)) in by_table {
            let meter = self.slot().traffic.signals_in.of(table);
            meter.add(rows, now);
            meter.took(Duration::from_micros(now.saturating_sub(oldest).try_into().unwrap_or(0)));
        }
    }

    /// Waits a while that grows with the failures, or until the hub shuts down.
    async fn wait(&self, failures: u32) {
        let shared = &self.slot().shared;
        let wait = backoff(shared.settings.restart_first, RETRY_MOST, failures, &shared.chance);
        tokio::select! {
            () = sleep(wait) => {}
            () = self.life.shutdown().cancelled() => {}
        }
    }
}
