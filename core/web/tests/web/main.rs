//! The crate as its users see it: routers in the process, requests in, responses out.

mod context;
mod log;
mod oauth;
mod openapi;
mod route;
mod walk;
