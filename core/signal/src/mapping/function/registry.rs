//! Registry paths and values.

use bumpalo::Bump;

use super::glue;
use crate::mapping::value::Datum;

/// Short names and kernel names of the hives, and the names that advanced hunting uses. It shows the
/// hive of a user as `HKEY_CURRENT_USER` with the user's SID.
const HIVES: [(&str, &str); 13] = [
    (r"\REGISTRY\MACHINE", "HKEY_LOCAL_MACHINE"),
    (r"\REGISTRY\USER\S-1", r"HKEY_CURRENT_USER\S-1"),
    (r"\REGISTRY\USER", "HKEY_USERS"),
    (r"HKU\S-1", r"HKEY_CURRENT_USER\S-1"),
    (r"HKEY_USERS\S-1", r"HKEY_CURRENT_USER\S-1"),
    ("HKLM", "HKEY_LOCAL_MACHINE"),
    ("HKCU", "HKEY_CURRENT_USER"),
    ("HKU", "HKEY_USERS"),
    ("HKCR", "HKEY_CLASSES_ROOT"),
    ("HKCC", "HKEY_CURRENT_CONFIG"),
    ("HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE"),
    ("HKEY_USERS", "HKEY_USERS"),
    ("HKEY_CURRENT_USER", "HKEY_CURRENT_USER"),
];

pub(super) fn path<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    Datum::Text(full(arguments[0].text(arena), arena))
}

pub(super) fn key<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let path = full(arguments[0].text(arena), arena);
    path.rfind('\\').map(|at| &path[..at]).into()
}

/// The type of a value that Sysmon writes as `DWORD (0x…)`, `QWORD (0x…-0x…)`, `Binary Data` or text.
pub(super) fn value_type<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    Datum::Text(match arguments[0].text(arena) {
        "" => return Datum::Null,
        "Binary Data" => "Binary",
        details if number_of(details, "DWORD (").is_some() => "Dword",
        details if number_of(details, "QWORD (").is_some() => "Qword",
        _ => "String",
    })
}

/// The data of such a value: numbers in decimal, nothing for binary data, which Sysmon leaves out.
pub(super) fn value_data<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let details = arguments[0].text(arena);
    match number_of(details, "DWORD (").or_else(|| number_of(details, "QWORD (")) {
        Some(number) => Datum::Text(arena.alloc_str(&number.to_string())),
        None if matches!(details, "Binary Data" | "(Empty)") => Datum::Null,
        None => Datum::Text(details),
    }
}

fn number_of(details: &str, kind: &str) -> Option<u64> {
    let digits = details.strip_prefix(kind)?.strip_suffix(')')?;
    digits.split('-').try_fold(0_u64, |number, half| {
        let half = half.strip_prefix("0x").and_then(|half| u32::from_str_radix(half, 16).ok())?;
        number.checked_mul(1 << 32)?.checked_add(half.into())
    })
}

fn full<'v>(path: &'v str, arena: &'v Bump) -> &'v str {
    for (short, long) in HIVES {
        let Some(head) = path.as_bytes().get(..short.len()) else { continue };
        let at_end = matches!(path.as_bytes().get(short.len()), None | Some(b'\\' | b'-'));
        if at_end && head.eq_ignore_ascii_case(short.as_bytes()) {
            return glue(arena, &[long, &path[short.len()..]]);
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
        check("registry_path", &[r"\REGISTRY\USER\S-1-5-18\x"], r"HKEY_CURRENT_USER\S-1-5-18\x");
        check("registry_path", &[r"HKU\.DEFAULT\x"], r"HKEY_USERS\.DEFAULT\x");
        check("registry_path", &["hklm"], "HKEY_LOCAL_MACHINE");
        check("registry_path", &["HKLMX"], "HKLMX");
        check("registry_key", &[r"HKU\S-1-5-18\Run\Evil"], r"HKEY_CURRENT_USER\S-1-5-18\Run");
        for (details, kind, data) in [
            ("DWORD (0x00000010)", "Dword", "16"),
            ("QWORD (0x00000001-0x00000002)", "Qword", "4294967298"),
            ("Binary Data", "Binary", ""),
            ("DWORD (x)", "String", "DWORD (x)"),
            ("text", "String", "text"),
            ("", "", ""),
        ] {
            check("registry_type", &[details], kind);
            check("registry_data", &[details], data);
        }
        check("registry_key", &["x"], "");
    }
}
