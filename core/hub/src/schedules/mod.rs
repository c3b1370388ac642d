//! Schedules: what services do at certain times.
//!
//! [`planner`] decides when, from two clocks: the wall clock, which says what day it is and may be set at any
//! time, and a monotonic one, which says how long ago something was and can't. [`keep`] carries the runs
//! out, one at a time for each schedule, and remembers the last result.

mod keep;
mod planner;

use std::{sync::atomic::AtomicBool, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub(crate) use keep::keep;
use planner::Planner;

use crate::manifest::{MissedRuns, ScheduleDeclaration, When};

/// A schedule across the lives of its service.
pub(crate) struct ScheduleSlot {
    pub declaration: ScheduleDeclaration,
    planner: Mutex<Option<Planner>>,
    last: Mutex<Option<LastRun>>,
    has_failed: AtomicBool,
}

/// How the last run of a schedule went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// A schedule as it is now.
#[derive(Clone, Debug, Serialize)]
pub struct ScheduleStatus {
    pub name: String,
    pub summary: String,
    pub when: When,
    pub last: Option<LastRun>,
}

impl ScheduleSlot {
    pub fn new(declaration: ScheduleDeclaration) -> Self {
        let (planner, last) = (Mutex::default(), Mutex::default());
        Self { declaration, planner, last, has_failed: AtomicBool::new(false) }
    }

    pub fn status(&self) -> ScheduleStatus {
        ScheduleStatus {
            name: self.declaration.name.clone(),
            summary: self.declaration.summary.clone(),
            when: self.declaration.when,
            last: self.last.lock().clone(),
        }
    }

    /// Whether the last run is worth a write. Of runs that follow each other closely nobody misses
    /// one, and each write leaves a row in the audit trail.
    fn is_remembered(&self) -> bool {
        const CLOSE: Duration = Duration::from_secs(600);
        self.declaration.missed == MissedRuns::RunOnce
            && !matches!(self.declaration.when, When::Every(interval) if interval < CLOSE)
    }
}
