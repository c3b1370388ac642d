//! The `AADSTS` numbers that clients of the token endpoint know, each with its RFC 6749 error.

use super::Code;

/// An entry of Entra's list of sign-in errors.
#[derive(Debug)]
pub struct Aadsts {
    /// The number after `AADSTS`.
    pub number: u32,
    /// The `error` member: what programs branch on.
    pub error: &'static str,
    /// What kind of failure it is to us.
    pub code: Code,
}

macro_rules! aadsts {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $error:literal, $code:ident;)*) => {
        impl Aadsts {
            $($(#[$doc])* pub const $name: &'static Aadsts =
                &Aadsts { number: $number, error: $error, code: Code::$code };)*

            /// The whole list.
            pub const ALL: &'static [&'static Aadsts] = &[$(Aadsts::$name),*];
        }
    };
}

aadsts! {
    /// The tenant in the path is not one of this installation.
    TENANT_NOT_FOUND = 90002, "invalid_request", InvalidArgument;
    /// A tenant alias such as `common` where a single tenant is needed.
    TENANT_NOT_NAMED = 50059, "invalid_request", InvalidArgument;
    /// A required parameter is missing.
    PARAMETER_MISSING = 900144, "invalid_request", InvalidArgument;
    /// The request is not a well-formed form, or a parameter stands in it twice.
    REQUEST_MALFORMED = 9000411, "invalid_request", InvalidArgument;
    /// The grant type is not one this endpoint has.
    UNSUPPORTED_GRANT_TYPE = 70003, "unsupported_grant_type", InvalidArgument;
    /// The scope is not acceptable.
    INVALID_SCOPE = 70011, "invalid_scope", InvalidArgument;
    /// The scope of a client-credentials request does not end in `/.default`.
    SCOPE_NOT_DEFAULT = 1002012, "invalid_scope", InvalidArgument;
    /// The resource is not known in the tenant.
    RESOURCE_NOT_FOUND = 500011, "invalid_resource", InvalidArgument;
    /// The client is not known in the tenant.
    CLIENT_NOT_FOUND = 700016, "unauthorized_client", InvalidArgument;
    /// The client has been disabled.
    CLIENT_DISABLED = 7000112, "unauthorized_client", InvalidArgument;
    /// Neither a secret nor an assertion was sent.
    CREDENTIAL_MISSING = 7000218, "invalid_client", Unauthenticated;
    /// The client secret is wrong.
    WRONG_SECRET = 7000215, "invalid_client", Unauthenticated;
    /// The client secret was right and has expired.
    EXPIRED_SECRET = 7000222, "invalid_client", Unauthenticated;
    /// The client assertion is not accepted.
    BAD_ASSERTION = 700027, "invalid_client", Unauthenticated;
    /// Too many failed attempts from this address.
    LOCKED = 50053, "temporarily_unavailable", TooManyRequests;
    /// The authorisation host asked about is not this one.
    UNKNOWN_INSTANCE = 50049, "invalid_instance", InvalidArgument;
}
