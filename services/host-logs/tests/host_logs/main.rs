//! The service in a hub, with real files and with a `journalctl` of the test's making.

mod files;
mod journald;
mod suite;
mod support;
