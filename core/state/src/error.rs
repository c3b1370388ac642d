//! What can go wrong, told apart by what a caller would do about it.

use crate::{Etag, Key};

/// The result of the calls of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. Nothing was changed, but see [`crate::State`] about [`Error::Unavailable`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document is not the version the writer believed. Read it again and decide anew.
    #[error("document `{key}` has changed")]
    Conflict {
        /// The document.
        key: Box<Key>,
        /// Its version now; `None` if it is gone.
        current: Option<Etag>,
    },
    /// The document to be created is there already.
    #[error("document `{key}` already exists")]
    AlreadyExists {
        /// The document.
        key: Box<Key>,
        /// Its version now.
        current: Etag,
    },
    /// Another document of the same tenant and collection has this value in a unique index.
    #[error("another document has the value that `{key}` has in unique index `{index}`")]
    Duplicate {
        /// The document that could not be written.
        key: Box<Key>,
        /// The unique index.
        index: String,
    },
    /// A filter or an order uses a field that is not indexed.
    #[error("collection `{collection}` has no index `{index}`")]
    NotIndexed {
        /// The collection.
        collection: String,
        /// The index that isn't declared.
        index: String,
    },
    /// The request can never succeed as it is; the text says what is wrong with it.
    #[error("{0}")]
    Invalid(String),
    /// Changes after the resume token are no longer kept.
    #[error("changes after the resume token are no longer kept")]
    Expired,
    /// The resume token is of another database, or of changes that a restore undid.
    #[error("the resume token is not of this database")]
    UnknownToken,
    /// The database can't be reached, is busy or full. Worth trying again later.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// For the log.
        reason: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What is stored is damaged. Restore a backup.
    #[error("stored data is damaged: {0}")]
    Corrupt(String),
    /// The database refused something that should have worked: a defect of ours, or of its set-up.
    #[error("the database failed: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::Corrupt(message.into())
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    /// Whether the same call may succeed later without anything being changed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
