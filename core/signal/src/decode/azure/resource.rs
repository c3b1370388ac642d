//! What a resource's id says: `/subscriptions/…/resourceGroups/…/providers/Microsoft.KeyVault/vaults/keys`.

/// The parts of a resource's id; those that it does not have are empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resource<'a> {
    pub subscription: &'a str,
    pub group: &'a str,
    /// `Microsoft.KeyVault`
    pub provider: &'a str,
    /// Every second part behind the provider: `vaults`, `servers/databases`.
    pub kind: String,
    /// The last part.
    pub name: &'a str,
}

impl<'a> Resource<'a> {
    pub fn of(id: &'a str) -> Self {
        let mut resource = Self::default();
        let mut parts = id.split('/').filter(|part| !part.is_empty());
        while let Some(part) = parts.next() {
            let Some(value) = parts.next() else { break };
            if part.eq_ignore_ascii_case("subscriptions") {
                resource.subscription = value;
            } else if part.eq_ignore_ascii_case("resourceGroups") {
                resource.group = value;
            } else if part.eq_ignore_ascii_case("providers") {
                // An extension's provider comes behind the resource that it extends.
                resource.provider = value;
                resource.kind.clear();
                resource.name = "";
            } else if !resource.provider.is_empty() {
                if !resource.kind.is_empty() {
                    resource.kind.push('/');
                }
                resource.kind.push_str(part);
                resource.name = value;
            }
        }
        resource
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_ids() {
        let of = |id| {
            let Resource { subscription, group, provider, kind, name } = Resource::of(id);
            format!("{subscription}|{group}|{provider}|{kind}|{name}")
        };
        for (id, parts) in [
            (
                "/SUBSCRIPTIONS/s1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.SQL/SERVERS/a/DATABASES/b",
                "s1|G|MICROSOFT.SQL|SERVERS/DATABASES|b",
            ),
            ("/tenants/t/providers/Microsoft.aadiam", "||Microsoft.aadiam||"),
            ("/subscriptions/s1", "s1||||"),
            ("subscriptions/s1/resourceGroups/g/", "s1|g|||"),
            ("/subscriptions/s/providers/A.B/c/d/providers/E.F/g/h", "s||E.F|g|h"),
            ("", "||||"),
            ("nonsense", "||||"),
        ] {
            assert_eq!(of(id), parts, "{id}");
        }
    }
}
