//! Documents, their names, and what a write says.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result, TenantId};

/// The longest id of a document, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 256;
/// The longest name of a collection or an index, in bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// The longest name of an author, in bytes of UTF-8.
const AUTHOR_BYTES_MAX: usize = 512;
/// The longest reason of an author, in bytes of UTF-8.
const REASON_BYTES_MAX: usize = 4096;

/// Where a document is: tenant, collection, id. Only checked keys exist.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    collection: String,
    tenant: TenantId,
    id: String,
}

impl Key {
    /// A collection is named by up to 64 ASCII letters, digits, `.`, `-` and `_`, beginning with a letter. An
    /// id is 1 to 256 bytes of text without control characters; two ids are the same if their bytes are.
    pub fn new(tenant: TenantId, collection: impl Into<String>, id: impl Into<String>) -> Result<Self> {
        let (collection, id) = (collection.into(), id.into());
        check_collection(&collection)?;
        check_text("document id", &id, 1, ID_BYTES_MAX)?;
        Ok(Self { collection, tenant, id })
    }

    /// The owner of the document.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The collection.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The id, unique within tenant and collection.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.collection, self.id)
    }
}

/// A document as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Where it is.
    pub key: Key,
    /// Counts the changes of the document: 1 when created, one more with each change. It goes on counting if
    /// the document is deleted and created anew, as long as the deletion is not pruned from the feed.
    pub version: u64,
    /// Names this version; no other version of any document has the same.
    pub etag: Etag,
    /// The content, a JSON object.
    pub body: Value,
    /// When it was created, to the microsecond.
    pub created: DateTime<Utc>,
    /// When it was last changed, to the microsecond. As good as the clock; `version` is what orders.
    pub modified: DateTime<Utc>,
    /// Who changed it last.
    pub modified_by: String,
}

/// The name of one version of one document, for optimistic concurrency. Opaque; 32 hexadecimal digits, so it
/// needs no escaping in an HTTP `ETag` (RFC 9110, section 8.8.3) but the quotes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Etag(String);

impl Etag {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The etag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Etag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Error::invalid("an etag is 32 hexadecimal digits"))
        }
    }
}

/// What a writer demands of the document it is about to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing: create or replace.
    None,
    /// That there is no such document; else [`Error::AlreadyExists`].
    Absent,
    /// That it is still this version; else [`Error::Conflict`].
    Matches(Etag),
}

/// One write among several ([`crate::State::write`]).
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Create or replace.
    Put {
        /// Where.
        key: Key,
        /// The new content.
        body: Value,
        /// What must hold.
        precondition: Precondition,
    },
    /// Delete; no change if there is no such document.
    Delete {
        /// Where.
        key: Key,
        /// What must hold.
        precondition: Precondition,
    },
}

impl Write {
    /// The document it concerns.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. } | Self::Delete { key, .. } => key,
        }
    }

    /// What must hold.
    pub fn precondition(&self) -> &Precondition {
        match self {
            Self::Put { precondition, .. } | Self::Delete { precondition, .. } => precondition,
        }
    }
}

/// Who makes a change, and why. Stands in the audit trail and in [`Document::modified_by`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    name: String,
    reason: Option<String>,
}

impl Author {
    /// An author: a principal's id, or `service:<name>` for the platform's own doing. 1 to 512 bytes without
    /// control characters.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        check_text("author", &name, 1, AUTHOR_BYTES_MAX)?;
        Ok(Self { name, reason: None })
    }

    /// The same author with a reason of up to 4096 bytes without control characters.
    pub fn because(self, reason: impl Into<String>) -> Result<Self> {
        let reason = reason.into();
        check_text("reason", &reason, 0, REASON_BYTES_MAX)?;
        Ok(Self { reason: Some(reason), ..self })
    }

    /// Who.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why, if told.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// Checks the name of a collection.
pub(crate) fn check_collection(name: &str) -> Result<()> {
    check_name("collection", name, ".-_")
}

/// Checks a name of at most 64 ASCII letters, digits and some punctuation, beginning with a letter.
pub(crate) fn check_name(what: &str, name: &str, punctuation: &str) -> Result<()> {
    let well_formed = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || punctuation.contains(c));
    if well_formed && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the name of a {what} is 1 to {NAME_BYTES_MAX} ASCII letters, digits or `{punctuation}`, beginning with a \
         letter, found `{}`",
        excerpt(name)
    )))
}

fn check_text(what: &str, text: &str, bytes_min: usize, bytes_max: usize) -> Result<()> {
    if text.len() < bytes_min || text.len() > bytes_max {
        return Err(Error::invalid(format!(
            "{what} must have {bytes_min} to {bytes_max} bytes, found {}",
            text.len()
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "{what} must not have control characters, found `{}`",
            excerpt(text)
        )));
    }
    Ok(())
}

/// The beginning of a text from outside, harmless to show in a message.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}
