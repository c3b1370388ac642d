//! The functions of the mapping language: one file per family, one line each in [`FUNCTIONS`].
//!
//! A function never fails: where its argument makes no sense it has no value, and the field then stays
//! among the fields without a column.

mod account;
mod device;
mod dns;
mod hashes;
mod ip;
mod json;
mod number;
mod path;
mod registry;
mod text;

use bumpalo::Bump;

use super::value::Datum;

/// A function of the mapping language.
#[derive(Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    /// How many arguments it takes.
    pub arguments: usize,
    /// What it gives, in a sentence.
    pub about: &'static str,
    pub(super) call: for<'v> fn(&[Datum<'v>], &'v Bump) -> Datum<'v>,
}

/// Every function.
pub static FUNCTIONS: &[Function] = &[
    Function { name: "lower", arguments: 1, about: "the text in lower case", call: text::lower },
    Function { name: "upper", arguments: 1, about: "the text in upper case", call: text::upper },
    Function {
        name: "present",
        arguments: 1,
        about: "the value, unless it is a mark for none: `-`, `N/A`, `(null)`, `S-1-0-0`",
        call: text::present,
    },
    Function {
        name: "concat",
        arguments: 2,
        about: "both texts together; nothing if one is missing",
        call: text::concat,
    },
    Function {
        name: "join",
        arguments: 3,
        about: "the texts that have a value, divided by the first argument",
        call: text::join,
    },
    Function {
        name: "before",
        arguments: 2,
        about: "the text before the first occurrence of the second argument",
        call: text::before,
    },
    Function {
        name: "after",
        arguments: 2,
        about: "the text behind the first occurrence of the second argument",
        call: text::after,
    },
    Function {
        name: "word_after",
        arguments: 2,
        about: "the text behind the second argument, up to white space",
        call: text::word_after,
    },
    Function {
        name: "line_after",
        arguments: 2,
        about: "the text behind the second argument, up to the line's end",
        call: text::line_after,
    },
    Function {
        name: "part",
        arguments: 3,
        about: "the n-th piece, from 0, of a text divided by the second argument",
        call: text::part,
    },
    Function {
        name: "starts_with",
        arguments: 2,
        about: "whether the text starts so, ignoring case",
        call: text::starts_with,
    },
    Function {
        name: "ends_with",
        arguments: 2,
        about: "whether the text ends so, ignoring case",
        call: text::ends_with,
    },
    Function {
        name: "contains",
        arguments: 2,
        about: "whether the text contains that, ignoring case",
        call: text::contains,
    },
    Function {
        name: "if",
        arguments: 3,
        about: "the second argument if the first has a value that is not false, else the third",
        call: text::choose,
    },
    Function { name: "basename", arguments: 1, about: "a path's last component", call: path::basename },
    Function {
        name: "dirname",
        arguments: 1,
        about: "a path without its last component",
        call: path::dirname,
    },
    Function { name: "child", arguments: 2, about: "the path of a name in a folder", call: path::child },
    Function {
        name: "path",
        arguments: 1,
        about: r"a Windows path without `\??\` and the like, with `\SystemRoot` as `C:\Windows`",
        call: path::path,
    },
    Function {
        name: "program",
        arguments: 1,
        about: "the program's path in a command line",
        call: path::program,
    },
    Function {
        name: "account_name",
        arguments: 1,
        about: r"the name in `DOMAIN\name`, `name@domain` or `name`",
        call: account::name,
    },
    Function {
        name: "account_domain",
        arguments: 1,
        about: r"the domain in `DOMAIN\name` or `name@domain`",
        call: account::domain,
    },
    Function {
        name: "account",
        arguments: 2,
        about: r"`DOMAIN\name` of a domain and a name",
        call: account::account,
    },
    Function {
        name: "account_type",
        arguments: 1,
        about: "`Machine` for a name that ends with `$`, else `User`",
        call: account::kind,
    },
    Function {
        name: "hash",
        arguments: 2,
        about: "the named hash of `SHA1=…,MD5=…`, in lower case",
        call: hashes::hash,
    },
    Function {
        name: "hex",
        arguments: 1,
        about: "the number written in decimal or as `0x…`",
        call: number::hex,
    },
    Function {
        name: "hexadecimal",
        arguments: 1,
        about: "the number written in hexadecimal without `0x`",
        call: number::hexadecimal,
    },
    Function {
        name: "in_hexadecimal",
        arguments: 1,
        about: "the whole number written in hexadecimal without `0x`",
        call: number::in_hexadecimal,
    },
    Function {
        name: "any_bit",
        arguments: 2,
        about: "whether the number written in hexadecimal without `0x` has one of the second argument's bits",
        call: number::any_bit,
    },
    Function {
        name: "milliseconds",
        arguments: 1,
        about: "the seconds, which may have a fraction, as whole milliseconds",
        call: number::milliseconds,
    },
    Function {
        name: "later",
        arguments: 2,
        about: "the time so many seconds later, which may have a fraction",
        call: number::later,
    },
    Function { name: "plus", arguments: 2, about: "the sum of two whole numbers", call: number::plus },
    Function {
        name: "filetime",
        arguments: 1,
        about: "the time of a count of 100 ns since 1601",
        call: number::filetime,
    },
    Function {
        name: "datetime",
        arguments: 1,
        about: "the time of a text or of a number since 1970",
        call: number::datetime,
    },
    Function {
        name: "ip",
        arguments: 1,
        about: "the address, shortest form, IPv4-mapped IPv6 as IPv4",
        call: ip::ip,
    },
    Function {
        name: "ip_type",
        arguments: 1,
        about: "`Public`, `Private`, `Loopback`, `LinkLocal`, `Multicast`, `Broadcast`, `Reserved` or `Teredo`",
        call: ip::kind,
    },
    Function {
        name: "device_id",
        arguments: 1,
        about: "40 hexadecimal digits, always the same for a device's name",
        call: device::id,
    },
    Function {
        name: "registry_path",
        arguments: 1,
        about: "a registry path that begins with a hive's full name",
        call: registry::path,
    },
    Function {
        name: "registry_key",
        arguments: 1,
        about: "the key in a path of key and value, with the hive's full name",
        call: registry::key,
    },
    Function {
        name: "registry_type",
        arguments: 1,
        about: "the type of a registry value as Sysmon writes it",
        call: registry::value_type,
    },
    Function {
        name: "registry_data",
        arguments: 1,
        about: "the data of a registry value as Sysmon writes it, numbers in decimal",
        call: registry::value_data,
    },
    Function {
        name: "json",
        arguments: 2,
        about: "the value at a path in JSON: names and places (from 0), divided by dots, names with dots in brackets",
        call: json::at_path,
    },
    Function {
        name: "dns_results",
        arguments: 1,
        about: "the answers of a DNS query as Windows lists them, as JSON",
        call: dns::results,
    },
];

