//! The resources tokens can be asked for, and how a scope names one.

use http::Uri;

use crate::error::{Aadsts, ApiError};
use crate::token::Audiences;

/// Longest resource name, in bytes.
const RESOURCE_BYTES_MAX: usize = 512;

/// The resources of an installation.
#[derive(Clone, Debug)]
pub struct Resources {
    known: Audiences,
    any_https: bool,
}

impl Resources {
    /// The resources in `known`, and with `any_https` also every `https://` address: applications that trust this
    /// authority without being registered here. What a resource accepts is its own decision; the platform's own
    /// APIs accept the audiences of their gate alone.
    pub fn new(known: Audiences, any_https: bool) -> Self {
        Self { known, any_https }
    }

    /// The audience that `scope` asks for: the resource in front of `/.default`, as it stands there.
    ///
    /// # Errors
    /// An AADSTS error: more than one scope, one without `/.default`, or an unknown resource.
    pub(super) fn audience(&self, scope: &str) -> Result<String, ApiError> {
        let mut scopes = scope.split_ascii_whitespace();
        let (Some(scope), None) = (scopes.next(), scopes.next()) else {
            return Err(ApiError::aadsts(Aadsts::INVALID_SCOPE, "`scope` must name exactly one resource"));
        };
        let Some(resource) = scope.strip_suffix("/.default") else {
            let message =
                "the scope of a client credentials request must be the resource with `/.default` appended";
            return Err(ApiError::aadsts(Aadsts::SCOPE_NOT_DEFAULT, message));
        };
        self.named(resource)
    }

    /// The audience of the resource with this name, as it stands there.
    ///
    /// # Errors
    /// `AADSTS500011` if it is unknown.
    pub(super) fn named(&self, resource: &str) -> Result<String, ApiError> {
        let is_plain =
            resource.len() <= RESOURCE_BYTES_MAX && resource.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && (self.known.contains(resource) || (self.any_https && is_https(resource))) {
            return Ok(resource.to_owned());
        }
        let shown: String = resource.chars().filter(|c| !c.is_control()).take(128).collect();
        let message = format!("the resource `{shown}` was not found in the tenant");
        Err(ApiError::aadsts(Aadsts::RESOURCE_NOT_FOUND, message))
    }
}

fn is_https(resource: &str) -> bool {
    let Ok(uri) = resource.parse::<Uri>() else {
        return false;
    };
    let plain_host = uri.authority().is_some_and(|a| !a.host().is_empty() && !a.as_str().contains('@'));
    uri.scheme_str() == Some("https") && plain_host && uri.query().is_none() && !resource.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(any_https: bool, scope: &str, expected: Result<&str, u32>) {
        let resources =
            Resources::new(Audiences::new(["https://monitor.azure.com", "api://phalanx"]), any_https);
        let found = resources.audience(scope);
        let found = found.as_deref().map_err(|error| error.aadsts_kind().expect("an AADSTS error").number);
        assert_eq!(found, expected, "{scope}");
    }

    #[test]
    fn scopes_name_resources() {
        check(false, "https://monitor.azure.com/.default", Ok("https://monitor.azure.com"));
        check(false, "https://monitor.azure.com//.default", Ok("https://monitor.azure.com/"));
        check(false, "api://phalanx/.default", Ok("api://phalanx"));
        check(false, "https://other.example/.default", Err(500011));
        check(true, "https://other.example:8443/.default", Ok("https://other.example:8443"));
    }

    #[test]
    fn everything_else_is_refused() {
        check(true, "", Err(70011));
        check(true, "https://monitor.azure.com/.default openid", Err(70011));
        check(true, "https://monitor.azure.com/Data.Write", Err(1002012));
        for bad in [
            "",
            "http://a.example",
            "api://other",
            "https://u:p@a.example",
            "https://a.example?q",
            "https://",
            "a",
        ] {
            check(true, &format!("{bad}/.default"), Err(500011));
        }
        check(true, &format!("https://{}.example/.default", "a".repeat(600)), Err(500011));
    }
}
