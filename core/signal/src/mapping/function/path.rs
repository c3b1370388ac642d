//! File paths, with either slash.

use super::{Value, slice, take_text};

pub(super) fn basename<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(take_text(arguments, 0), |path| {
        let name = path.trim_end_matches(['\\', '/']);
        Some(&name[name.rfind(['\\', '/']).map_or(0, |at| at + 1)..])
    })
}

pub(super) fn dirname<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(take_text(arguments, 0), |path| {
        let path = path.trim_end_matches(['\\', '/']);
        path.rfind(['\\', '/']).map(|at| if at == 0 { &path[..1] } else { &path[..at] })
    })
}

/// Prefixes of the object manager and of long paths, before a drive letter.
const NAMESPACES: [&str; 3] = [r"\??\", r"\\?\", r"\\.\"];

pub(super) fn path<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let text = take_text(arguments, 0);
    let bytes = text.as_bytes();
    if !matches!(bytes.first(), Some(b'\\' | b'%' | b'"')) {
        return text.into();
    }
    for (prefix, instead) in [(r"\SystemRoot\", r"C:\Windows\"), (r"%SystemRoot%\", r"C:\Windows\")] {
        if bytes.len() >= prefix.len() && bytes[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes()) {
            return format!("{instead}{}", &text[prefix.len()..]).into();
        }
    }
    slice(text, |text| {
        let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
        let bare = NAMESPACES.iter().find_map(|prefix| text.strip_prefix(prefix));
        Some(bare.filter(|bare| bare.as_bytes().get(1) == Some(&b':')).unwrap_or(text))
    })
}

pub(super) fn program<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(take_text(arguments, 0), |line| {
        let line = line.trim();
        if let Some(quoted) = line.strip_prefix('"') {
            return quoted.split('"').next();
        }
        let lower = line.to_ascii_lowercase();
        let end = [".exe ", ".com ", ".bat ", ".cmd ", ".sys "]
            .iter()
            .filter_map(|end| lower.find(end))
            .min()
            .map(|at| at + 4)
            .or_else(|| line.find(' ').filter(|_| !line.starts_with(['\\', '%']) && line.get(1..2) != Some(":")));
        Some(&line[..end.unwrap_or(line.len())])
    })
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
