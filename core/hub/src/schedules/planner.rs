//! When a schedule runs next: a pure function of two clocks.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::manifest::{MissedRuns, ScheduleDeclaration, When};

/// The two clocks, read at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Time of day; may jump.
    pub wall: DateTime<Utc>,
    /// Since some fixed moment; never jumps.
    pub ticks: Duration,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Run,
    /// Ask again after this time; the wall clock may have been set by then.
    Wait(Duration),
}

/// Longest wait of a schedule that goes by the wall clock, and so how late it notices a jump.
const LOOK: Duration = Duration::from_secs(30);
/// A daily run so much later than its time was missed.
const LATE: TimeDelta = TimeDelta::minutes(5);
/// Two daily runs are at least so far apart, whatever the wall clock says.
const DAILY_APART: Duration = Duration::from_secs(12 * 3600);

/// Plans the runs of one schedule.
#[derive(Debug)]
pub(super) enum Planner {
    Interval { interval: Duration, due: Duration, jitter: Duration },
    Daily { slot: Daily, handled: NaiveDate, last: Option<Duration>, missed: MissedRuns },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Daily {
    at: chrono::NaiveTime,
    jitter: Duration,
}

impl Planner {
    /// Begins planning; `last` is when the last run began, as far as anybody remembers.
    pub fn new(
        declaration: &ScheduleDeclaration,
        last: Option<DateTime<Utc>>,
        now: Moment,
        jitter: Duration,
    ) -> Self {
        let missed = declaration.missed;
        match declaration.when {
            When::Every(interval) => {
                let since = last.map(|last| (now.wall - last).to_std().unwrap_or_default());
                let wait = match (since, missed) {
                    (None, MissedRuns::RunOnce) => Duration::ZERO,
                    (None, MissedRuns::Skip) => interval,
                    (Some(since), MissedRuns::RunOnce) => interval.saturating_sub(since),
                    (Some(since), MissedRuns::Skip) => {
                        interval - Duration::from_nanos((since.as_nanos() % interval.as_nanos()) as u64)
                    }
                };
                Self::Interval { interval, due: now.ticks + wait, jitter }
            }
            When::Daily(at) => {
                let slot = Daily { at, jitter };
                let newest = slot.newest(now.wall);
                // A last run in the future was written by a clock that was wrong.
                let handled = last.map(|last| slot.newest(last)).filter(|date| *date <= newest);
                Self::Daily { slot, handled: handled.unwrap_or(newest), last: None, missed }
            }
        }
    }

    /// What to do at this moment.
    pub fn poll(&mut self, now: Moment) -> Verdict {
        match self {
            Self::Interval { due, jitter, .. } => match (*due + *jitter).checked_sub(now.ticks) {
                None | Some(Duration::ZERO) => Verdict::Run,
                Some(wait) => Verdict::Wait(wait),
            },
            Self::Daily { slot, handled, last, missed } => {
                let newest = slot.newest(now.wall);
                if *handled > newest {
                    // The clock was set back: days to come are planned by what it says now.
                    *handled = newest;
                }
                if *handled == newest {
                    let next = slot.moment(newest + TimeDelta::days(1)) - now.wall;
                    return Verdict::Wait(next.to_std().unwrap_or_default().min(LOOK));
                }
                let is_missed = now.wall - slot.moment(newest) > LATE;
                let is_close = last.is_some_and(|last| now.ticks.saturating_sub(last) < DAILY_APART);
                if is_close || (is_missed && *missed == MissedRuns::Skip) {
                    *handled = newest;
                    return Verdict::Wait(Duration::ZERO);
                }
                Verdict::Run
            }
        }
    }

    /// A run begins.
    pub fn begin(&mut self, now: Moment, next_jitter: Duration) {
        match self {
            Self::Interval { interval, due, jitter } => {
                // From the time it was due, so that small delays don't add up; unless it is late by
                // more than an interval, so that they don't come in a storm either.
                let on_time = *due + *interval;
                *due = if on_time > now.ticks { on_time } else { now.ticks + *interval };
                *jitter = next_jitter.min(*interval / 2);
            }
            Self::Daily { slot, handled, last, .. } => {
                *handled = slot.newest(now.wall);
                *last = Some(now.ticks);
                slot.jitter = next_jitter;
            }
        }
    }
}

impl Daily {
    /// The day of the newest slot that is not after `wall`.
    fn newest(&self, wall: DateTime<Utc>) -> NaiveDate {
        let today = wall.date_naive();
        if self.moment(today) <= wall { today } else { today - TimeDelta::days(1) }
    }

