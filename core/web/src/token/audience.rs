//! The audiences an API answers to.

/// A list of accepted `aud` values. Compared without regard to letter case or trailing slashes, because
/// clients differ in both (`https://monitor.azure.com//.default` yields `https://monitor.azure.com/`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audiences(Vec<String>);

impl Audiences {
    /// The audiences in `names`.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(names.into_iter().map(|name| canonical(name.as_ref()).to_ascii_lowercase()).collect())
    }

    /// Whether a token for `audience` is meant for this API.
    pub fn contains(&self, audience: &str) -> bool {
        let audience = canonical(audience);
        !audience.is_empty() && self.0.iter().any(|name| name.eq_ignore_ascii_case(audience))
    }

    /// Whether no audience is accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn canonical(name: &str) -> &str {
    name.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_case_do_not_matter_and_anything_else_does() {
        let audiences = Audiences::new(["https://monitor.azure.com", "api://Phalanx"]);
        for accepted in [
            "https://monitor.azure.com",
            "https://monitor.azure.com/",
            "https://Monitor.Azure.com",
            "api://phalanx",
        ] {
            assert!(audiences.contains(accepted), "{accepted}");
        }
        for refused in [
            "",
            "/",
            "https://monitor.azure.com.evil.example",
            "https://monitor.azure.co",
            "http://monitor.azure.com",
        ] {
            assert!(!audiences.contains(refused), "{refused}");
        }
        assert!(!Audiences::default().contains("api://phalanx"));
    }
}
