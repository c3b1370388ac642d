//! Algorithms that no plan of joins and aggregates says: from all rows to a table.
//!
//! They are pure functions over batches. An [`Algorithm`] is one with its arguments, which the plan's node around it
//! (`plan::collected`) runs once it has collected all rows of its inputs within the query's limit of memory. Whoever
//! binds it checks the arguments and names the columns.

mod active;
mod activity;
mod basket;
mod dimensions;
pub mod graph;
mod narrow;
mod near;
mod parts;
mod reduce;
mod rolling;
mod sliding;
#[cfg(test)]
mod testing;
mod work;

pub use active::ActiveUsers;
pub use activity::ActivityCounts;
pub use basket::{Basket, Choice};
pub use narrow::Narrow;
pub use near::RowsNear;
pub use parts::EachPart;
pub use reduce::{Reduce, ReduceGives};
pub use rolling::RollingPercentile;
pub use sliding::SlidingCounts;
pub use work::{Algorithm, Work};
