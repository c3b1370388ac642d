use crate::functions::{
    cells::{Cell, call_function, check},
    function,
};

fn s(text: &str) -> Cell {
    Cell::string(text)
}

fn n(value: i64) -> Cell {
    Cell::long(value)
}

#[test]
fn joining_and_cutting() {
    check(&[
        ("strlen", &[s("⒦⒰⒮⒯⒪")], "5"),
        ("string_size", &[s("⒦⒰⒮⒯⒪")], "15"),
        ("strcat", &[s("a"), n(1), Cell::timespan(30_000_000), Cell::real(2.0)], "a100:00:032.0"),
        ("strcat_delim", &[s("-"), n(1), s("2"), s("A"), Cell::timespan(10_000_000)], "1-2-A-00:00:01"),
        ("tolower", &[s("ÄBC")], "äbc"),
        ("toupper", &[s("äbc1")], "ÄBC1"),
        ("substring", &[s("123456"), n(1)], "23456"),
        ("substring", &[s("123456"), n(2), n(2)], "34"),
        ("substring", &[s("ABCD"), n(0), n(2)], "AB"),
        ("substring", &[s("123456"), n(-2), n(2)], "56"),
        ("substring", &[s("123456"), n(-9), n(2)], "12"),
        ("substring", &[s("123456"), n(9), n(2)], ""),
        ("substring", &[s("äöü日本"), n(1), n(3)], "öü日"),
        ("substring", &[s("äöü"), n(i64::MAX), n(i64::MAX)], ""),
        ("strcmp", &[s("ABC"), s("abc")], "-1"),
        ("strcmp", &[s("abcde"), s("abc")], "1"),
        ("strrep", &[s("ABC"), n(2)], "ABCABC"),
        ("strrep", &[n(123), n(3), s(".")], "123.123.123"),
        ("strrep", &[s("x"), n(-1)], ""),
        ("reverse", &[Cell::real(123.45)], "54.321"),
        ("reverse", &[s("aé日")], "日éa"),
        ("translate", &[s("krasp"), s("otsku"), s("spark")], "kusto"),
        ("translate", &[s("abc"), s("x"), s("abc")], "xxx"),
        ("translate", &[s("abc"), s(""), s("ab")], ""),
        ("isascii", &[s("é")], "false"),
    ]);
    let strrep = function("strrep").expect("it is a function");
    let repeated = call_function(strrep, &[s("x"), n(i64::MAX)], true).expect("the count is bounded");
    assert_eq!(repeated.len(), 1024);
    let error =
        call_function(strrep, &[s(&"x".repeat(1 << 20)), n(1024)], true).expect_err("1 GB is too long");
    assert!(error.to_string().contains("longer than 256 MB"), "{error}");
}