    fn moment(&self, day: NaiveDate) -> DateTime<Utc> {
        let jitter = TimeDelta::from_std(self.jitter).unwrap_or_default();
        day.and_time(self.at).and_utc() + jitter
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveTime;

    use super::*;

    /// A machine whose wall clock can be set.
    struct Machine {
        now: Moment,
        planner: Planner,
        runs: Vec<DateTime<Utc>>,
    }

    impl Machine {
        fn new(declaration: &ScheduleDeclaration, wall: &str, last: Option<&str>) -> Self {
            let now = Moment { wall: at(wall), ticks: Duration::from_secs(1_000) };
            let planner = Planner::new(declaration, last.map(at), now, Duration::ZERO);
            Self { now, planner, runs: Vec::new() }
        }

        /// Lets time go by; a run takes no time. Gives the runs since the last call.
        fn live(&mut self, span: Duration) -> Vec<String> {
            let end = self.now.ticks + span;
            loop {
                match self.planner.poll(self.now) {
                    Verdict::Run => {
                        self.runs.push(self.now.wall);
                        self.planner.begin(self.now, Duration::ZERO);
                    }
                    Verdict::Wait(wait) => {
                        let step = wait.min(end - self.now.ticks);
                        self.now.ticks += step;
                        self.now.wall += step;
                        if self.now.ticks == end && wait > Duration::ZERO {
                            break;
                        }
                    }
                }
            }
            self.runs.drain(..).map(|run| run.format("%d %H:%M:%S").to_string()).collect()
        }

        fn set(&mut self, wall: &str) {
            self.now.wall = at(wall);
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a test's time")
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * 3600)
    }

    fn daily() -> ScheduleDeclaration {
        let at = NaiveTime::from_hms_opt(2, 0, 0).expect("a time of day");
        ScheduleDeclaration::daily(at, "report", "")
    }

    fn hourly() -> ScheduleDeclaration {
        ScheduleDeclaration::every(hours(1), "usage", "")
    }

    #[test]
    fn an_interval_runs_at_once_and_then_each_interval() {
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", None);
        let runs = machine.live(hours(2));
        assert_eq!(runs, ["01 10:30:00", "01 11:30:00"]);
    }

    #[test]
    fn an_interval_goes_on_where_it_was_before_the_restart() {
        let late = Some("2026-05-01T03:00:00Z");
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", Some("2026-05-01T10:10:00Z"));
        assert_eq!(machine.live(hours(1)), ["01 11:10:00"]);
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", late);
        assert_eq!(machine.live(hours(1)), ["01 10:30:00"]);
        let skip = hourly().missed(MissedRuns::Skip);
        let mut machine = Machine::new(&skip, "2026-05-01T10:30:00Z", late);
        assert_eq!(machine.live(hours(1)), ["01 11:00:00"]);
        let mut machine = Machine::new(&skip, "2026-05-01T10:30:00Z", None);
        assert_eq!(machine.live(hours(1) + Duration::from_secs(1)), ["01 11:30:00"]);
        // The last run was written by a clock a year ahead: no stall.
        let ahead = Some("2027-05-01T03:00:00Z");
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", ahead);
        assert_eq!(machine.live(hours(1) + Duration::from_secs(1)), ["01 11:30:00"]);
    }

    #[test]
    fn jumps_of_the_clock_neither_storm_nor_stall_an_interval() {
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", None);
        assert_eq!(machine.live(hours(1)), ["01 10:30:00"]);
        machine.set("2026-05-09T00:00:00Z");
        assert_eq!(machine.live(hours(2)), ["09 00:00:00", "09 01:00:00"]);
        machine.set("2020-01-01T00:00:00Z");
        assert_eq!(machine.live(hours(2)), ["01 00:00:00", "01 01:00:00"]);
    }

    #[test]
    fn a_run_that_takes_longer_than_its_interval_delays_the_next() {
        let mut machine = Machine::new(&hourly(), "2026-05-01T10:30:00Z", None);
        assert_eq!(machine.live(Duration::from_secs(1)), ["01 10:30:00"]);
        machine.now.ticks += hours(5);
        machine.now.wall += hours(5);
        assert_eq!(machine.live(hours(2)), ["01 15:30:01", "01 16:30:01"]);
    }

    #[test]
    fn a_daily_run_is_each_day_at_its_time() {
        let mut machine = Machine::new(&daily(), "2026-05-01T10:00:00Z", None);
        assert_eq!(machine.live(hours(48)), ["02 02:00:00", "03 02:00:00"]);
    }

    #[test]
    fn a_missed_daily_run_is_made_up_for_once_or_skipped() {
        let last = Some("2026-04-20T02:00:00Z");
        let mut machine = Machine::new(&daily(), "2026-05-01T10:00:00Z", last);
        // Made up for at 10:00; the next one comes 16 hours later.
        assert_eq!(machine.live(hours(24)), ["01 10:00:00", "02 02:00:00"]);
        let skip = daily().missed(MissedRuns::Skip);
        let mut machine = Machine::new(&skip, "2026-05-01T10:00:00Z", last);
        assert_eq!(machine.live(hours(24)), ["02 02:00:00"]);
    }

    #[test]
    fn jumps_of_the_clock_neither_storm_nor_stall_a_daily_run() {
        let mut machine = Machine::new(&daily(), "2026-05-01T00:00:00Z", None);
        assert_eq!(machine.live(hours(20)), ["01 02:00:00"]);
        machine.set("2026-05-11T08:00:00Z");
        assert_eq!(machine.live(hours(24)), ["11 08:00:00", "12 02:00:00"]);
        // Back by an hour just after a run: not twice.
        machine.set("2026-05-12T01:30:00Z");
        assert_eq!(machine.live(hours(1)), Vec::<String>::new());
        // Back by days: it goes on within a day and a half.
        machine.set("2026-05-03T03:00:00Z");
        assert_eq!(machine.live(hours(36)), ["04 02:00:00"]);
        // Written by a clock far ahead before a restart: it goes on, too.
        let mut machine = Machine::new(&daily(), "2026-05-01T10:00:00Z", Some("2027-01-01T02:00:00Z"));
        assert_eq!(machine.live(hours(24)), ["02 02:00:00"]);
    }
}
