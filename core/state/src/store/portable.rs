//! The portable form of a store: a file of JSON lines, one record each, the same for all databases.
//!
//! A header comes first, then the indexes, the documents, the changes, and an end with counts and the CRC-32
//! (ISO-HDLC, as in gzip) of all bytes before it: a file without its end, or with another one, is damaged.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Counts, Index, TenantId};

/// The version of the form.
pub(super) const FORMAT: u32 = 1;

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Record {
    Header(Header),
    Index(IndexRecord),
    Document(DocumentRecord),
    Change(ChangeRecord),
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Header {
    pub format: u32,
    pub lineage: Uuid,
    /// The newest change, and the newest that is no longer kept.
    pub position: u64,
    pub pruned: u64,
    /// The databases this one was restored from, and up to which change it has their history.
    pub ancestors: Vec<(Uuid, u64)>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IndexRecord {
    pub collection: String,
    pub definition: Index,
}

/// Times are microseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentRecord {
    pub tenant: TenantId,
    pub collection: String,
    pub id: String,
    pub version: u64,
    pub etag: String,
    pub created: i64,
    pub modified: i64,
    pub modified_by: String,
    pub body: Box<RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeRecord {
    pub position: u64,
    pub tenant: TenantId,
    pub collection: String,
    pub id: String,
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag_after: Option<String>,
    pub at: i64,
    pub author: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct End {
    pub counts: Counts,
    pub crc32: u32,
}
