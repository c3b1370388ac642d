//! Lists of file hashes.

use super::{Value, take_text};

/// `SHA1=…,MD5=…,SHA256=…,IMPHASH=…`, as Sysmon writes it; a hash of zeros is none.
pub(super) fn hash<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let kind = take_text(arguments, 1);
    let list = take_text(arguments, 0);
    let found = list.split([',', '|']).find_map(|pair| {
        let (name, digits) = pair.trim().split_once('=')?;
        (name.eq_ignore_ascii_case(&kind) && digits.bytes().any(|b| b != b'0')).then_some(digits)
    });
    found.map_or(Value::Null, |digits| digits.to_ascii_lowercase().into())
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
