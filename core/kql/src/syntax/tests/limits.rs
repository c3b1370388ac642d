//! Hostile texts: nesting, chains, sizes, and whatever is no query.

use super::corpus::queries;
use crate::syntax::{Code, MAX_DEPTH, MAX_TEXT_BYTES, parse};

/// Texts that open a level with each repetition.
const NESTING: &[(&str, &str)] = &[
    ("print ", "("),
    ("print ", "not("),
    ("print ", "iff(a, "),
    ("print ", "-"),
    ("print ", "a["),
    ("print ", "a.["),
    ("print ", "f(x="),
    ("print ", "a in ("),
    ("print ", "a has_any ("),
    ("print ", "a between ("),
    ("print ", "a between (1 .. "),
    ("print ", "toscalar(print "),
    ("print ", "datatable(a:long)["),
    ("print ", "externaldata(a:long)["),
    ("print ", "a + ("),
    ("print ", "a and ("),
    ("print dynamic(", "["),
    ("print dynamic(", "{\"a\":"),
    ("print dynamic(", "dynamic("),
    ("", "("),
    ("", "union ("),
    ("", "T | join ("),
    ("", "T | lookup ("),
    ("", "T | union a, ("),
    ("", "T | where a in ("),
    ("T", " | mv-apply a on (where b"),
    ("T | ", "fork ("),
    ("T | ", "partition by a ("),
    ("T | ", "mv-apply a on ("),
    ("T | ", "facet by a with ("),
    ("T | ", "partition by a { T | "),
    ("", "T | scan with (step s: ("),
    ("T | ", "make-graph a --> b partitioned-by c ("),
    ("", "let f = () { "),
    ("", "let f = view () { "),
    ("", "macro-expand g as x ("),
    ("", "macro-expand entity_group [ ("),
    ("", "entity_group [ ("),
    ("", "search in (("),
    ("", "find in (("),
];

/// Texts that lean on what stands before with each repetition.
const CHAINS: &[&str] = &[
    ".b",
    "[0]",
    ".b()",
    ".['b']",
    " + 1",
    " * 2",
    " - 1",
    " == 1",
    " < 1",
    " has 'x'",
    " in (1)",
    " between (1 .. 2)",
];

#[test]
fn nesting_is_bounded() {
    for (before, repeated) in NESTING {
        let text = format!("{before}{}", repeated.repeat(10_000));
        let codes: Vec<Code> = parse(&text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert!(codes.contains(&Code::TooDeep), "{before}{repeated}…: {codes:?}");
        assert!(codes.len() < 5, "{before}{repeated}…: what follows is not read, but gave {codes:?}");
    }
}

#[test]
fn chains_are_bounded() {
    for repeated in CHAINS {
        let chained = |times| parse(&format!("print a{}", repeated.repeat(times))).diagnostics;
        assert_eq!(chained(20), [], "{repeated}");
        assert_eq!(chained(10_000)[0].code, Code::TooDeep, "{repeated}");
    }
    // Chains within nesting within chains: their heights add up.
    let inner = format!("a{}", " + 1".repeat(MAX_DEPTH / 2));
    let text = format!("print ({inner}){}", " + 1".repeat(MAX_DEPTH / 2));
    assert_eq!(parse(&text).diagnostics[0].code, Code::TooDeep);
}

#[test]
fn lists_are_not_bounded() {
    for (before, repeated, after) in [
        ("T | where a.b.c == 1", " or a.b.c == 1 + 2", ""),
        ("T | where a.b.c == 1", " and a.b.c == 1 + 2", ""),
        ("T", " | where a == 1", ""),
        ("print 1", ", a.b.c + 1", ""),
        ("print f(1", ", a.b.c + 1", ")"),
        ("print a in (1", ", b.c", ")"),
        ("print dynamic([1", ", [1]", "])"),
        ("print 'a'", " 'a'", ""),
        ("", "let a = 1 + 2 + 3;", "print a"),
        ("union T", ", (T | take 1)", ""),
        ("datatable(a:long)[1", ", 1", "]"),
    ] {
        let text = format!("{before}{}{after}", repeated.repeat(10_000));
        assert_eq!(parse(&text).diagnostics, [], "{before}{repeated}…");
    }
}

#[test]
fn deep_public_queries_leave_room() {
    // A few levels above the deepest of the public queries, which has some 20.
    let calls = format!("print {}1{}", "iff(a == 1, 2, ".repeat(40), ")".repeat(40));
    assert_eq!(parse(&calls).diagnostics, []);
}

#[test]
fn a_small_stack_is_enough() {
    let run = || {
        for (before, repeated) in NESTING {
            drop(parse(&format!("{before}{}", repeated.repeat(MAX_DEPTH * 2))).clone());
        }
    };
    // Threads of a server have two megabytes, and what calls the parser needs some of them.
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run).expect("a thread starts");
    thread.join().expect("no overflow");
}

