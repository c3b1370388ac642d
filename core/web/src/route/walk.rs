//! The walk over every declared route that proves it refuses those without the right.
//!
//! Works against a router in the process and against a server over the network alike: the caller sends.

use std::fmt;
use std::future::Future;

use http::{Method, StatusCode};

use super::path::Template;
use super::{Access, Api};
use crate::role::Role;
use crate::secret::SecretString;

/// Tokens to try doors with, all well-formed.
#[derive(Debug)]
pub struct Tokens {
    /// Tokens that must not be accepted anywhere, by a word for what is wrong with them (`wrong tenant`,
    /// `wrong audience`, `expired`…).
    pub unacceptable: Vec<(&'static str, SecretString)>,
    /// A valid token for each role, with that role alone.
    pub by_role: Vec<(Role, SecretString)>,
    /// A valid token without any role.
    pub without_role: SecretString,
}

/// A request that must be refused.
#[derive(Debug)]
pub struct Attempt<'t> {
    /// The operation tried.
    pub operation_id: String,
    /// Its method.
    pub method: Method,
    /// A path that matches it.
    pub path: String,
    /// The token to send, if any.
    pub token: Option<&'t SecretString>,
    /// What the caller lacks, in a few words.
    pub lacks: String,
    /// The status that refuses it.
    pub expected: StatusCode,
}

/// A route that did not refuse as it must.
#[derive(Debug, PartialEq, Eq)]
pub struct Hole {
    /// The operation.
    pub operation_id: String,
    /// What the caller lacked.
    pub lacks: String,
    /// The answer it got.
    pub status: StatusCode,
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` answered {} to a caller with {}", self.operation_id, self.status.as_u16(), self.lacks)
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Routes tried; public ones are not.
    pub routes: usize,
    /// Requests sent.
    pub attempts: usize,
    /// Those that were not refused.
    pub holes: Vec<Hole>,
}

/// Tries every route that is not public: without a token, with garbage, with each unacceptable token, without a
/// role, and with every role that does not include the required one. `send` makes the request and gives the
/// answer's status.
pub async fn walk<F>(apis: &[Api], tokens: &Tokens, mut send: impl FnMut(Attempt<'_>) -> F) -> Walked
where
    F: Future<Output = StatusCode>,
{
    let garbage = SecretString::new("bm90.YQ.dG9rZW4".to_owned());
    let mut walked = Walked::default();
    for route in apis.iter().flat_map(Api::routes) {
        let (Access::Role(role), Some(template)) = (route.access, Template::parse(&route.path)) else {
            continue;
        };
        walked.routes += 1;
        for (lacks, token, expected) in lacking(role, tokens, &garbage) {
            let attempt = Attempt {
                operation_id: route.operation_id.clone(),
                method: route.method.clone(),
                path: template.fill(|_| "x".to_owned()),
                token,
                lacks: lacks.clone(),
                expected,
            };
            walked.attempts += 1;
            let status = send(attempt).await;
            if status != expected {
                walked.holes.push(Hole { operation_id: route.operation_id.clone(), lacks, status });
            }
        }
    }
    walked
}

type Lacking<'t> = Vec<(String, Option<&'t SecretString>, StatusCode)>;

/// All callers without the right to `required`.
fn lacking<'t>(required: Role, tokens: &'t Tokens, garbage: &'t SecretString) -> Lacking<'t> {
    let mut callers = vec![
        ("no token".to_owned(), None, StatusCode::UNAUTHORIZED),
        ("a garbage token".to_owned(), Some(garbage), StatusCode::UNAUTHORIZED),
        ("no role".to_owned(), Some(&tokens.without_role), StatusCode::FORBIDDEN),
    ];
    for (fault, token) in &tokens.unacceptable {
        callers.push((format!("a token with this fault: {fault}"), Some(token), StatusCode::UNAUTHORIZED));
    }
    for (role, token) in tokens.by_role.iter().filter(|(role, _)| !role.implies(required)) {
        callers.push((format!("only the role {role}"), Some(token), StatusCode::FORBIDDEN));
    }
    callers
}
