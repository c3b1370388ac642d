//! Compact JSON Web Signatures (RFC 7515), reduced to what the access tokens use.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::claims::Claims;
use super::key::{KeyError, SigningKey};
use super::verifier::TokenError;

/// Longest token that is looked at, in bytes. Ours have about a thousand.
pub(super) const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The one algorithm.
pub(super) const ALGORITHM: &str = "RS256";

/// A token taken apart, nothing about it being proven.
pub(super) struct Parts<'t> {
    pub kid: String,
    pub signed: &'t [u8],
    pub payload: &'t [u8],
    pub signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header<'h> {
    #[serde(borrow)]
    alg: Cow<'h, str>,
    #[serde(borrow)]
    kid: Option<Cow<'h, str>>,
    #[serde(borrow)]
    typ: Option<Cow<'h, str>>,
    crit: Option<IgnoredAny>,
}

/// Takes a compact token apart and checks its header.
pub(super) fn split(token: &[u8]) -> Result<Parts<'_>, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let mut dots = token.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at);
    let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
        return Err(TokenError::Malformed("it does not have three parts"));
    };
    let header = decode(&token[..first], "its header is not base64url")?;
    let header: Header<'_> = serde_json::from_slice(&header)
        .map_err(|_| TokenError::Malformed("its header is not the expected JSON"))?;
    if header.alg != ALGORITHM {
        return Err(TokenError::Algorithm);
    }
    if header.crit.is_some() {
        return Err(TokenError::Malformed("its header demands an extension"));
    }
    if let Some(typ) = header.typ
        && !typ.eq_ignore_ascii_case("JWT")
        && !typ.eq_ignore_ascii_case("at+jwt")
    {
        return Err(TokenError::Malformed("its type is not that of an access token"));
    }
    let kid = header.kid.ok_or(TokenError::UnknownKey)?.into_owned();
    let signature = decode(&token[second + 1..], "its signature is not base64url")?;
    Ok(Parts { kid, signed: &token[..second], payload: &token[first + 1..second], signature })
}

/// Reads the claims of a token whose signature has been checked.
pub(super) fn claims(payload: &[u8]) -> Result<Claims, TokenError> {
    let payload = decode(payload, "its claims are not base64url")?;
    serde_json::from_slice(&payload)
        .map_err(|_| TokenError::Malformed("its claims are not the expected JSON"))
}

/// Signs `claims` with `key`.
pub(super) fn sign(key: &SigningKey, claims: &Claims) -> Result<String, KeyError> {
    let header = json!({"typ": "JWT", "alg": ALGORITHM, "kid": key.kid()});
    let claims = serde_json::to_vec(claims).expect("claims are strings and numbers, which JSON can hold");
    let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn decode(part: &[u8], problem: &'static str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed(problem))
}
