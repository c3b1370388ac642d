//! The declaration of something that a service does at certain times.

use std::time::Duration;

use chrono::NaiveTime;
use serde::Serialize;

/// Something that a service does at certain times; one run at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleDeclaration {
    /// Unique within the service.
    pub name: String,
    /// What is done, in one sentence.
    pub summary: String,
    pub when: When,
    pub missed: MissedRuns,
    /// A run begins up to this much later than its time, so that many don't begin at once.
    #[serde(skip)]
    pub jitter: Duration,
    /// A run that takes longer counts as hanging.
    #[serde(skip)]
    pub timeout: Duration,
}

/// When a schedule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// So long after the beginning of the run before. Counted by a clock that nobody can set.
    Every(Duration),
    /// Each day at this time, UTC.
    Daily(NaiveTime),
}

/// What becomes of runs whose time went by while the platform was down or the machine slept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MissedRuns {
    /// One run makes up for all of them, at once. An interval's very first run is at once, too.
    RunOnce,
    /// They are left out; the next run is at the next time.
    Skip,
}

impl ScheduleDeclaration {
    /// A run every so often, the first at once.
    pub fn every(interval: Duration, name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(When::Every(interval), name.into(), summary.into())
    }

    /// A run each day at this time, UTC.
    pub fn daily(at: NaiveTime, name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self::new(When::Daily(at), name.into(), summary.into())
    }

    /// The same, with this policy for missed runs.
    pub fn missed(self, missed: MissedRuns) -> Self {
        Self { missed, ..self }
    }

    /// The same, with this jitter.
    pub fn jitter(self, jitter: Duration) -> Self {
        Self { jitter, ..self }
    }

    /// The same, with so much time for each run.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    fn new(when: When, name: String, summary: String) -> Self {
        Self {
            name,
            summary,
            when,
            missed: MissedRuns::RunOnce,
            jitter: Duration::ZERO,
            timeout: Duration::from_secs(300),
        }
    }
}
