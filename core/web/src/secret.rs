//! Secrets that cannot be printed: no `Display`, a `Debug` that hides the content, no `Serialize`,
//! and memory that is wiped when the value goes away.

use std::fmt;

use zeroize::Zeroizing;

/// Secret text, such as a client secret or an access token.
#[derive(Clone)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    /// Takes ownership of `secret`.
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself. Every call is a place where it could leak: keep the borrow short.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(***)")
    }
}

/// Secret bytes, such as a private key in PKCS#8.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of `secret`.
    pub fn new(secret: Vec<u8>) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself. Every call is a place where it could leak: keep the borrow short.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_content() {
        let text = format!("{:?}", SecretString::new("hunter2".into()));
        assert!(!text.contains("hunter2"), "{text}");
        let bytes = format!("{:?}", SecretBytes::new(b"hunter2".to_vec()));
        assert_eq!(bytes, "SecretBytes(7 bytes)");
    }
}
