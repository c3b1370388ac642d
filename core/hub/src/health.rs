//! Health reports: what the hub and the services tell about themselves, as a stream that services can
//! follow. The service `health` writes them to tables; the hub itself keeps only the latest.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use phalanx_journal::Position;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Something about a service's health that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReport {
    /// Counts the reports since the hub's start, from 1.
    pub number: u64,
    pub at: DateTime<Utc>,
    pub service: Arc<str>,
    pub event: HealthEvent,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthEvent {
    /// The service runs; `restarts` is how often it had to be restarted so far.
    Start { restarts: u32 },
    /// The service panicked, hung or gave up, and will be restarted.
    Fail { failure: Failure, restart_after: Duration },
    /// The service lost too many threads to hangs and is not restarted any more.
    GiveUp { failure: Failure },
    /// After a failure the service has run long enough to count as well.
    Recover,
    /// The service could not deal with signals for now; the same ones are tried again.
    ObserveFail { position: Position, reason: String },
    /// Signals that could not be dealt with for a time were.
    ObserveRecover { position: Position },
    /// The service passed an entry of the journal by, for it can't deal with it. The entry's rows are in
    /// the lake as all others.
    Skip { position: Position, reason: String },
    /// A scheduled run failed; the next one takes place at its time.
    ScheduleFail { schedule: String, reason: String },
    /// A scheduled run succeeded after one that failed.
    ScheduleRecover { schedule: String },
    /// Something that the service takes data from, or sends data to, has changed its state.
    Source(SourceReport),
    /// The service has ended because the platform shuts down.
    Stop,
}

/// The state of a connection of a service to something outside: a log file, a cloud account, a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Which, in words that an operator knows: a path, an account, a host.
    pub source: String,
    pub state: SourceState,
    /// What happened.
    pub detail: String,
    /// What a person can do about it.
    pub advice: Option<String>,
}

/// Whether a source gives data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// Data flows, or would if there was some.
    Work,
    /// It isn't there, which may be as it should be.
    Absent,
    /// It should give data and does not.
    Fail,
}

/// Why a service had to be restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What it was doing.
    pub activity: Activity,
    pub kind: FailureKind,
    /// The panic's or the error's message.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { activity, kind, message } = self;
        match kind {
            FailureKind::Panic => write!(f, "panicked during {activity}: {message}"),
            FailureKind::Hang => write!(f, "hung during {activity}: {message}"),
            FailureKind::Error => write!(f, "failed during {activity}: {message}"),
        }
    }
}

/// How it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    Panic,
    /// It took longer than its deadline, or its heartbeat stopped.
    Hang,
    Error,
}

/// What a service can be doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Activity {
    Start,
    Run,
    Observe,
    Schedule(String),
    Action(String),
    Stop,
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("its start"),
            Self::Run => f.write_str("its run"),
            Self::Observe => f.write_str("observing"),
            Self::Schedule(name) => write!(f, "schedule `{name}`"),
            Self::Action(name) => write!(f, "action `{name}`"),
            Self::Stop => f.write_str("its stop"),
        }
    }
}

/// A follower of health reports.
#[derive(Debug)]
pub struct HealthReports {
    bus: HealthBus,
    after: u64,
}

/// What a follower gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthNews {
    Report(HealthReport),
    /// The follower was too slow and missed so many; the hub's status tells how things are now.
    Missed(u64),
}

impl HealthReports {
    /// The next report; waits for it. Dropping the future loses nothing.
    pub async fn next(&mut self) -> HealthNews {
        let bus = self.bus.clone();
        loop {
            let news = bus.0.news.notified();
            if let Some(news) = self.kept() {
                return news;
            }
            news.await;
        }
    }

