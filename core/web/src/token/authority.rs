//! The address of the token authority, from which issuers and endpoints are derived.

use std::fmt;

use uuid::Uuid;

/// The base address of the authority, such as `https://localhost:8443`, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority(String);

/// An address that cannot be an authority.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not an authority: it must be `https://`, a host and optionally a port, without path or query"
)]
pub struct InvalidAuthority(String);

impl Authority {
    /// Checks and normalises `base`.
    ///
    /// # Errors
    /// [`InvalidAuthority`] unless it is `https://` and a host with an optional port.
    pub fn new(base: &str) -> Result<Self, InvalidAuthority> {
        let invalid = || InvalidAuthority(base.chars().take(256).collect());
        let host = base.strip_prefix("https://").ok_or_else(invalid)?;
        Self::from_host(host.strip_suffix('/').unwrap_or(host)).ok_or_else(invalid)
    }

    /// The authority at `host`, which may carry a port, as it stands in a `Host` header.
    pub(crate) fn from_host(host: &str) -> Option<Self> {
        let parsed: http::uri::Authority = host.parse().ok()?;
        let plain = !parsed.host().is_empty() && !host.contains('@') && host.len() <= 261;
        plain.then(|| Self(format!("https://{}", host.to_ascii_lowercase())))
    }

    /// Host and port, as in a URL.
    pub fn host(&self) -> &str {
        &self.0["https://".len()..]
    }

    /// The `iss` claim of tokens for `tenant`.
    pub fn issuer(&self, tenant: Uuid) -> String {
        format!("{}/{tenant}/v2.0", self.0)
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_authorities() {
        for (given, expected) in [
            ("https://localhost:8443", "https://localhost:8443"),
            ("https://Login.Example/", "https://login.example"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(Authority::new(given).expect(given).to_string(), expected);
        }
        for bad in [
            "http://localhost",
            "https://",
            "https://a/b",
            "https://u@h",
            "https://a?b",
            "localhost",
            "https://a b",
        ] {
            assert!(Authority::new(bad).is_err(), "{bad}");
        }
    }
}
