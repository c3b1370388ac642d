//! Names of system calls and record types, from the files `data/linux-*.txt`.

use std::{collections::HashMap, sync::LazyLock};

struct Facts {
    architectures: HashMap<&'static str, Architecture>,
    record_types: HashMap<u32, &'static str>,
}

struct Architecture {
    name: &'static str,
    calls: Vec<&'static str>,
}

static FACTS: LazyLock<Facts> = LazyLock::new(|| {
    let mut architectures: HashMap<&str, Architecture> = HashMap::new();
    let mut current = "";
    for line in lines(include_str!("../../../data/linux-syscalls.txt")) {
        if let Some((code, name)) = line.strip_prefix("arch ").and_then(|rest| rest.split_once(' ')) {
            architectures.insert(code, Architecture { name, calls: Vec::new() });
            current = code;
        } else if let Some(architecture) = architectures.get_mut(current) {
            for (number, name) in numbered(line) {
                let calls = &mut architecture.calls;
                calls.resize(calls.len().max(number as usize + 1), "");
                calls[number as usize] = name;
            }
        }
    }
    let record_types =
        lines(include_str!("../../../data/linux-record-types.txt")).flat_map(numbered).collect();
    Facts { architectures, record_types }
});

/// The name of a system call, given the architecture as the `arch` field has it and the call's number.
pub fn syscall(architecture: &str, number: &str) -> Option<&'static str> {
    let calls = &FACTS.architectures.get(architecture)?.calls;
    calls.get(number.parse::<usize>().ok()?).copied().filter(|name| !name.is_empty())
}

/// The call that the i386 call `socketcall` makes, given its first argument in hexadecimal.
pub fn socketcall(argument: &str) -> Option<&'static str> {
    let calls = &FACTS.architectures.get("socketcall")?.calls;
    calls.get(usize::from_str_radix(argument, 16).ok()?).copied().filter(|name| !name.is_empty())
}

/// The name of an architecture that the `arch` field names by number.
pub fn architecture(code: &str) -> Option<&'static str> {
    FACTS.architectures.get(code).map(|architecture| architecture.name)
}

/// The name of a type that is written as `1300` or `UNKNOWN[1300]`; any other as it is.
pub fn record_type(written: &str) -> &str {
    let number = written.strip_prefix("UNKNOWN[").and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    let known = number.parse().ok().and_then(|number: u32| FACTS.record_types.get(&number));
    known.copied().unwrap_or(written)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// `7 a b` as `(7, a)`, `(8, b)`.
fn numbered(line: &'static str) -> impl Iterator<Item = (u32, &'static str)> {
    let (first, names) = line.split_once(' ').unwrap_or((line, ""));
    let first: u32 = first.parse().expect("a line of the crate's own data begins with a number");
    (first..).zip(names.split(' ').filter(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_the_names_of_their_architecture() {
        for (architecture, number, name) in [
            ("c000003e", "0", "read"),
            ("c000003e", "59", "execve"),
            ("c000003e", "257", "openat"),
            ("c000003e", "313", "finit_module"),
            ("c000003e", "437", "openat2"),
            ("40000003", "11", "execve"),
            ("40000003", "102", "socketcall"),
            ("40000003", "358", "execveat"),
            ("c00000b7", "221", "execve"),
            ("c00000b7", "35", "unlinkat"),
            ("c00000b7", "276", "renameat2"),
        ] {
            assert_eq!(syscall(architecture, number), Some(name), "{architecture} {number}");
        }
        assert_eq!(syscall("c000003e", "9999"), None);
        assert_eq!(syscall("c000003e", "340"), None);
        assert_eq!(syscall("80000016", "11"), None);
        assert_eq!(socketcall("3"), Some("connect"));
        assert_eq!(socketcall("12"), Some("accept4"));
        assert_eq!(architecture("c000003e"), Some("x86_64"));
    }

    #[test]
    fn record_types_have_names() {
        for (written, name) in [
            ("1300", "SYSCALL"),
            ("1327", "PROCTITLE"),
            ("1400", "AVC"),
            ("UNKNOWN[1330]", "KERN_MODULE"),
            ("1112", "USER_LOGIN"),
            ("2313", "USER_MAC_STATUS"),
            ("EXECVE", "EXECVE"),
            ("9999", "9999"),
        ] {
            assert_eq!(record_type(written), name);
        }
    }
}
