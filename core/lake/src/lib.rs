//! The lake: from the journal to Delta Lake tables, and hot rows and files asked as one table.
//!
//! The lake is a consumer of the journal. It shows the rows of an entry to queries as soon as it has taken
//! it ([`hot`]), and writes them to Parquet files later, many rows at a time ([`flush`]). The Delta commit
//! that adds a file holds the journal position up to which the table is complete, so that replaying the
//! journal after a crash neither loses nor doubles a row ([`delta`]).
//!
//! - One Delta table per tenant and table: `{root}/{tenant}/{table}/`. Its schema is the whole physical
//!   schema of the catalog's table; a Parquet file holds only the columns that have a value, and readers
//!   see nulls for the others (docs/decisions/0004).
//! - A query sees, per table, one moment: the files of one version and the hot rows that are not in them,
//!   taken under one lock ([`table`]).
//! - Everything is durable in order: Parquet file, Delta commit, then the position in the journal. Each is
//!   synced before the next is begun.
//! - [`maintain`] compacts small files of a day, expires rows by age, and removes files that nobody reads.
//!
//! No row is here that is not in the journal first; nothing is written here by anyone else.

mod backup;
mod config;
mod consume;
mod delta;
mod error;
mod flush;
mod hot;
mod maintain;
mod names;
mod parquet_file;
mod query;
mod scan;
mod status;
mod store;
mod table;

pub use config::LakeConfig;
pub use error::{LakeError, QueryError};
pub use query::{QueryLimits, QueryStream};
pub use status::{Status, TableStatus};
pub use store::Lake;
