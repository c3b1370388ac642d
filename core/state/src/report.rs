//! What a store says about itself.

use serde::{Deserialize, Serialize};

use crate::ResumeToken;

/// The vital figures of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// `SQLite` or `PostgreSQL`, with its version.
    pub database: String,
    /// The version of the tables' layout.
    pub schema_version: u32,
    /// The newest change.
    pub head: ResumeToken,
    /// What the database takes on disk, in bytes.
    pub bytes: u64,
}

/// How much was verified, backed up or restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Declared indexes, of all collections.
    pub indexes: u64,
    /// Documents, of all tenants and collections.
    pub documents: u64,
    /// Changes still kept.
    pub changes: u64,
}
