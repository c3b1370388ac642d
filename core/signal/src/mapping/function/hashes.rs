//! Lists of file hashes.

use bumpalo::Bump;

use crate::mapping::value::Datum;

/// `SHA1=…,MD5=…,SHA256=…,IMPHASH=…`, as Sysmon writes it; a hash of zeros is none.
pub(super) fn hash<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [list, kind] = [0, 1].map(|at| arguments[at].text(arena));
    let found = list.as_bytes().split(|byte| matches!(byte, b',' | b'|')).find_map(|pair| {
        let pair = pair.trim_ascii();
        let (name, digits) = pair.split_at_checked(kind.len())?;
        let digits = digits.strip_prefix(b"=")?;
        let is_it = name.eq_ignore_ascii_case(kind.as_bytes()) && digits.iter().any(|digit| *digit != b'0');
        is_it.then(|| std::str::from_utf8(digits).unwrap_or_default())
    });
    found.map_or(Datum::Null, |digits| {
        let lower = arena.alloc_str(digits);
        lower.make_ascii_lowercase();
        Datum::Text(lower)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn hashes() {
        check("hash", &["SHA1=ABC,MD5=DEF", "MD5"], "def");
        check("hash", &["SHA1=ABC,MD5=DEF", "SHA256"], "");
        check("hash", &["IMPHASH=00000000", "IMPHASH"], "");
        check("hash", &["", "MD5"], "");
    }
}
