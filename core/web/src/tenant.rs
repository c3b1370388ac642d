//! The tenants this installation serves, and the names they are known by in paths.

use std::collections::{HashMap, HashSet};

use parking_lot::RwLock;
use uuid::Uuid;

/// The known tenants. Held in memory because every token verification asks it.
#[derive(Debug, Default)]
pub struct Tenants {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    ids: HashSet<Uuid>,
    names: HashMap<String, Uuid>,
}

impl Tenants {
    /// No tenants.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tenant with the domain names it may be called by; a name already taken moves to `id`.
    pub fn insert(&self, id: Uuid, names: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut known = self.known.write();
        known.ids.insert(id);
        for name in names {
            known.names.insert(name.as_ref().to_ascii_lowercase(), id);
        }
    }

    /// Whether `id` is a tenant of this installation.
    pub fn contains(&self, id: Uuid) -> bool {
        self.known.read().ids.contains(&id)
    }

    /// The tenant meant by a path segment: its GUID or one of its names, in any letter case.
    pub fn find(&self, segment: &str) -> Option<Uuid> {
        let known = self.known.read();
        match Uuid::try_parse(segment) {
            Ok(id) => known.ids.get(&id).copied(),
            Err(_) => known.names.get(&segment.to_ascii_lowercase()).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_are_found_by_id_and_name() {
        let id = Uuid::from_u128(0x1234);
        let tenants = Tenants::new();
        tenants.insert(id, ["contoso.example"]);
        assert_eq!(tenants.find(&id.to_string()), Some(id));
        assert_eq!(tenants.find("Contoso.Example"), Some(id));
        assert_eq!(tenants.find("fabrikam.example"), None);
        assert_eq!(tenants.find(&Uuid::from_u128(9).to_string()), None);
        assert!(tenants.contains(id) && !tenants.contains(Uuid::nil()));
    }
}
