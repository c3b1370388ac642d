//! Changes: the feed that others follow and the trail that auditors read are the same rows.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Continuation, Error, Etag, Key, Result, TenantId};

/// One change of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Resumes after this change.
    pub token: ResumeToken,
    /// The document.
    pub key: Key,
    /// The document's version that the change made; of a deletion, one more than that of the deleted.
    pub version: u64,
    /// The etag before; `None` if the change created the document.
    pub before: Option<Etag>,
    /// The etag after; `None` if the change deleted it.
    pub after: Option<Etag>,
    /// The content after; `None` if the change deleted it.
    pub body: Option<Value>,
    /// When, to the microsecond.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: String,
    /// Why, if told.
    pub reason: Option<String>,
}

impl Change {
    /// What happened to the document.
    pub fn kind(&self) -> ChangeKind {
        match (&self.before, &self.after) {
            (_, None) => ChangeKind::Delete,
            (None, Some(_)) => ChangeKind::Create,
            (Some(_), Some(_)) => ChangeKind::Update,
        }
    }
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The document was not there before.
    Create,
    /// It was, and has another content now.
    Update,
    /// It is no longer there: a tombstone.
    Delete,
}

/// Some changes, oldest first, and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// The token of the last of them; if there are none, the one asked with (or its equal in a restored database).
    pub next: ResumeToken,
}

/// A place in the change feed: between two changes. Keep it, as text or serialized, and go on from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResumeToken {
    pub(crate) lineage: Uuid,
    pub(crate) position: u64,
}

impl ResumeToken {
    /// Before the first change of any database.
    pub const START: Self = Self { lineage: Uuid::nil(), position: 0 };

    /// How many changes were made before this place. For figures such as a reader's lag.
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.lineage.simple())
    }
}

impl FromStr for ResumeToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (position, lineage) = text.split_once('.')?;
            let position = position.parse().ok().filter(|position| i64::try_from(*position).is_ok())?;
            Some(Self { lineage: Uuid::try_parse(lineage).ok()?, position })
        };
        parse().ok_or_else(|| Error::invalid("this is not a resume token"))
    }
}

impl Serialize for ResumeToken {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResumeToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which part of a tenant's audit trail; all conditions hold together.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only of this collection.
    pub collection: Option<String>,
    /// Only of this document; needs `collection`.
    pub id: Option<String>,
    /// Only by this author.
    pub by: Option<String>,
    /// Only at or after this time.
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub until: Option<DateTime<Utc>>,
    /// At most so many records in a page, as in [`crate::Query::page_size`].
    pub page_size: usize,
    /// Where the last page ended.
    pub after: Option<Continuation>,
}

impl AuditQuery {
    /// The whole trail of a tenant, 100 records in a page.
    pub fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            collection: None,
            id: None,
            by: None,
            from: None,
            until: None,
            page_size: 100,
            after: None,
        }
    }

    /// The trail of one document.
    pub fn of(key: &Key) -> Self {
        Self {
            collection: Some(key.collection().to_owned()),
            id: Some(key.id().to_owned()),
            ..Self::new(key.tenant())
        }
    }
}

/// A page of the audit trail, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditPage {
    /// The records.
    pub records: Vec<AuditRecord>,
    /// Where the next, older page begins; `None` if this was the last.
    pub next: Option<Continuation>,
}

/// A change with the content before it.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// The change.
    pub change: Change,
    /// The content before; `None` if the change created the document, or if the change that made that content
    /// was pruned (then [`Change::before`] still names it).
    pub body_before: Option<Value>,
}
