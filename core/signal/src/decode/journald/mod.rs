//! The systemd journal, as `journalctl -o export` ([`EXPORT`]) and `journalctl -o json` ([`JSON`]) print it:
//! systemd.io/JOURNAL_EXPORT_FORMATS.
//!
//! An entry becomes a row of `Syslog`, by `mapping/journald.map`; fields that have no column, among them
//! `__CURSOR` and the trusted fields (`_UID`, `_EXE`, `_SYSTEMD_UNIT`, …), are kept in the overflow. A value that
//! is not UTF-8 is kept as base64 beside the text that could be read, as `NAME.base64`. An entry whose message
//! tells of an activity gives the same row of advanced hunting as it does by way of syslog, and one whose message
//! is CEF or LEEF goes to `CommonSecurityLog`.

mod export;
mod json;
mod rows;
#[cfg(test)]
mod tests;

pub use export::FORMAT as EXPORT;
pub use json::FORMAT as JSON;
