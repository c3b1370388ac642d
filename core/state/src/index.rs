//! Typed indexes: which fields of a collection's documents can be filtered and ordered by.

use serde::{Deserialize, Serialize};

/// A declared index of a collection. A document whose field has another type than the index is refused;
/// a field that is absent or `null` fits every index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The name used in filters and orders: up to 64 ASCII letters, digits and `_`, beginning with a letter.
    pub name: String,
    /// Where in the body the value is, as a JSON pointer (RFC 6901), for example `/profile/mail`. In the path of a
    /// `multi` index a segment `*` means each element of an array: `/identities/*/issuer`.
    pub path: String,
    /// The type of the values.
    pub kind: IndexKind,
    /// Whether no two documents of a tenant may have the same value. Absent values don't count.
    #[serde(default)]
    pub unique: bool,
    /// Whether the field is an array, each element of which is a value of the document.
    #[serde(default)]
    pub multi: bool,
}

/// The type of an index's values, which decides how they compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexKind {
    /// Text of up to 1024 bytes, compared by its UTF-8 bytes, which is by code points.
    Text,
    /// Text of up to 1024 bytes, compared by code points after each character is put in lower case by itself
    /// (Unicode lower case, whatever the language; a final sigma counts as a sigma). `ß` and `ss` differ, as do
    /// `ı` and `i`: what looks like another account's name is not that account's name.
    TextCaseless,
    /// A whole number from -2^63 to 2^63 - 1.
    Integer,
    /// A number as an IEEE 754 double; -0 is 0.
    Real,
    /// `false` before `true`.
    Boolean,
    /// Text in the form of RFC 3339 with any offset, compared as instants, to the nanosecond.
    DateTime,
}

impl Index {
    /// An index with this name on the value at this JSON pointer; neither unique nor multi.
    pub fn new(name: impl Into<String>, path: impl Into<String>, kind: IndexKind) -> Self {
        Self { name: name.into(), path: path.into(), kind, unique: false, multi: false }
    }

    /// The same, unique.
    pub fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// The same, over the elements of an array.
    pub fn multi(self) -> Self {
        Self { multi: true, ..self }
    }
}
