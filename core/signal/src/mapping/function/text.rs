//! Plain text.

use bumpalo::Bump;

use super::glue;
use crate::mapping::value::Datum;

pub(super) fn lower<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let text = arguments[0].text(arena);
    if text.bytes().any(|byte| !byte.is_ascii()) {
        return Datum::Text(arena.alloc_str(&text.to_lowercase()));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let lower = arena.alloc_str(text);
        lower.make_ascii_lowercase();
        return Datum::Text(lower);
    }
    Datum::Text(text)
}

pub(super) fn upper<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    Datum::Text(arena.alloc_str(&arguments[0].text(arena).to_uppercase()))
}

/// The marks for "no value" that Windows, Zeek and audit logs write.
const MARKS: [&str; 9] = ["", "-", "?", "N/A", "(null)", "(none)", "(unset)", "%%1793", "S-1-0-0"];

pub(super) fn present<'v>(arguments: &[Datum<'v>], _arena: &'v Bump) -> Datum<'v> {
    match arguments[0] {
        // A longer text is no mark and needs no look.
        Datum::Text(text) if text.len() < 16 && MARKS.contains(&text.trim_ascii()) => Datum::Null,
        value => value,
    }
}

pub(super) fn concat<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    if arguments.iter().any(|argument| argument.is_empty()) {
        return Datum::Null;
    }
    Datum::Text(glue(arena, &[arguments[0].text(arena), arguments[1].text(arena)]))
}

pub(super) fn join<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [between, left, right] = [0, 1, 2].map(|at| arguments[at].text(arena));
    Datum::Text(match (left.is_empty(), right.is_empty()) {
        (true, _) => right,
        (_, true) => left,
        _ => glue(arena, &[left, between, right]),
    })
}

pub(super) fn before<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    split(arguments, arena).map(|(before, _)| before).into()
}

pub(super) fn after<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    split(arguments, arena).map(|(_, after)| after).into()
}

pub(super) fn word_after<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    split(arguments, arena).and_then(|(_, after)| after.split_whitespace().next()).into()
}

pub(super) fn line_after<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    split(arguments, arena).and_then(|(_, after)| after.lines().next()).map(str::trim).into()
}

fn split<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Option<(&'v str, &'v str)> {
    arguments[0].text(arena).split_once(arguments[1].text(arena))
}

pub(super) fn part<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [text, mark, nth] = [0, 1, 2].map(|at| arguments[at].text(arena));
    text.split(mark).nth(nth.parse().unwrap_or(usize::MAX)).into()
}

pub(super) fn starts_with<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [text, start] = [0, 1].map(|at| arguments[at].text(arena).as_bytes());
    Datum::Bool(text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
}

pub(super) fn ends_with<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [text, end] = [0, 1].map(|at| arguments[at].text(arena).as_bytes());
    let tail = text.len().checked_sub(end.len()).map(|at| &text[at..]);
    Datum::Bool(tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end)))
}

pub(super) fn contains<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [text, wanted] = [0, 1].map(|at| arguments[at].text(arena).as_bytes());
    let found = text.windows(wanted.len().max(1)).any(|piece| piece.eq_ignore_ascii_case(wanted));
    Datum::Bool(found || wanted.is_empty())
}

pub(super) fn choose<'v>(arguments: &[Datum<'v>], _arena: &'v Bump) -> Datum<'v> {
    arguments[if arguments[0].holds() { 1 } else { 2 }]
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn texts() {
        check("lower", &["WIN-1$"], "win-1$");
        check("lower", &["ÄB"], "äb");
        check("present", &["-"], "");
        check("present", &["a-b"], "a-b");
        check("concat", &["a", "b"], "ab");
        check("concat", &["a", ""], "");
        check("join", &[", ", "a", ""], "a");
        check("join", &[", ", "a", "b"], "a, b");
        check("before", &["key=value=x", "="], "key");
        check("before", &["key", "="], "");
        check("after", &["key=value=x", "="], "value=x");
        check("word_after", &["[Zone]\r\nHostUrl=http://x/y\r\nz", "HostUrl="], "http://x/y");
        check("word_after", &["x", "HostUrl="], "");
        check("line_after", &["a = b\n Command Name = Get Item\r\nc", "Command Name ="], "Get Item");
        check("part", &["a|b|c", "|", "1"], "b");
        check("part", &["a|b|c", "|", "3"], "");
        check("starts_with", &["HKLM\\x", "hklm\\"], "true");
        check("ends_with", &["file.EXE", ".exe"], "true");
        check("ends_with", &["e", ".exe"], "false");
        check("contains", &["abcDEF", "cde"], "true");
        check("if", &["x", "yes", "no"], "yes");
        check("if", &["", "yes", "no"], "no");
    }
}
