//! Zeek's logs: one per protocol or finding (`conn`, `dns`, `http`, …), as tab-separated text whose header
//! names the fields ([`TSV`]) and as JSON, an object a line ([`JSON`]). See the "Log Files" and "Logging
//! Framework" chapters of the Zeek manual.
//!
//! Both make the same list of fields, named as in Zeek (`id.orig_h`); [`rows`] writes the rows that
//! `mapping/zeek.map` says. A log that it does not name goes to `ASimNetworkSessionLogs` if its records have
//! the two ends of a connection, else to `PhalanxNetworkLog`.

mod json;
mod log;
mod rows;
#[cfg(test)]
mod tests;
mod tsv;

pub use json::JSON;
pub use rows::mapping;
pub use tsv::TSV;
