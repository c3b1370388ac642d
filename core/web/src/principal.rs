//! Who makes a request, once that has been proven.

use uuid::Uuid;

use crate::error::ApiError;
use crate::role::{Role, RoleSet};

/// What kind of caller a [`Principal`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// A program that signed in with its own credentials.
    Application,
    /// A person, or a program acting for one.
    User,
    /// A process on this machine, known by the credentials of its Unix socket.
    Local,
}

impl PrincipalKind {
    /// The name used in logs and audit records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::User => "user",
            Self::Local => "local",
        }
    }
}

/// A caller whose identity has been established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The tenant the caller belongs to and acts in.
    pub tenant: Uuid,
    /// The caller's stable identifier: an object id, or `uid:<number>` for a local process.
    pub subject: String,
    /// A name for people; says nothing about rights.
    pub display_name: String,
    /// The roles assigned to the caller.
    pub roles: RoleSet,
    /// What kind of caller it is.
    pub kind: PrincipalKind,
}

impl Principal {
    /// Demands that the caller may do what `wanted` allows.
    ///
    /// # Errors
    /// `Forbidden`, naming the missing role.
    pub fn require(&self, wanted: Role) -> Result<(), ApiError> {
        if self.roles.allows(wanted) {
            return Ok(());
        }
        Err(ApiError::forbidden(format!(
            "this operation needs the role `{wanted}`, which the caller does not have"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn a_principal_without_the_role_is_refused() {
        let principal = Principal {
            tenant: Uuid::nil(),
            subject: "s".into(),
            display_name: "n".into(),
            roles: RoleSet::from_iter([Role::Analyst]),
            kind: PrincipalKind::Application,
        };
        assert!(principal.require(Role::Reader).is_ok());
        let refused = principal.require(Role::Responder).expect_err("analysts start no actions");
        assert_eq!(refused.code(), Code::Forbidden);
        assert!(refused.message().contains("`Responder`"));
    }
}