pub use device::device_id;

/// A function by its name.
pub fn function(name: &str) -> Option<Function> {
    FUNCTIONS.iter().copied().find(|function| function.name == name)
}

/// The parts as one text.
fn glue<'v>(arena: &'v Bump, parts: &[&str]) -> &'v str {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut text = bumpalo::collections::String::with_capacity_in(length, arena);
    parts.iter().for_each(|part| text.push_str(part));
    text.into_bump_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls a function with texts and shows what it gives.
    pub fn check(name: &str, arguments: &[&'static str], expected: &str) {
        let function = function(name).expect("a function of the list");
        let values: Vec<Datum<'_>> = arguments.iter().map(|text| Datum::Text(text)).collect();
        assert_eq!(values.len(), function.arguments, "{name}");
        let arena = Bump::new();
        let result = (function.call)(&values, &arena).text(&arena);
        assert_eq!(result, expected, "{name}({arguments:?})");
    }

    #[test]
    fn names_are_unique_and_described() {
        for (at, one) in FUNCTIONS.iter().enumerate() {
            assert!(FUNCTIONS[..at].iter().all(|other| other.name != one.name), "{}", one.name);
            assert!(!one.about.is_empty() && one.arguments <= crate::mapping::expression::ARGUMENTS_MAX);
        }
    }
}
