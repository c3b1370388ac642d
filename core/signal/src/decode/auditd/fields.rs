//! The fields of a record: `name=value` in the many ways in which kernel and programs write them.

/// A value as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written<'a> {
    /// In quotes (or braces): what is between them is meant literally.
    Quoted(&'a str),
    /// Without quotes: it may be a text in hexadecimal.
    Bare(&'a str),
}

impl<'a> Written<'a> {
    pub fn text(self) -> &'a str {
        match self {
            Self::Quoted(text) | Self::Bare(text) => text,
        }
    }
}

/// Hands on the fields of a record's body in order. Those inside of `msg='…'` come in its place; of the
/// free text of `avc:  denied  { read } for`, the result is handed on as `seresult` and the permissions as
/// `seperms`.
pub fn for_each<'a>(body: &'a str, f: &mut impl FnMut(&'a str, Written<'a>)) {
    scan(body, true, f);
}

/// `opens_msg` is false inside of a message, so that input can't make this recurse without end.
fn scan<'a>(body: &'a str, opens_msg: bool, f: &mut impl FnMut(&'a str, Written<'a>)) {
    let bytes = body.as_bytes();
    let mut at = 0;
    let mut is_avc = false;
    while at < bytes.len() {
        if matches!(bytes[at], b' ' | b',' | b'(') {
            at += 1;
            continue;
        }
        if bytes[at] == b'{' {
            let end = find(bytes, at, b'}');
            if is_avc {
                f("seperms", Written::Quoted(body[at + 1..end].trim_ascii()));
            }
            at = end + 1;
            continue;
        }
        let length = memchr::memchr2(b'=', b' ', &bytes[at..]).unwrap_or(bytes.len() - at);
        let name = &body[at..at + length];
        at += length;
        if bytes.get(at) != Some(&b'=') {
            is_avc |= name == "avc:";
            if is_avc && matches!(name, "denied" | "granted") {
                f("seresult", Written::Bare(name));
            }
            continue;
        }
        at = match bytes.get(at + 1) {
            Some(b'\'') if name == "msg" && opens_msg => {
                // An apostrophe may stand inside; the last one ends it.
                let start = at + 2;
                let end = memchr::memrchr(b'\'', &bytes[start..]).map_or(bytes.len(), |end| start + end);
                scan(&body[start..end], false, f);
                end + 1
            }
            _ => value(body, at + 1, name, f),
        };
    }
}

/// Hands on the value that begins at `at`; where the next field begins.
fn value<'a>(body: &'a str, at: usize, name: &'a str, f: &mut impl FnMut(&'a str, Written<'a>)) -> usize {
    let bytes = body.as_bytes();
    match bytes.get(at) {
        Some(quote @ (b'"' | b'\'' | b'{')) => {
            let end = find(bytes, at + 1, if *quote == b'{' { b'}' } else { *quote });
            let inner = &body[at + 1..end];
            f(name, Written::Quoted(if *quote == b'{' { inner.trim_ascii() } else { inner }));
            end + 1
        }
        Some(_) => {
            let end = if name == "op" { end_of_words(bytes, at) } else { find(bytes, at, b' ') };
            let text = body[at..end].trim_end_matches(',');
            // `(hostname=x, res=success)`, but not `key=(null)`.
            let text = if text.starts_with('(') { text } else { text.trim_end_matches(')') };
            f(name, Written::Bare(text));
            end
        }
        None => at,
    }
}

fn find(bytes: &[u8], from: usize, wanted: u8) -> usize {
    memchr::memchr(wanted, &bytes[from..]).map_or(bytes.len(), |at| from + at)
}

/// The end of a text of several words, `adding user to group`: the next word with an equals sign is a field.
fn end_of_words(bytes: &[u8], from: usize) -> usize {
    let mut end = find(bytes, from, b' ');
    while end < bytes.len() {
        let next = find(bytes, end + 1, b' ');
        let word = &bytes[end + 1..next];
        if word.is_empty() || word == b":" || memchr::memchr(b'=', word).is_some() {
            break;
        }
        end = next;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[(&str, Written<'_>)]) {
        let mut found = Vec::new();
        for_each(body, &mut |name, value| found.push((name, value)));
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn plain_and_quoted() {
        use Written::{Bare, Quoted};
        check("a=1 b=\"x y\" c=(null)", &[("a", Bare("1")), ("b", Quoted("x y")), ("c", Bare("(null)"))]);
        check("a= b=2", &[("a", Bare("")), ("b", Bare("2"))]);
        check("a=\"open", &[("a", Quoted("open"))]);
        check("words a=1 and more", &[("a", Bare("1"))]);
        check("", &[]);
        check("a=", &[]);
        check("{ x", &[]);
        check("SADDR={ saddr_fam=inet lport=53 }", &[("SADDR", Quoted("saddr_fam=inet lport=53"))]);
    }

    #[test]
    fn messages_of_programs() {
        use Written::{Bare, Quoted};
        check(
            "pid=1 msg='op=login acct=\"o'neil\" res=failed'",
            &[("pid", Bare("1")), ("op", Bare("login")), ("acct", Quoted("o'neil")), ("res", Bare("failed"))],
        );
        check(
            "msg='PAM: authentication acct=\"root\" : exe=\"/bin/su\" (hostname=?, addr=?, terminal=pts/0 res=success)'",
            &[
                ("acct", Quoted("root")),
                ("exe", Quoted("/bin/su")),
                ("hostname", Bare("?")),
                ("addr", Bare("?")),
                ("terminal", Bare("pts/0")),
                ("res", Bare("success")),
            ],
        );
        check(
            "msg='op=adding user to group grp=\"sudo\"",
            &[("op", Bare("adding user to group")), ("grp", Quoted("sudo"))],
        );
    }

    #[test]
    fn messages_in_messages_are_texts() {
        let body = "msg='".repeat(100_000);
        let mut count = 0;
        for_each(&body, &mut |_, _| count += 1);
        assert!(count > 0);
    }

    #[test]
    fn access_vectors() {
        use Written::{Bare, Quoted};
        check(
            "avc:  denied  { read write } for  pid=7 tclass=file",
            &[
                ("seresult", Bare("denied")),
                ("seperms", Quoted("read write")),
                ("pid", Bare("7")),
                ("tclass", Bare("file")),
            ],
        );
    }
}
