//! DNS answers.

use bumpalo::Bump;

use crate::{dynamic::ObjectWriter, mapping::value::Datum};

/// Numbers of the record types that Windows names in its lists of answers.
const TYPES: [(&str, &str); 10] = [
    ("1", "A"),
    ("2", "NS"),
    ("5", "CNAME"),
    ("6", "SOA"),
    ("12", "PTR"),
    ("15", "MX"),
    ("16", "TXT"),
    ("28", "AAAA"),
    ("33", "SRV"),
    ("65", "HTTPS"),
];

/// `type:  5 alias.example;::ffff:192.0.2.1;` as an array of objects with `Result` and `DnsQueryType`.
pub(super) fn results<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let mut json = bumpalo::collections::String::new_in(arena);
    let answers = arguments[0].text(arena).split(';').map(str::trim);
    for answer in answers.filter(|answer| !matches!(*answer, "" | "-")) {
        json.push(if json.is_empty() { '[' } else { ',' });
        let (kind, result) = match answer.strip_prefix("type:") {
            Some(rest) => rest.trim().split_once(' ').unwrap_or((rest.trim(), "")),
            None if answer.starts_with("::ffff:") || !answer.contains(':') => ("1", answer),
            None => ("28", answer),
        };
        let kind = TYPES.iter().find(|(number, _)| *number == kind).map_or(kind, |(_, name)| name);
        let mut object = ObjectWriter::default();
        object.string("Result", result.trim().trim_start_matches("::ffff:"));
        object.string("DnsQueryType", kind);
        object.finish(|text| json.push_str(text));
    }
    if json.is_empty() {
        return Datum::Null;
    }
    json.push(']');
    Datum::Json(json.into_bump_str())
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn answers() {
        check(
            "dns_results",
            &["type:  5 a.example;::ffff:192.0.2.1;2001:db8::1;"],
            r#"[{"Result":"a.example","DnsQueryType":"CNAME"},{"Result":"192.0.2.1","DnsQueryType":"A"},{"Result":"2001:db8::1","DnsQueryType":"AAAA"}]"#,
        );
        check("dns_results", &["-"], "");
        check("dns_results", &[""], "");
    }
}
