//! Roles and what each one allows. Everything is denied that no role of the caller allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A right a caller can hold, as written in the `roles` claim of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Reads data, alerts and settings that are not secret.
    Reader,
    /// Reads, and works on incidents, rules and saved queries.
    Analyst,
    /// Works as an analyst, and may start enforcement actions.
    Responder,
    /// May do everything, including settings, clients and roles.
    Administrator,
    /// May send signals and nothing else.
    Sender,
    /// May read the platform's own metrics and nothing else.
    MetricsReader,
}

use Role::{Administrator, Analyst, MetricsReader, Reader, Responder, Sender};

/// Every role with all roles whose rights it includes (itself first).
const IMPLIES: [(Role, &[Role]); 6] = [
    (Reader, &[Reader]),
    (Analyst, &[Analyst, Reader]),
    (Responder, &[Responder, Analyst, Reader]),
    (Administrator, &[Administrator, Responder, Analyst, Reader, Sender, MetricsReader]),
    (Sender, &[Sender]),
    (MetricsReader, &[MetricsReader]),
];

impl Role {
    /// All roles, in the order of their declaration.
    pub const ALL: [Role; 6] = [Reader, Analyst, Responder, Administrator, Sender, MetricsReader];

    /// The name as it stands in tokens, configuration and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Reader => "Reader",
            Analyst => "Analyst",
            Responder => "Responder",
            Administrator => "Administrator",
            Sender => "Sender",
            MetricsReader => "MetricsReader",
        }
    }

    /// Whether holding `self` includes the rights of `wanted`.
    pub fn implies(self, wanted: Role) -> bool {
        IMPLIES.iter().any(|(holder, included)| *holder == self && included.contains(&wanted))
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a role; roles are Reader, Analyst, Responder, Administrator, Sender, MetricsReader")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| UnknownRole(name.chars().take(64).collect()))
    }
}

/// The roles assigned to a caller. Empty by default: no role, no rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleSet(u8);

impl RoleSet {
    /// Whether one of the assigned roles includes the rights of `wanted`.
    pub fn allows(self, wanted: Role) -> bool {
        self.iter().any(|role| role.implies(wanted))
    }

    /// The assigned roles, without what they imply.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.0 & role.bit() != 0)
    }

    /// Whether no role is assigned.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles named in a token. A name this version does not know gives no rights.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(|name| name.parse().ok()).collect()
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | role.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_reflexive_and_transitive() {
        assert_eq!(IMPLIES.map(|(role, _)| role), Role::ALL);
        for a in Role::ALL {
            assert!(a.implies(a));
            for b in Role::ALL {
                for c in Role::ALL {
                    assert!(!(a.implies(b) && b.implies(c)) || a.implies(c), "{a} → {b} → {c}");
                }
            }
        }
    }

    #[test]
    fn narrow_roles_allow_only_themselves() {
        for narrow in [Sender, MetricsReader] {
            let set = RoleSet::from_iter([narrow]);
            for wanted in Role::ALL {
                assert_eq!(set.allows(wanted), wanted == narrow, "{narrow} {wanted}");
            }
        }
        assert!(Role::ALL.into_iter().all(|wanted| !RoleSet::default().allows(wanted)));
        assert!(Role::ALL.into_iter().all(|wanted| RoleSet::from_iter([Administrator]).allows(wanted)));
    }

    #[test]
    fn names_are_read_and_unknown_ones_give_nothing() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().expect("own name"), role);
        }
        assert!("administrator".parse::<Role>().is_err());
        let set = RoleSet::from_names(["Reader", "Owner", ""]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [Reader]);
    }
}
