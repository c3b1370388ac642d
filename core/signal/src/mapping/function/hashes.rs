//! Lists of file hashes.

use bumpalo::Bump;

use crate::mapping::value::Datum;

/// `SHA1=…,MD5=…,SHA256=…,IMPHASH=…`, as Sysmon writes it; a hash of zeros is none.
pub(super) fn hash<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [list, kind] = [0, 1].map(|at| arguments[at].text(arena));
    let found = list.split([',', '|']).find_map(|pair| {
        let (name, digits) = pair.trim_ascii().split_once('=')?;
        (name.eq_ignore_ascii_case(kind) && digits.bytes().any(|b| b != b'0')).then_some(digits)
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