#[test]
fn a_long_text_is_refused() {
    let parsed = parse(&" ".repeat(MAX_TEXT_BYTES + 1));
    assert_eq!(parsed.diagnostics[0].code, Code::TooLong);
    assert_eq!(parsed.diagnostics[0].message, "the query is longer than 16 MiB");
}

#[test]
fn texts_that_are_no_queries_end() {
    let pieces = [
        "",
        "\0",
        "|",
        "||||",
        ";;;;",
        ")))",
        "]]]",
        "}}}",
        "((((",
        "\"",
        "'",
        "@'",
        "h\"",
        "```",
        "~~~",
        "\\",
        "\"\\",
        "datetime(",
        "datetime(\n",
        "dynamic(",
        "=",
        "==",
        "!",
        "!x",
        "!in",
        "$",
        "$left",
        "#",
        "//",
        "/",
        "€",
        "\u{feff}",
        "1..2",
        "1.",
        "1e",
        "0x",
        "0xg",
        "99999999999999999999",
        "1d2",
        "int(a)",
        "let",
        "let a",
        "let a =",
        "set",
        "set a",
        "declare",
        "declare pattern",
        "alias database",
        "restrict access to",
        ".",
        ".show",
        ".show tables | ",
        "T |",
        "T | where",
        "T | project-",
        "T | top-nested",
        "T | scan with (step",
        "T | graph-match",
        "T | fork",
        "find",
        "search",
        "union",
        "range",
        "print",
        "evaluate",
        "T | render",
        "T | parse a with",
        "T | make-series",
        "(a, b) =",
        "(a, b",
        "['a",
        "[",
        "a.",
        "a[",
        "a..b",
        "{a}",
        "{",
        "T | join kind=",
        "T | join kind=inner",
        "T | as",
        "T | invoke a",
        "in",
        "and",
        "or and",
        "T | where a in",
        "T | where a between",
        "T | where a matches",
        "T | extend = 1",
        "T | extend a = = 1",
    ];
    for first in pieces {
        for second in pieces {
            check(&format!("{first}{second}"));
            check(&format!("{first} {second}"));
        }
    }
}

#[test]
fn damaged_public_queries_do_no_harm() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let noise = [
        "|", "(", ")", "[", "]", "{", "}", "\"", "'", ";", ",", "=", "\\", "\0", "é", "by", "in", "-", "*",
        ".", "\n",
    ];
    for (_, query) in queries("hunting.jsonl").iter().chain(&queries("reference.jsonl")).step_by(3) {
        let mut characters: Vec<char> = query.chars().take(2_000).collect();
        for _ in 0..1 + random.below(4) {
            let at = random.below(characters.len().max(1)).min(characters.len());
            match random.below(4) {
                0 => characters.truncate(at),
                1 => drop(characters.drain(at..(at + random.below(20)).min(characters.len()))),
                2 => drop(characters.splice(at..at, noise[random.below(noise.len())].chars())),
                _ => {
                    let from = random.below(characters.len().max(1)).min(characters.len());
                    let copied = characters[from..(from + 30).min(characters.len())].to_vec();
                    drop(characters.splice(at..at, copied));
                }
            }
        }
        check(&characters.into_iter().collect::<String>());
    }
}

/// Reads a text; its diagnostics can be shown, and lie in it.
fn check(text: &str) {
    let parsed = parse(text);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.span.range()).is_some(), "{diagnostic:?} lies outside of {text:?}");
        assert!(diagnostic.render(text).contains('^'), "{text:?}");
    }
    if parsed.diagnostics.is_empty() {
        let tree = format!("{:?}", parsed.query);
        assert!(!tree.contains("kind: Missing"), "a hole without a diagnostic in {text:?}: {tree}");
    }
}

/// Marsaglia's xorshift: tests need no more.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
