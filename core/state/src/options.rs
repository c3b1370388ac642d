//! What a store runs on.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where the time of changes comes from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Dates the changes.
    pub clock: Arc<dyn Clock>,
    /// What is refused.
    pub limits: Limits,
    /// Identifies the database if this is the first time it is opened; must then be unique in the world, for it
    /// makes etags and resume tokens so.
    pub lineage: Uuid,
    /// Connections for readers; one more is for the writer.
    pub readers_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            limits: Limits::default(),
            lineage: Uuid::new_v4(),
            readers_max: 4,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limits", &self.limits)
            .field("lineage", &self.lineage)
            .field("readers_max", &self.readers_max)
            .finish_non_exhaustive()
    }
}

/// What keeps a store's answers and its memory within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The biggest body as JSON text; 1 MiB, as documents are read and written whole.
    pub body_bytes_max: usize,
    /// How deep objects and arrays of a body may be nested; 64, safely under what JSON readers bear.
    pub depth_max: usize,
    /// Writes in one [`crate::State::write`]; 1000.
    pub writes_max: usize,
    /// Documents, changes or audit records in one page; 1000.
    pub page_size_max: usize,
    /// Bytes of bodies in one page, after which it ends (a page always has its first document); 8 MiB.
    pub page_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            depth_max: 64,
            writes_max: 1000,
            page_size_max: 1000,
            page_bytes_max: 8 * 1024 * 1024,
        }
    }
}
