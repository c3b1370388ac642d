//! What a listener knows about the other side of a connection.
//!
//! The listener puts a [`Peer`] into every request's extensions. Over TLS it is an address, which proves
//! nothing; over the Unix socket it carries the credentials the kernel vouches for, which make a
//! principal without any token when the rule of [`LocalRule`] allows it.

use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

use crate::principal::{Principal, PrincipalKind};
use crate::role::{Role, RoleSet};

/// The other side of a connection, as a request extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A connection over the network.
    Network(SocketAddr),
    /// A connection over the local Unix socket, with the kernel's word for who it is (`SO_PEERCRED`).
    Local {
        /// User id of the connecting process.
        uid: u32,
        /// Process id of the connecting process, for the audit trail; it proves nothing.
        pid: u32,
    },
}

impl Peer {
    /// The network address, if there is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Network(address) => Some(address.ip()),
            Self::Local { .. } => None,
        }
    }
}

/// Which local processes are trusted, and in whose name they act.
#[derive(Clone, Copy, Debug)]
pub struct LocalRule {
    /// The owner of the data folder: whoever could read its files anyway.
    pub owner_uid: u32,
    /// The tenant that local commands act in.
    pub tenant: Uuid,
}

impl LocalRule {
    /// The administrator that `peer` is, if it is a local process of root or of the owner of the data
    /// folder; every other peer is nobody.
    pub fn principal(&self, peer: &Peer) -> Option<Principal> {
        let Peer::Local { uid, pid } = *peer else {
            return None;
        };
        if uid != 0 && uid != self.owner_uid {
            return None;
        }
        Some(Principal {
            tenant: self.tenant,
            subject: format!("uid:{uid}"),
            display_name: format!("local process {pid}"),
            roles: RoleSet::from_iter([Role::Administrator]),
            kind: PrincipalKind::Local,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_the_owner_are_local_administrators() {
        let rule = LocalRule { owner_uid: 1000, tenant: Uuid::from_u128(7) };
        for uid in [0, 1000] {
            let principal = rule.principal(&Peer::Local { uid, pid: 42 }).expect("trusted uid");
            assert_eq!(principal.kind, PrincipalKind::Local);
            assert_eq!(principal.tenant, rule.tenant);
            assert_eq!(principal.subject, format!("uid:{uid}"));
            assert!(principal.roles.allows(Role::Administrator));
        }
        assert_eq!(rule.principal(&Peer::Local { uid: 1001, pid: 42 }), None);
        // The address of the machine itself is no proof: any user can connect over loopback.
        assert_eq!(rule.principal(&Peer::Network(([127, 0, 0, 1], 5000).into())), None);
    }
}