#[test]
fn searching() {
    check(&[
        ("indexof", &[s("abcdefg"), s("cde")], "2"),
        ("indexof", &[s("abcdefg"), s("cde"), n(1), n(4)], "2"),
        ("indexof", &[s("abcdefg"), s("cde"), n(1), n(2)], "-1"),
        ("indexof", &[s("abcdefg"), s("cde"), n(3), n(4)], "-1"),
        ("indexof", &[s("abcdefg"), s("cde"), n(-5)], "2"),
        ("indexof", &[n(1_234_567), n(5), n(1), n(4)], "4"),
        ("indexof", &[s("abcdefg"), s("cde"), n(2), n(-1)], "2"),
        ("indexof", &[s("abcdefgabcdefg"), s("cde"), n(1), n(10), n(2)], "9"),
        ("indexof", &[s("abcdefgabcdefg"), s("cde"), n(1), n(-1), n(3)], "-1"),
        ("indexof", &[s("äöü"), s("ü")], "2"),
        ("indexof", &[s("abc"), s("c"), n(0), n(-2)], "null"),
        ("indexof", &[s("abc"), s(""), n(0), n(-1), n(i64::MAX)], "-1"),
        ("indexof_regex", &[s("abcabc"), s("a.c")], "0"),
        ("indexof_regex", &[s("abcabcdefg"), s("a.c"), n(0), n(9), n(2)], "3"),
        ("indexof_regex", &[s("abcabc"), s("a.c"), n(1), n(-1), n(2)], "-1"),
        ("indexof_regex", &[s("ababaa"), s("a.a"), n(0), n(-1), n(2)], "-1"),
        ("indexof_regex", &[s("abcabc"), s("a|ab"), n(-1)], "null"),
        ("countof", &[s("aaaa"), s("aa")], "3"),
        ("countof", &[s("ababa"), s("ab"), s("normal")], "2"),
        ("countof", &[s("ababa"), s("aba")], "2"),
        ("countof", &[s("ababa"), s("aba"), s("regex")], "1"),
        ("countof", &[s("abcabc"), s("a.c"), s("regex")], "2"),
        ("countof", &[s("abc"), s("")], "0"),
        ("has_any_index", &[s("this is an example"), Cell::json(r#"["this","example"]"#)], "0"),
        ("has_any_index", &[s("this is an example"), Cell::json(r#"["not","example"]"#)], "1"),
        ("has_any_index", &[s("Example number 2"), Cell::json("[1,2,3]")], "1"),
        ("has_any_index", &[s("this"), Cell::json("[]")], "-1"),
    ]);
}

#[test]
fn regular_expressions() {
    let guid = "82b8be2d-dfa7-4bd1-8f63-24ad26d31449";
    check(&[
        ("extract", &[s("User: ([^,]+)"), n(1), s("User: James, Age: 29")], "James"),
        ("extract", &[s(r"\d+"), n(0), s("Age: 29")], "29"),
        ("extract", &[s(r"(\d+)"), n(2), s("Age: 29")], ""),
        ("extract", &[s(r"x"), n(0), s("Age: 29")], ""),
        ("extract", &[s("("), n(0), s("a")], "error: `(` is no regular expression: error: unclosed group"),
        ("extract_all", &[s(r"([\da-f]{2})"), s("82b8be2d")], r#"["82","b8","be","2d"]"#),
        (
            "extract_all",
            &[s(r"(\w)(\w+)(\w)"), Cell::json("[1,3]"), s(guid)],
            r#"[["8","d"],["d","7"],["4","1"],["8","3"],["2","9"]]"#,
        ),
        (
            "extract_all",
            &[
                s(r"(?P<first>\w)(?P<middle>\w+)(?P<last>\w)"),
                Cell::json(r#"["first",2,"last"]"#),
                s("abcd efg"),
            ],
            r#"[["a","bc","d"],["e","f","g"]]"#,
        ),
        ("extract_all", &[s(r"(\d)"), s("abc")], "null"),
        (
            "extract_all",
            &[s(r"(\d)"), Cell::json("[2]"), s("abc")],
            "error: the regular expression has no group 2",
        ),
        ("replace_regex", &[s("Number is 1"), s(r"is (\d+)"), s(r"was: \1")], "Number was: 1"),
        ("replace", &[s("a.b.c"), s(r"\."), s("$1")], "a$1b$1c"),
        ("replace_regex", &[s("abc"), s("b*"), s("-")], "-a-c-"),
        ("replace_regex", &[s("abc"), s("b"), s(r"[\0]\\")], r"a[b]\c"),
        ("trim", &[s("--"), s("--https://bing.com--")], "https://bing.com"),
        ("trim", &[s(r"[^\w]+"), s("-  Te st1// $")], "Te st1"),
        ("trim", &[s(r"\s"), s("  a b  ")], "a b"),
        ("trim_start", &[s(r"\s+"), s("    Hello, world!    ")], "Hello, world!    "),
        ("trim_end", &[s(".com"), s("bing.com")], "bing"),
        ("trim_end", &[s("a|b"), s("xabab")], "x"),
        ("regex_quote", &[s("(so$me.Te^xt)")], r"\(so\$me\.Te\^xt\)"),
    ]);
}

#[test]
fn replacing_plain_texts() {
    let list = Cell::json;
    check(&[
        ("replace_string", &[s("a cat, a cat"), s("cat"), s("dog")], "a dog, a dog"),
        ("replace_string", &[s("abc"), s(""), s("x")], "abc"),
        (
            "replace_strings",
            &[s("This is an example"), list(r#"["This","is"]"#), list(r#"["This","was"]"#)],
            "This was an example",
        ),
        (
            "replace_strings",
            &[s("This is an example"), list(r#"["is","This"]"#), list(r#"["was","This"]"#)],
            "Thwas was an example",
        ),
        (
            "replace_strings",
            &[s("turn a cat into a dog"), list(r#"["turn"," into a dog"]"#), list(r#"["disappear",""]"#)],
            "disappear a cat",
        ),
        ("replace_strings", &[s("This is"), list(r#"["This","is"]"#), list(r#"[12345,"was"]"#)], "This was"),
        (
            "replace_strings",
            &[s("a"), list(r#"["a"]"#), list("[]")],
            "error: there are 1 texts to look for, but 0 to replace them",
        ),
    ]);
}

#[test]
fn taking_apart() {
    check(&[
        ("split", &[s("aa_bb"), s("_")], r#"["aa","bb"]"#),
        ("split", &[s("aaa_bbb_ccc"), s("_"), n(1)], r#"["bbb"]"#),
        ("split", &[s("aaa_bbb_ccc"), s("_"), n(7)], "[]"),
        ("split", &[s(""), s("_")], r#"[""]"#),
        ("split", &[s("a__b"), s("_")], r#"["a","","b"]"#),
        ("split", &[s("aabbcc"), s("bb")], r#"["aa","cc"]"#),
        (
            "parse_csv",
            &[s("aa,\"b,b,b\",cc,\"Escaping quotes: \"\"Title\"\"\",\"line1\nline2\"")],
            r#"["aa","b,b,b","cc","Escaping quotes: \"Title\"","line1\nline2"]"#,
        ),
        ("parse_csv", &[s("record1,a,b,c\nrecord2,x,y,z")], r#"["record1","a","b","c"]"#),
        ("parse_command_line", &[s("echo \"hello world!\""), s("windows")], r#"["echo","hello world!"]"#),
        (
            "parse_command_line",
            &[s(r#""C:\Program Files\x.exe" -a "b \"c\"" d\\e f\"#), s("windows")],
            r#"["C:\\Program Files\\x.exe","-a","b \"c\"","d\\\\e","f\\"]"#,
        ),
        ("parse_command_line", &[s(""), s("windows")], "null"),
        ("parse_command_line", &[s("a"), s("posix")], "error: the only parser is \"windows\""),
        ("parse_version", &[s("0.0.0.5")], "0.000000000000000005"),
        ("parse_version", &[s("1.2.3.4")], "1000000.020000000300000004"),
        ("parse_version", &[s("1.2.3.4.5")], "null"),
        ("parse_version", &[s("1.x")], "null"),
        ("unicode_codepoints_from_string", &[s("⒦⒰")], "[9382,9392]"),
        ("unicode_codepoints_to_string", &[n(75), Cell::json("[117,115]"), n(-1)], "Kus"),
    ]);
}

#[test]
fn paths() {
    for (path, parts) in [
        (r"C:\temp\file.txt", ["", "C:", r"C:\\temp", "temp", "file.txt", "txt", ""]),
        (r"temp\file.txt", ["", "", "temp", "temp", "file.txt", "txt", ""]),
        (
            "file://C:/temp/file.txt:some.exe",
            ["file", "C:", "C:/temp", "temp", "file.txt", "txt", "some.exe"],
        ),
        (
            r"\\shared\users\temp\file.txt.gz",
            ["", "", r"\\\\shared\\users\\temp", "temp", "file.txt.gz", "gz", ""],
        ),
        ("/usr/lib/temp/file.txt", ["", "", "/usr/lib/temp", "temp", "file.txt", "txt", ""]),
        ("", ["", "", "", "", "", "", ""]),
    ] {
        let names = [
            "Scheme",
            "RootPath",
            "DirectoryPath",
            "DirectoryName",
            "Filename",
            "Extension",
            "AlternateDataStreamName",
        ];
        let members: Vec<_> =
            names.iter().zip(parts).map(|(name, part)| format!("\"{name}\":\"{part}\"")).collect();
        check(&[("parse_path", &[s(path)], &format!("{{{}}}", members.join(",")))]);
    }
}
