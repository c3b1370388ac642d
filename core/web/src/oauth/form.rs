//! The form of a token request (RFC 6749 section 3.2 and appendix B) and the credentials in it.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use crate::error::{Aadsts, ApiError};
use crate::secret::SecretString;

/// The parameters this endpoint reads; others are ignored, as the standard demands.
#[derive(Debug, Default)]
pub(super) struct TokenForm {
    pub grant_type: Option<String>,
    pub scope: Option<String>,
    pub resource: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub has_assertion: bool,
}

/// Longest client id, in bytes; longer ones are nobody's.
const CLIENT_ID_BYTES_MAX: usize = 128;

impl TokenForm {
    /// Reads a form body.
    ///
    /// # Errors
    /// `AADSTS9000411` if it is no form, or a parameter stands in it twice.
    pub fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let is_form = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        if !is_form && !body.is_empty() {
            return Err(malformed("the request body must be `application/x-www-form-urlencoded`"));
        }
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let is_new = match &*name {
                "grant_type" => form.grant_type.replace(value.into_owned()).is_none(),
                "scope" => form.scope.replace(value.into_owned()).is_none(),
                "resource" => form.resource.replace(value.into_owned()).is_none(),
                "client_id" => form.client_id.replace(value.into_owned()).is_none(),
                "client_secret" => {
                    form.client_secret.replace(SecretString::new(value.into_owned())).is_none()
                }
                "client_assertion" => !std::mem::replace(&mut form.has_assertion, true),
                _ => true,
            };
            if !is_new {
                return Err(malformed(format!("the parameter `{name}` is duplicated")));
            }
        }
        Ok(form)
    }

    /// The client id and secret, from the body or from HTTP Basic (RFC 6749 section 2.3.1).
    ///
    /// # Errors
    /// An AADSTS error that names what is missing, malformed, or given twice.
    pub fn credentials(self, headers: &HeaderMap) -> Result<(String, SecretString), ApiError> {
        let basic = basic(headers)?;
        if self.has_assertion {
            return Err(ApiError::aadsts(
                Aadsts::BAD_ASSERTION,
                "client assertions are not accepted; use a client secret",
            ));
        }
        let (client_id, secret) = match (basic, self.client_id, self.client_secret) {
            (Some(_), _, Some(_)) => {
                return Err(malformed(
                    "the client must authenticate in one way: by HTTP Basic or in the body",
                ));
            }
            (Some((name, _)), Some(client_id), None) if name != client_id => {
                return Err(malformed("`client_id` differs from the name in the `Authorization` header"));
            }
            (Some((name, secret)), _, None) => (name, secret),
            (None, None, _) => return Err(missing("client_id")),
            (None, Some(client_id), Some(secret)) => (client_id, secret),
            (None, Some(_), None) => {
                let message = "the request body must contain the parameter `client_secret`";
                return Err(ApiError::aadsts(Aadsts::CREDENTIAL_MISSING, message));
            }
        };
        if client_id.is_empty() || client_id.len() > CLIENT_ID_BYTES_MAX {
            return Err(malformed(format!("`client_id` must have 1 to {CLIENT_ID_BYTES_MAX} bytes")));
        }
        Ok((client_id, secret))
    }
}

/// The error for a required parameter that is not there.
pub(super) fn missing(name: &str) -> ApiError {
    let message = format!("the request body must contain the parameter `{name}`");
    ApiError::aadsts(Aadsts::PARAMETER_MISSING, message).with_target(name)
}

fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::aadsts(Aadsts::REQUEST_MALFORMED, message)
}

fn basic(headers: &HeaderMap) -> Result<Option<(String, SecretString)>, ApiError> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let problem = || malformed("the `Authorization` header must have the form `Basic <base64 of id:secret>`");
    let (scheme, encoded) = header.as_bytes().split_at_checked(6).ok_or_else(problem)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return Err(problem());
    }
    let decoded = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded.trim_ascii())
        .map(Zeroizing::new)
        .map_err(|_| problem())?;
    let colon = decoded.iter().position(|byte| *byte == b':').ok_or_else(problem)?;
    let name = form_decode(&decoded[..colon]).ok_or_else(problem)?;
    let secret = form_decode(&decoded[colon + 1..]).ok_or_else(problem)?;
    Ok(Some((name, SecretString::new(secret))))
}

/// One form-encoded value: `+` is a space, `%41` is `A`.
fn form_decode(value: &[u8]) -> Option<String> {
    let spaced: Zeroizing<Vec<u8>> =
        Zeroizing::new(value.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    percent_decode(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}
