//! Tables and columns: names, types, and how they are stored.
//!
//! # Physical types
//!
//! | type | Arrow and Parquet | what is lost |
//! |---|---|---|
//! | `bool` `int` `long` `real` | `Boolean` `Int32` `Int64` `Float64` | nothing |
//! | `decimal` | `Decimal128(38, 18)` | digits beyond 18 behind the point, values from 10²⁰ on |
//! | `datetime` | `Timestamp(µs, "UTC")` | the seventh digit: a tick of KQL is 100 ns, Delta keeps microseconds |
//! | `timespan` | `Int64`, ticks of 100 ns | nothing |
//! | `guid` | `Utf8View`, lower case with hyphens | nothing |
//! | `string` | `Utf8View` | null and empty are one value, as in KQL: null is stored |
//! | `dynamic` | `Utf8View`, JSON text (see [`crate::dynamic`]) | nothing, number spelling included |
//!
//! Every Arrow field carries the metadata key [`TYPE_KEY`] with the KQL type's name, so that a schema
//! alone tells a `guid` or a `timespan` from a `string` or a `long`.
//!
//! # Physical names
//!
//! Column names are case-sensitive for the user, and some public tables hold pairs such as `Isp` and
//! `ISP`. Delta Lake refuses those. The first column of such a group keeps its name; the n-th is stored
//! as `name~n`. New columns are only ever appended, so a physical name never changes.
//!
//! # Columns that the platform adds
//!
//! A table that lacks them has `TenantId` and `Type` (constant within a batch, so they travel with the
//! batch and not in its rows), `_TimeReceived` (when Phalanx accepted the row), and `_Unmapped` unless
//! the table has a dynamic `AdditionalFields`: fields of the raw event without a column of their own.

mod catalog;
mod column;
mod custom;
mod facts;
mod nearest;
mod table;

pub use catalog::{Catalog, CatalogError};
pub use column::{Column, ColumnType, TYPE_KEY};
pub use custom::{ColumnDeclaration, DeclarationError, TableDeclaration};
pub use table::{Family, Table};

/// When Phalanx accepted the row.
pub const TIME_RECEIVED: &str = "_TimeReceived";
/// Fields of the raw event without a column of their own.
pub const UNMAPPED: &str = "_Unmapped";
/// The table's own name, as Log Analytics has it.
pub const TYPE: &str = "Type";
/// The tenant the row belongs to.
pub const TENANT_ID: &str = "TenantId";
/// Where input goes that no decoder could read.
pub const DEAD_LETTER_TABLE: &str = "PhalanxDeadLetter";
/// Which dead letters have become rows after all.
pub const DEAD_LETTER_REPLAY_TABLE: &str = "PhalanxDeadLetterReplay";
