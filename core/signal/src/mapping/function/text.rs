//! Plain text.

use super::{Value, slice, take, take_text};

pub(super) fn lower<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let text = take_text(arguments, 0);
    let is_lower = text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    if is_lower { text.into() } else { text.to_lowercase().into() }
}

pub(super) fn upper<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    take_text(arguments, 0).to_uppercase().into()
}

/// The marks for "no value" that Windows, Zeek and audit logs write.
pub(super) fn present<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let value = take(arguments, 0);
    match &value {
        Value::Text(text)
            if matches!(text.trim(), "" | "-" | "?" | "N/A" | "(null)" | "(none)" | "(unset)" | "%%1793" | "S-1-0-0") =>
        {
            Value::Null
        }
        _ => value,
    }
}

pub(super) fn concat<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    if arguments.iter().any(Value::is_empty) {
        return Value::Null;
    }
    let (left, right) = (take_text(arguments, 0), take_text(arguments, 1));
    format!("{left}{right}").into()
}

pub(super) fn join<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (between, left, right) =
        (take_text(arguments, 0), take_text(arguments, 1), take_text(arguments, 2));
    match (left.is_empty(), right.is_empty()) {
        (true, _) => right.into(),
        (_, true) => left.into(),
        _ => format!("{left}{between}{right}").into(),
    }
}

pub(super) fn before<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let mark = take_text(arguments, 1);
    slice(take_text(arguments, 0), |text| text.find(&*mark).map(|at| &text[..at]))
}

pub(super) fn after<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let mark = take_text(arguments, 1);
    slice(take_text(arguments, 0), |text| text.find(&*mark).map(|at| &text[at + mark.len()..]))
}

pub(super) fn word_after<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let mark = take_text(arguments, 1);
    slice(take_text(arguments, 0), |text| {
        text.split_once(&*mark).and_then(|(_, behind)| behind.split_whitespace().next())
    })
}

pub(super) fn line_after<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let mark = take_text(arguments, 1);
    slice(take_text(arguments, 0), |text| {
        text.split_once(&*mark).and_then(|(_, behind)| behind.lines().next()).map(str::trim)
    })
}

pub(super) fn part<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let mark = take_text(arguments, 1);
    let nth: usize = take_text(arguments, 2).parse().unwrap_or(usize::MAX);
    slice(take_text(arguments, 0), |text| text.split(&*mark).nth(nth))
}

pub(super) fn starts_with<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (text, start) = (take_text(arguments, 0), take_text(arguments, 1));
    let head = text.as_bytes().get(..start.len());
    Value::Bool(head.is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes())))
}

pub(super) fn ends_with<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (text, end) = (take_text(arguments, 0), take_text(arguments, 1));
    let tail = text.len().checked_sub(end.len()).map(|at| &text.as_bytes()[at..]);
    Value::Bool(tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes())))
}

pub(super) fn contains<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (text, wanted) = (take_text(arguments, 0), take_text(arguments, 1));
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let found = text.windows(wanted.len().max(1)).any(|piece| piece.eq_ignore_ascii_case(wanted));
    Value::Bool(found || wanted.is_empty())
}

pub(super) fn choose<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let holds = !arguments[0].is_empty() && arguments[0] != Value::Bool(false);
    take(arguments, if holds { 1 } else { 2 })
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
