//! Algorithms of plugins that no plan of joins and aggregates says: from all rows to a table.
//!
//! They are pure functions over batches. An [`Algorithm`] is one with its arguments, which the plan's node around it
//! (`plan::collected`) runs once it has collected all rows of its inputs within the query's limit of memory. Whoever
//! binds it checks the arguments and names the columns.

mod activity;
mod dimensions;
mod near;
mod parts;
mod rolling;
#[cfg(test)]
mod testing;
mod work;

pub use activity::ActivityCounts;
pub use near::RowsNear;
pub use parts::EachPart;
pub use rolling::RollingPercentile;
pub use work::{Algorithm, Work};
