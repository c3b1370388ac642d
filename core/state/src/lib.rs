//! State: documents with versions. Users, policies, incidents, schedules: whatever a service must remember
//! and change, as opposed to the signals that only ever arrive.
//!
//! A [`Document`] is a JSON object of one tenant in one collection, with a version that counts its changes
//! and an [`Etag`] that names the last of them. The contract of the store is the trait [`State`]; [`open`]
//! gives an implementation for a URL: `sqlite:PATH` (embedded, one file) or `postgres://…`. Both do the same,
//! held to it by one suite of tests (feature `testsuite`).
//!
//! Terms:
//!
//! - **Precondition**: what a writer believes about the document it changes. Every write may carry one, and a
//!   write whose belief is wrong changes nothing and says what is there instead. No lock outlives a call.
//! - **Index**: a declared field of a collection ([`State::declare`]), with a type. Only indexed fields can be
//!   filtered and ordered by, and the database does it: nothing is filtered in memory.
//! - **Change**: every write makes one row that is never changed again, in one total order without gaps. Read
//!   forward it is the change feed ([`State::changes`]), from which a reader resumes by its [`ResumeToken`];
//!   read backward it is the audit trail ([`State::audit`]): who changed what, when, why, from what to what.
//!
//! How it is kept: table `documents` has the bodies, `entries` has one row per document, index and value with
//! the value encoded so that comparing bytes compares values (module `encode`), `changes` has the changes. One
//! writer at a time takes the row of `feed`, so that the order of positions is the order of commits on both
//! databases, and a reader of the feed never sees position 8 before position 7. The SQL is written once, over
//! the small seam `driver`, which knows the two databases.
//!
//! Time and the identity of a new database are parameters ([`Options`]), so tests are repeatable.
#![forbid(unsafe_code)]

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

mod change;
mod continuation;
mod document;
mod driver;
mod encode;
mod error;
mod filter;
mod index;
mod migrate;
mod open;
mod options;
mod query;
mod report;
mod store;
mod tenant;
#[cfg(feature = "testsuite")]
pub mod testsuite;

pub use change::{AuditPage, AuditQuery, AuditRecord, Change, ChangeKind, Changes, ResumeToken};
pub use document::{Author, Document, Etag, Key, Precondition, Write};
pub use error::{Error, Result};
pub use filter::{Filter, FilterValue};
pub use index::{Index, IndexKind};
pub use open::open;
pub use options::{Clock, Limits, Options, SystemClock};
pub use query::{Continuation, Order, Page, Query};
pub use report::{Counts, Health};
pub use tenant::TenantId;

/// A store of versioned documents. `Arc<dyn State>` is how the rest of the house holds it.
///
/// - **Atomic**: each write, and all of one [`State::write`], happens wholly or not at all.
/// - **Durable**: when a write returns `Ok`, it survives the death of the process and of the machine's power.
/// - **Ordered**: changes have one total order, without gaps; a reader of the feed sees a prefix of it, always.
/// - **Uninterrupted**: a caller that stops waiting for a write does not stop the write.
/// - **Errors leave nothing behind**, with one exception that no protocol can avoid: after
///   [`Error::Unavailable`] from a write the outcome may be unknown (the connection broke during the commit).
///   Read the document again; its etag tells.
#[async_trait]
pub trait State: Send + Sync {
    /// Makes `indexes` the whole set of indexes of a collection, and returns when every stored document is
    /// indexed accordingly. Repeating it is cheap and changes nothing. An index that is new or defined
    /// differently is built from the stored documents; one that is no longer listed is dropped.
    ///
    /// Fails with [`Error::Duplicate`] or [`Error::Invalid`] if a stored document doesn't fit, and then leaves
    /// the indexes as they were. Writers wait while an index is built.
    async fn declare(&self, collection: &str, indexes: &[Index]) -> Result<()>;

    /// The document as it is now, or `None` where there is none (never was, or deleted).
    async fn get(&self, key: &Key) -> Result<Option<Document>>;

