//! The lake: from the journal to Delta Lake tables, and hot rows and files asked as one table.
//!
//! The lake is a consumer of the journal. It shows the rows of an entry to queries as soon as it has taken
//! it ([`consume`], [`hot`]), and writes them to Parquet files later, many rows at a time ([`flush`],
//! [`parquet_file`]). The Delta commit that adds a file holds the journal position up to which the table is
//! complete, so that replaying the journal after a crash neither loses nor doubles a row ([`delta`]).
//!
//! - One Delta table per tenant and table: `{root}/{tenant}/{table}/`. Its schema is the whole physical
//!   schema of the catalog's table; a Parquet file holds only the columns that have a value, and readers
//!   see nulls for the others (docs/decisions/0004).
//! - Files are kept by a [`store`]: a seam with a contract on durability and on who wins a name.
//! - A query sees, per table, one moment: the files of one version and the hot rows that are not in them,
//!   taken under one lock ([`table`]). [`scan`] makes them one table for the engine, [`query`] bounds what a
//!   query may cost.
//! - Everything is durable in order: Parquet file, Delta commit, then the position in the journal. Each is
//!   synced before the next is begun.
//! - [`maintain`] compacts small files of a day, expires rows by age, and removes files that nobody reads.
//! - A table that can't be opened or written holds up no other ([`trouble`], [`aside`]).
//!
//! No row is here that is not in the journal first; nothing is written here by anyone else.

mod aside;
mod backup;
mod complete;
mod config;
mod consume;
mod delta;
mod error;
mod flush;
mod hot;
mod lake;
mod maintain;
mod names;
mod parquet_file;
mod query;
mod scan;
mod status;
mod store;
mod table;
mod trouble;

pub use config::LakeConfig;
pub use error::{LakeError, QueryError};
pub use lake::Lake;
pub use query::{QueryLimits, QueryStream};
pub use status::{Status, TableStatus};
pub use store::{LakeStore, S3Settings};
