//! Registry paths.

use std::borrow::Cow;

use super::{Value, slice, take_text};

/// Short names and kernel names of the hives, and the names that advanced hunting uses.
const HIVES: [(&str, &str); 11] = [
    (r"\REGISTRY\MACHINE", "HKEY_LOCAL_MACHINE"),
    (r"\REGISTRY\USER", "HKEY_USERS"),
    (r"\REGISTRY\A", r"\REGISTRY\A"),
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKU", "HKEY_USERS"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
    ("HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"),
    ("HKEY_USERS", "HKEY_USERS"),
    ("HKEY_CURRENT_USER", "HKEY_CURRENT_USER"),
];

pub(super) fn path<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    full(take_text(arguments, 0)).into()
}

pub(super) fn key<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(full(take_text(arguments, 0)), |path| path.rfind('\\').map(|at| &path[..at]))
}

fn full(path: Cow<'_, str>) -> Cow<'_, str> {
    for (short, long) in HIVES {
        let Some(head) = path.as_bytes().get(..short.len()) else { continue };
        let at_end = matches!(path.as_bytes().get(short.len()), None | Some(b'\\'));
        if at_end && head.eq_ignore_ascii_case(short.as_bytes()) {
            return if short == long { path } else { format!("{long}{}", &path[short.len()..]).into() };
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn registry() {
        check("registry_path", &[r"HKLM\System\X"], r"HKEY_LOCAL_MACHINE\System\X");
        check("registry_path", &[r"\REGISTRY\MACHINE\SAM"], r"HKEY_LOCAL_MACHINE\SAM");
        check("registry_path", &[r"\REGISTRY\USER\S-1-5-18\x"], r"HKEY_USERS\S-1-5-18\x");
        check("registry_path", &["HKLMX"], "HKLMX");
        check("registry_key", &[r"HKU\S-1-5-18\Run\Evil"], r"HKEY_USERS\S-1-5-18\Run");
        check("registry_key", &["x"], "");
    }
}
