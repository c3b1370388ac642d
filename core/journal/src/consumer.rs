//! Consumers: who reads, and how far each has come.

use crate::Position;

/// Where a consumer starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With everything that is still kept, unless it is known already.
    Oldest,
    /// With what comes from now on, unless it is known already.
    Head,
    /// After this position, known or not: the consumer's own store says so.
    After(Position),
}
