//! Algorithms of plugins that no plan of joins and aggregates says: from all rows to a table.
//!
//! They are pure functions over batches. The operator around them collects its input as one partition (within the
//! query's limit of memory), checks the arguments and names the columns.

mod activity;
mod dimensions;
mod near;
mod rolling;

pub use activity::{Activity, activity_counts_metrics};
pub use near::rows_near;
pub use rolling::{Rolling, rolling_percentile};
