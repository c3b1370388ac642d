//! Values: texts in hexadecimal, addresses, command lines.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use bumpalo::Bump;

use super::fields::Written;

/// The text of a field. The kernel and the audit library write a text that has a quote, a space or a control
/// character in hexadecimal and without quotes; only fields that can hold such text are read so.
pub fn text<'v>(name: &str, value: Written<'v>, arena: &'v Bump) -> &'v str {
    match value {
        Written::Bare(digits) if is_untrusted(name) && is_hex(digits) => {
            let bytes = unhex(digits, arena);
            match name {
                "proctitle" => command_line(bytes, arena),
                // Several keys of one rule.
                "key" => arena.alloc_str(&lossy(bytes, arena).replace('\u{1}', ",")),
                _ => lossy(bytes, arena),
            }
        }
        _ => value.text(),
    }
}

/// Fields whose value may be in hexadecimal.
fn is_untrusted(name: &str) -> bool {
    matches!(
        name,
        "acct"
            | "cgroup"
            | "cmd"
            | "comm"
            | "cwd"
            | "data"
            | "device"
            | "dir"
            | "exe"
            | "file"
            | "grp"
            | "info"
            | "invalid_context"
            | "key"
            | "name"
            | "name2"
            | "new-chardev"
            | "new-disk"
            | "new-fs"
            | "new-rng"
            | "ocomm"
            | "old-chardev"
            | "old-disk"
            | "old-fs"
            | "old-rng"
            | "path"
            | "proctitle"
            | "profile"
            | "root_dir"
            | "sw"
            | "vm"
            | "watch"
    )
}

pub fn is_hex(text: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'F');
    !text.is_empty() && text.len().is_multiple_of(2) && text.bytes().all(is_digit)
}

/// The bytes of a text that [`is_hex`].
pub fn unhex<'v>(digits: &str, arena: &'v Bump) -> &'v [u8] {
    arena.alloc_slice_fill_iter(hex_bytes(digits))
}

fn hex_bytes(digits: &str) -> impl ExactSizeIterator<Item = u8> {
    let value = |digit: u8| digit - if digit <= b'9' { b'0' } else { b'A' - 10 };
    digits.as_bytes().chunks_exact(2).map(move |pair| value(pair[0]) << 4 | value(pair[1]))
}

/// Bytes as text; what is not UTF-8 becomes U+FFFD (the record itself is kept as it was).
pub fn lossy<'v>(bytes: &'v [u8], arena: &'v Bump) -> &'v str {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => arena.alloc_str(&text),
    }
}

/// A process title, whose arguments are divided by zero bytes, as a command line.
fn command_line<'v>(bytes: &[u8], arena: &'v Bump) -> &'v str {
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let mut line = bumpalo::collections::String::with_capacity_in(bytes.len() + 16, arena);
    for argument in bytes.split(|b| *b == 0) {
        add_argument(&mut |text| line.push_str(text), &String::from_utf8_lossy(argument));
    }
    // Each argument begins with its space.
    line.into_bump_str().get(1..).unwrap_or_default()
}

/// Adds a space and an argument to a command line. An argument that a shell would not take as one word stands
/// in double quotes, with a backslash before quotes and backslashes in it.
pub fn add_argument(push: &mut impl FnMut(&str), argument: &str) {
    push(" ");
    let needs_quotes =
        argument.is_empty() || argument.bytes().any(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\''));
    if !needs_quotes {
        return push(argument);
    }
    push("\"");
    for piece in argument.split_inclusive(['"', '\\']) {
        match piece.as_bytes().last() {
            Some(special @ (b'"' | b'\\')) => {
                push(&piece[..piece.len() - 1]);
                push(if *special == b'"' { "\\\"" } else { "\\\\" });
            }
            _ => push(piece),
        }
    }
    push("\"");
}

/// Adds the bytes of an argument of `execve`, or of a piece of one.
pub fn extend_argument(value: Written<'_>, bytes: &mut impl Extend<u8>) {
    match value {
        Written::Bare(digits) if is_hex(digits) => bytes.extend(hex_bytes(digits)),
        _ => bytes.extend(value.text().bytes()),
    }
}

/// A socket address, from the `saddr` field: a C structure in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SocketAddress {
    /// As `auparse` names it; empty for one that has no name here.
    pub family: &'static str,
    pub address: String,
    pub port: Option<u16>,
    /// Of a Unix socket; an abstract name begins with `@`.
    pub path: String,
}

/// The size of `struct sockaddr_storage`.
const ADDRESS_BYTES_MAX: usize = 128;

