//! The loop from outside: fake services on a real state, and a journal in memory or on disk.

mod actions;
mod contexts;
mod cursors;
mod manifests;
mod routing;
mod schedules;
mod suite;
mod supervision;
mod support;
