//! The manners shared by all HTTP APIs, without knowing any of them.
//!
//! - [`error`]: one taxonomy of failures, rendered as each API's clients expect it;
//! - [`role`] and [`principal`]: who asks, and what that caller may do (nothing, unless a role says so);
//! - [`token`]: signing keys, access tokens, and their verification as a function over bytes;
//! - [`oauth`]: the token endpoint, discovery and published keys at Entra-compatible paths;
//! - [`route`]: APIs declared as tables, from which the router, the OpenAPI document and the
//!   authorisation test are all made;
//! - [`peer`]: what a listener knows of the other side of a connection, and who a local peer is;
//! - [`body`], [`etag`], [`request_id`]: the details of HTTP that APIs have in common.
//!
//! Storage is handed in through two small traits, [`token::KeyStore`] and [`oauth::ClientDirectory`];
//! this crate knows no database, no service, and opens no socket.
#![forbid(unsafe_code)]

pub mod body;
mod bounded;
pub mod clock;
pub mod error;
pub mod etag;
pub mod oauth;
pub mod peer;
pub mod principal;
pub mod request_id;
pub mod role;
pub mod route;
pub mod secret;
pub mod tenant;
pub mod token;

pub use clock::Clock;
pub use error::{ApiError, Code, Style};
pub use peer::Peer;
pub use principal::{Principal, PrincipalKind};
pub use role::{Role, RoleSet};
pub use secret::{SecretBytes, SecretString};
pub use tenant::Tenants;
