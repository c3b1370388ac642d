//! Signals: what happened, as rows of typed tables.
//!
//! Three things live here, and nothing that does I/O:
//!
//! - [`schema`]: every table and column of the public advanced-hunting, Log Analytics and ASIM schemas,
//!   Phalanx's own tables, and the custom tables (`…_CL`) that users declare: the [`Catalog`].
//! - [`batch`]: rows on their way: a [`SignalBatch`] is some rows of one table of one tenant, as columns.
//!   [`RowsBuilder`] makes them; [`dynamic`] alone knows how a `dynamic` value is represented.
//! - [`decode`]: the formats, from bytes to batches, and [`mapping`], the data that says which table and
//!   column a field of a wire format belongs to.

pub mod batch;
pub mod decode;
pub mod dynamic;
pub mod mapping;
pub mod schema;
mod tenant;
#[cfg(any(test, feature = "testsuite"))]
pub mod testing;
pub mod time;

pub use batch::{Row, RowsBuilder, SignalBatch};
pub use schema::{Catalog, Column, ColumnType, Family, Table};
pub use tenant::TenantId;
