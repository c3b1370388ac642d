//! Tests of the whole system: a real server on free ports in a temporary folder, spoken to as users do.
//!
//! One binary, for linking a server takes longer than running these. [`context`] starts and stops servers;
//! every other module is one promise.

mod access;
mod architecture;
mod archives;
mod backup;
mod clock;
mod commands;
mod context;
mod crash;
mod disk;
mod functions;
mod hostile;
mod pressure;
mod queries;
mod restore;
mod sdk;
mod signals;
mod syslog;
mod tables;
mod traces;
