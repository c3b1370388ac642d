//! Devices.

use bumpalo::Bump;

use crate::mapping::value::Datum;

/// The SHA-1 of a device's name in lower case: the same device has the same id in every table and on
/// every machine that decodes, without a directory to ask. Nothing for no name.
pub fn device_id(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    sha1_smol::Sha1::from(name.to_lowercase()).digest().to_string()
}

pub(super) fn id<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    Datum::Text(arena.alloc_str(&device_id(arguments[0].text(arena))))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn ids() {
        check("device_id", &["abc"], "a9993e364706816aba3e25717850c26c9cd0d89d");
        check("device_id", &["ABC"], "a9993e364706816aba3e25717850c26c9cd0d89d");
        check("device_id", &[""], "");
    }
}
