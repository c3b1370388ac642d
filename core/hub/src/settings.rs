//! What the hub runs on: its waits and bounds.

use std::time::Duration;

/// The hub's own settings. The defaults suit a server; tests shorten the waits.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// Wait after a service's first failure; doubled with each further one. One second: a restart that
    /// is going to help usually helps at once.
    pub restart_first: Duration,
    /// Longest wait between two restarts. Five minutes: seldom enough to be no load, often enough that
    /// a repaired cause is noticed while the person who repaired it still looks.
    pub restart_most: Duration,
    /// A life this long without a failure counts as recovered, and back-off begins anew.
    pub stable_after: Duration,
    /// How often deadlines are looked at, and so how exactly a hang is timed.
    pub watch_interval: Duration,
    /// How long a service that hangs may take to end before its thread is given up.
    pub end_grace: Duration,
    /// Threads that a service may lose to hangs before it is no longer restarted. Each costs memory
    /// until the program ends.
    pub abandoned_most: u32,
    /// Tries that panic or hang on the same entry before the service passes it by.
    pub observe_attempts: u32,
    /// How long shutting down waits for work in progress.
    pub drain: Duration,
    /// How often the hub saves the cursors of sources, and so how far it reads back at a start.
    pub cursor_save: Duration,
    /// Actions of one service that are carried out at once, on different targets.
    pub actions_at_once: usize,
    /// How often a service's open actions are looked for without a request having come in.
    pub actions_interval: Duration,
    /// Changes that a subscriber may be behind before it is told to read anew.
    pub subscriber_lag: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            restart_first: Duration::from_secs(1),
            restart_most: Duration::from_secs(300),
            stable_after: Duration::from_secs(30),
            watch_interval: Duration::from_millis(250),
            end_grace: Duration::from_secs(2),
            abandoned_most: 3,
            observe_attempts: 5,
            drain: Duration::from_secs(10),
            cursor_save: Duration::from_secs(30),
            actions_at_once: 16,
            actions_interval: Duration::from_secs(30),
            subscriber_lag: 1_024,
        }
    }
}
