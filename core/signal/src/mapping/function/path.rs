//! File paths, with either slash.

use bumpalo::Bump;

use super::glue;
use crate::mapping::value::Datum;

pub(super) fn basename<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let path = arguments[0].text(arena);
    let name = path.trim_end_matches(['\\', '/']);
    Datum::Text(last_slash(name).map_or(name, |at| &name[at + 1..]))
}

pub(super) fn dirname<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let path = arguments[0].text(arena).trim_end_matches(['\\', '/']);
    last_slash(path).map(|at| &path[..at.max(1)]).into()
}

fn last_slash(path: &str) -> Option<usize> {
    memchr::memrchr2(b'\\', b'/', path.as_bytes())
}

/// The path of what lies in a folder.
pub(super) fn child<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [folder, name] = [0, 1].map(|at| arguments[at].text(arena));
    match folder.trim_end_matches('\\') {
        "" => Datum::Text(name),
        folder if name.is_empty() => Datum::Text(folder),
        folder => Datum::Text(glue(arena, &[folder, "\\", name])),
    }
}

/// Prefixes of the object manager and of long paths, before a drive letter.
const NAMESPACES: [&str; 3] = [r"\??\", r"\\?\", r"\\.\"];

pub(super) fn path<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let text = arguments[0].text(arena);
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'\\' | b'%' | b'"')) {
        return Datum::Text(text);
    }
    for prefix in [r"\SystemRoot\", r"%SystemRoot%\"] {
        if bytes.len() >= prefix.len() && bytes[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes()) {
            return Datum::Text(glue(arena, &[r"C:\Windows\", &text[prefix.len()..]]));
        }
    }
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let bare = NAMESPACES.iter().find_map(|prefix| text.strip_prefix(prefix));
    Datum::Text(bare.filter(|bare| bare.as_bytes().get(1) == Some(&b':')).unwrap_or(text))
}

pub(super) fn program<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let line = arguments[0].text(arena).trim();
    if let Some(quoted) = line.strip_prefix('"') {
        return quoted.split('"').next().into();
    }
    let lower = line.to_ascii_lowercase();
    let is_path = line.starts_with(['\\', '%']) || line.get(1..2) == Some(":");
    let end = [".exe ", ".com ", ".bat ", ".cmd ", ".sys "]
        .iter()
        .filter_map(|end| lower.find(end))
        .min()
        .map(|at| at + 4)
        .or_else(|| line.find(' ').filter(|_| !is_path));
    Datum::Text(&line[..end.unwrap_or(line.len())])
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn paths() {
        check("basename", &[r"C:\Windows\System32\cmd.exe"], "cmd.exe");
        check("basename", &["/usr/bin/id"], "id");
        check("basename", &["System"], "System");
        check("basename", &[r"C:\"], "C:");
        check("dirname", &[r"C:\Windows\cmd.exe"], r"C:\Windows");
        check("dirname", &["/init"], "/");
        check("dirname", &["init"], "");
        check("child", &[r"C:\", r"a\b"], r"C:\a\b");
        check("child", &["", "b"], "b");
        check("path", &[r"\??\C:\Windows\x.sys"], r"C:\Windows\x.sys");
        check("path", &[r"\SystemRoot\System32\x.sys"], r"C:\Windows\System32\x.sys");
        check("path", &[r"%systemroot%\x"], r"C:\Windows\x");
        check("path", &[r"\\server\share\x"], r"\\server\share\x");
        check("path", &[r"\\.\pipe\x"], r"\\.\pipe\x");
        check("path", &[r"\Device\HarddiskVolume2\x"], r"\Device\HarddiskVolume2\x");
        check("program", &[r#""C:\a b\c.exe" -x"#], r"C:\a b\c.exe");
        check("program", &[r"C:\Program Files\c.exe -x"], r"C:\Program Files\c.exe");
        check("program", &["cmd /c x"], "cmd");
        check("program", &[r"%COMSPEC%"], "%COMSPEC%");
    }
}
