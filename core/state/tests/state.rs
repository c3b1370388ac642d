//! The suite on both databases, and what each can show only by itself.

#[path = "state/postgres.rs"]
mod postgres;
#[path = "state/samples.rs"]
mod samples;
#[path = "state/sqlite.rs"]
mod sqlite;
