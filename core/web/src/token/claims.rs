//! The claims of an access token.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The claims Phalanx writes and reads, named as in Entra's v2.0 access tokens. Times are seconds since
/// 1970. Claims that are not listed are ignored; one that stands twice makes the token malformed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The resource the token is for.
    pub aud: String,
    /// The authority and tenant that issued it.
    pub iss: String,
    /// When it was issued.
    pub iat: i64,
    /// From when it is valid.
    pub nbf: i64,
    /// Until when it is valid.
    pub exp: i64,
    /// The subject: the object id of the caller.
    pub sub: String,
    /// The object id of the caller.
    pub oid: String,
    /// The tenant of the caller.
    pub tid: Uuid,
    /// The client that asked for the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The same client, under the name v1.0 tokens have for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// How the client authenticated: `0` not at all, `1` by secret, `2` by certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azpacr: Option<String>,
    /// The display name of the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_displayname: Option<String>,
    /// `app` when no user is involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idtyp: Option<String>,
    /// The roles of the caller.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The version of the token's format.
    pub ver: String,
    /// A unique identifier of the token, for the audit trail.
    pub uti: String,
}
