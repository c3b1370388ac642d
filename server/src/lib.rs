//! The program `phalanx`: wires core and services, opens the listeners, and is the command line.
//!
//! - [`config`] and [`data_folder`]: what it runs on; [`tls`]: its certificate.
//! - [`platform`]: journal, state, lake, hub and services put together, without any listener.
//! - [`ingest`]: from bytes of a sender to acknowledged entries of the journal.
//! - [`api`]: its HTTP APIs as declared tables; [`listen`]: the ports and the local socket.
//! - [`cli`]: the commands. They speak to a running server over its Unix socket through [`client`], and
//!   open the data folder themselves when none runs.

pub mod api;
pub mod cli;
pub mod client;
pub mod config;
pub mod data_folder;
pub mod hunting;
pub mod ingest;
pub mod listen;
pub mod metrics;
pub mod platform;
pub mod telemetry;
pub mod tls;