    fn kept(&mut self) -> Option<HealthNews> {
        let kept = self.bus.0.kept.lock();
        let oldest = kept.front()?.number;
        let wanted = self.after + 1;
        if wanted < oldest {
            self.after = oldest - 1;
            return Some(HealthNews::Missed(oldest - wanted));
        }
        let report = kept.get(usize::try_from(wanted - oldest).ok()?)?.clone();
        self.after = wanted;
        Some(HealthNews::Report(report))
    }
}

/// Where reports are made, and the last of them kept. Never blocks the reporter.
#[derive(Clone, Debug)]
pub(crate) struct HealthBus(Arc<Bus>);

#[derive(Debug)]
struct Bus {
    kept: Mutex<VecDeque<HealthReport>>,
    kept_most: usize,
    news: Notify,
}

impl HealthBus {
    /// `kept_most` is how many reports a follower may be behind.
    pub fn new(kept_most: usize) -> Self {
        let kept = Mutex::default();
        Self(Arc::new(Bus { kept, kept_most: kept_most.max(1), news: Notify::new() }))
    }

    pub fn report(&self, at: DateTime<Utc>, service: &Arc<str>, event: HealthEvent) {
        log(service, &event);
        let mut kept = self.0.kept.lock();
        let number = kept.back().map_or(1, |last| last.number + 1);
        if kept.len() == self.0.kept_most {
            kept.pop_front();
        }
        kept.push_back(HealthReport { number, at, service: service.clone(), event });
        drop(kept);
        self.0.news.notify_waiters();
    }

    /// Follows the reports after the one of this number; 0 for all that are kept.
    pub fn follow(&self, after: u64) -> HealthReports {
        HealthReports { bus: self.clone(), after }
    }
}

fn log(service: &str, event: &HealthEvent) {
    match event {
        HealthEvent::Start { restarts } => tracing::info!(service, restarts, "service started"),
        HealthEvent::Fail { failure, restart_after } => {
            tracing::error!(service, %failure, ?restart_after, "service failed, it will be restarted");
        }
        HealthEvent::GiveUp { failure } => {
            tracing::error!(service, %failure, "service failed for good, restart the program to revive it");
        }
        HealthEvent::Recover => tracing::info!(service, "service recovered"),
        HealthEvent::ObserveFail { position, reason } => {
            tracing::warn!(service, %position, reason, "service can't deal with signals, they are tried again");
        }
        HealthEvent::ObserveRecover { position } => {
            tracing::info!(service, %position, "service deals with signals again");
        }
        HealthEvent::Skip { position, reason } => {
            tracing::error!(service, %position, reason, "service passed signals by");
        }
        HealthEvent::ScheduleFail { schedule, reason } => {
            tracing::warn!(service, schedule, reason, "scheduled run failed");
        }
        HealthEvent::ScheduleRecover { schedule } => {
            tracing::info!(service, schedule, "scheduled run succeeds again");
        }
        HealthEvent::Source(SourceReport { source, state, detail, advice }) => match state {
            SourceState::Fail => tracing::warn!(service, source, detail, advice, "source fails"),
            _ => tracing::info!(service, source, ?state, detail, "source changed its state"),
        },
        HealthEvent::Stop => tracing::info!(service, "service stopped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn followers_get_everything_that_is_kept_and_hear_what_they_missed() {
        let bus = HealthBus::new(3);
        let service: Arc<str> = "one".into();
        let mut early = bus.follow(0);
        for _ in 0..5 {
            bus.report(DateTime::UNIX_EPOCH, &service, HealthEvent::Recover);
        }
        let number = |news| match news {
            HealthNews::Report(report) => report.number,
            HealthNews::Missed(missed) => 100 + missed,
        };
        for expected in [102, 3, 4, 5] {
            assert_eq!(number(early.next().await), expected);
        }
        assert_eq!(number(bus.follow(4).next().await), 5);
        let waiting = tokio::spawn(async move { number(early.next().await) });
        tokio::task::yield_now().await;
        bus.report(DateTime::UNIX_EPOCH, &service, HealthEvent::Stop);
        assert_eq!(waiting.await.expect("no panic"), 6);
    }
}