    /// Creates or replaces a document and returns it as stored.
    ///
    /// Fails with [`Error::Conflict`], [`Error::AlreadyExists`] (the precondition doesn't hold),
    /// [`Error::Duplicate`] (another document of the tenant has the value of a unique index) or
    /// [`Error::Invalid`] (too big, too deep, a field of another type than its index).
    async fn put(
        &self,
        key: &Key,
        body: Value,
        precondition: Precondition,
        author: &Author,
    ) -> Result<Document>;

    /// Deletes a document and returns it as it was; `None` if there was none, which is no change.
    async fn delete(
        &self,
        key: &Key,
        precondition: Precondition,
        author: &Author,
    ) -> Result<Option<Document>>;

    /// Several writes as one: all or none. Preconditions are checked against the state before the first of
    /// them, unique indexes against the state after the last, so two documents may swap a unique value.
    /// Returns, in the order of `writes`, what [`State::put`] and [`State::delete`] would have.
    async fn write(&self, writes: Vec<Write>, author: &Author) -> Result<Vec<Option<Document>>>;

    /// A page of the documents of a tenant and collection that pass the filter, in the order asked for.
    ///
    /// A page may be shorter than asked (the bodies are big): only [`Page::next`] says whether there may be more. Pages are read at different times: a document that moves in
    /// the order between two pages may be seen twice or not at all, every other exactly once.
    async fn query(&self, query: &Query) -> Result<Page>;

    /// How many documents the query's filter passes; order, page size and continuation don't matter.
    async fn count(&self, query: &Query) -> Result<u64>;

    /// How the database would carry out the query, in its own words. For support and for tests.
    async fn explain(&self, query: &Query) -> Result<String>;

    /// The tenants that have documents in a collection, in order.
    async fn tenants(&self, collection: &str) -> Result<Vec<TenantId>>;

    /// The token of the newest change. To follow a collection from now on: take the head, read the documents,
    /// then read the changes after the head; what happened in between comes once more, with the same version.
    async fn head(&self) -> Result<ResumeToken>;

    /// Up to `limit` changes after a token, of all tenants and collections, oldest first. An empty answer means
    /// there are none yet.
    ///
    /// Fails with [`Error::Expired`] if changes after the token were pruned, and with
    /// [`Error::UnknownToken`] if the token is of another database, or of a future that a restore undid. In
    /// both cases read the documents anew, as told at [`State::head`].
    async fn changes(&self, after: ResumeToken, limit: usize) -> Result<Changes>;

    /// Waits until there is a change after the token (`true`) or the time is over (`false`). Changes by this
    /// process wake at once; changes by another process are noticed within a quarter of a second.
    async fn wait_for_change(&self, after: ResumeToken, timeout: Duration) -> Result<bool>;

    /// A page of the audit trail, newest first.
    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage>;

    /// Forgets changes made before `until`, from the feed and from the audit trail, and returns how many.
    /// Documents stay. Only whole beginnings of the feed go: an old change after a newer one (the clock was
    /// set back) stays until the newer one goes.
    async fn prune(&self, until: DateTime<Utc>) -> Result<u64>;

    /// Whether the database answers, and its vital figures. Cheap enough for a readiness probe.
    async fn check(&self) -> Result<Health>;

    /// Reads everything and checks that it agrees with itself: the file, every index entry against its
    /// document, every document against its last change. [`Error::Corrupt`] names the first disagreement.
    async fn verify(&self) -> Result<Counts>;

    /// Writes a consistent copy of everything (documents, indexes, changes) to a new file while the store is
    /// used, as JSON lines: the same form for both databases, so it is also the way from one to the other.
    /// The file appears under its name only when it is whole and on disk.
    async fn backup_to(&self, path: &Path) -> Result<Counts>;

    /// Fills an empty store from a file that [`State::backup_to`] wrote. Etags, versions and resume tokens
    /// up to the backup remain valid. Fails with [`Error::Invalid`] if the store has ever been written to, and
    /// with [`Error::Corrupt`] if the file is damaged or cut short; then the store is still empty.
    async fn restore_from(&self, path: &Path) -> Result<Counts>;

    /// Ends all work and closes the database. Later calls fail with [`Error::Unavailable`].
    async fn close(&self);
}