impl SocketAddress {
    /// `None` for what is no socket address in hexadecimal.
    pub fn parse(digits: &str) -> Option<Self> {
        if !is_hex(digits) || digits.len() > 2 * ADDRESS_BYTES_MAX {
            return None;
        }
        let mut buffer = [0; ADDRESS_BYTES_MAX];
        buffer.iter_mut().zip(hex_bytes(digits)).for_each(|(to, byte)| *to = byte);
        let bytes = &buffer[..digits.len() / 2];
        let family: [u8; 2] = *bytes.first_chunk()?;
        // The family is in the order of bytes of the machine, and all families are small numbers.
        let family = if family[0] == 0 { u16::from_be_bytes(family) } else { u16::from_le_bytes(family) };
        let port = || bytes.get(2..4).map(|port| u16::from_be_bytes([port[0], port[1]]));
        let mut found = Self::default();
        match family {
            0 => found.family = "unspecified",
            1 => {
                found.family = "local";
                let path = &bytes[2..];
                let is_abstract = path.first() == Some(&0);
                let path = if is_abstract { &path[1..] } else { path };
                let path = path.split(|b| *b == 0).next().unwrap_or_default();
                let mark = if is_abstract && !path.is_empty() { "@" } else { "" };
                found.path = format!("{mark}{}", String::from_utf8_lossy(path));
            }
            2 => {
                found.family = "inet";
                let address: [u8; 4] = *bytes.get(4..8)?.first_chunk()?;
                found.address = Ipv4Addr::from(address).to_string();
                found.port = port();
            }
            10 => {
                found.family = "inet6";
                let address: [u8; 16] = *bytes.get(8..24)?.first_chunk()?;
                found.address = Ipv6Addr::from(address).to_canonical().to_string();
                found.port = port();
            }
            16 => found.family = "netlink",
            17 => found.family = "packet",
            38 => found.family = "alg",
            40 => found.family = "vsock",
            _ => {}
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: Written<'_>, expected: &str) {
        assert_eq!(text(name, value, &Bump::new()), expected, "{name}={value:?}");
    }

    #[test]
    fn texts_in_hexadecimal() {
        use Written::{Bare, Quoted};
        check("comm", Quoted("6162"), "6162");
        check("comm", Bare("6162"), "ab");
        check("comm", Bare("(null)"), "(null)");
        check("comm", Bare("616"), "616");
        check("comm", Bare("FF61"), "\u{fffd}a");
        check("a0", Bare("6162"), "6162");
        check("pid", Bare("1234"), "1234");
        check("key", Bare("6B31016B32"), "k1,k2");
        check("proctitle", Bare("6C73002D6C"), "ls -l");
        check("proctitle", Bare("7368002D63006C73202D6C00"), "sh -c \"ls -l\"");
        check("proctitle", Bare("736800002D63"), "sh \"\" -c");
        check("proctitle", Quoted("bash"), "bash");
        check("proctitle", Bare("00"), "\"\"");
    }

    #[test]
    fn arguments_are_quoted_where_they_must_be() {
        for (argument, expected) in [
            ("-l", " -l"),
            ("", " \"\""),
            ("a b", " \"a b\""),
            ("say \"hi\"", " \"say \\\"hi\\\"\""),
            ("it's", " \"it's\""),
            ("a\\b c", " \"a\\\\b c\""),
            ("C:\\x", " C:\\x"),
            ("é", " é"),
        ] {
            let mut line = String::new();
            add_argument(&mut |text| line.push_str(text), argument);
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn socket_addresses() {
        let check = |digits: &str, family: &str, address: &str, port: Option<u16>, path: &str| {
            let found = SocketAddress::parse(digits).expect(digits);
            let shown = (found.family, &*found.address, found.port, &*found.path);
            assert_eq!(shown, (family, address, port, path), "{digits}");
        };
        check("02000035C00002010000000000000000", "inet", "192.0.2.1", Some(53), "");
        check("000200350A000001", "inet", "10.0.0.1", Some(53), "");
        let zeros = "00000000000000000000";
        check(&format!("0A0001BB0000000020010DB8{zeros}000100000000"), "inet6", "2001:db8::1", Some(443), "");
        check(&format!("0A00005000000000{zeros}FFFF0A00000200000000"), "inet6", "10.0.0.2", Some(80), "");
        check("01002F72756E2F7800", "local", "", None, "/run/x");
        check("0100006162", "local", "", None, "@ab");
        check("0100", "local", "", None, "");
        check("100000000000000000000000", "netlink", "", None, "");
        check("6300", "", "", None, "");
        assert_eq!(SocketAddress::parse("0200"), None);
        assert_eq!(SocketAddress::parse("02"), None);
        assert_eq!(SocketAddress::parse("zz"), None);
    }
}
