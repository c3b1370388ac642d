use super::*;

fn find(json: &str, path: &str) -> String {
    let path = Path::parse(path).expect("a path");
    path.find(Json::new(json)).map_or("missing", Json::text).to_owned()
}

#[test]
fn paths_find_parts() {
    let json =
        r#" { "a" : [ 10, {"b" : "x\"]y"}, [1,2] ] , "é\u0041": true, "q": "\"}", "n": null, "a.b": 1 } "#;
    for (path, found) in [
        ("$.a[0]", "10"),
        ("a[1].b", r#""x\"]y""#),
        ("$.a[-1]", "[1,2]"),
        ("$.a[-1][1]", "2"),
        ("$.a[-4]", "missing"),
        ("$.a[3]", "missing"),
        ("$.a.b", "missing"),
        ("$['éA']", "true"),
        ("$.q", r#""\"}""#),
        ("$.n", "null"),
        ("$.n.x", "missing"),
        ("$[\"a.b\"]", "1"),
        ("$[0]", "missing"),
    ] {
        assert_eq!(find(json, path), found, "{path}");
    }
    assert_eq!(find("17", "$.a"), "missing");
    assert_eq!(find("", "$.a"), "missing");
}

#[test]
fn paths_have_one_text() {
    for text in ["$['a']", "$['it\\'s'][-1]", "$"] {
        assert_eq!(Path::parse(text).expect("a path").to_text(), text);
    }
    for wrong in ["$.", "$[", "$['a", "$[x]", "$..a", "a]"] {
        assert!(Path::parse(wrong).is_none_or(|path| path.0.len() == 1 && wrong == "a]"), "{wrong}");
    }
}

#[test]
fn broken_text_ends_a_search() {
    for broken in
        ["{", "[", "{\"a", "{\"a\"", "{\"a\":", "[1,", "[\"\\", "{,}", "[,]", "\"", "{\"a\":\"\\u12\"}"]
    {
        let json = Json::new(broken);
        assert!(json.elements().into_iter().flatten().count() < 3, "{broken}");
        assert!(json.members().into_iter().flatten().count() < 3, "{broken}");
        let _ = (json.member("a"), json.element(-1), json.scalar(), json.identity(), compact(broken));
        let _ = (canonical(json), to_text(json));
    }
}

#[test]
fn deep_nesting_is_skipped_without_a_stack() {
    let deep = format!("{{\"d\":{}1{},\"a\":5}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(find(&deep, "$.a"), "5");
    assert_eq!(canonical(Json::new(&deep)).len(), deep.len());
    assert_eq!(compact(&deep).len(), deep.len());
}

#[test]
fn texts_are_compact() {
    for (json, text) in [
        (r#"{ "b" : 1, "a" : [ 1, "x y" ] }"#, r#"{"b":1,"a":[1,"x y"]}"#),
        (r#""a\"bA\n""#, "a\"bA\n"),
        ("null", ""),
        ("1.50", "1.50"),
        (r#""😀""#, "😀"),
    ] {
        assert_eq!(to_text(Json::new(json)), text, "{json}");
    }
    assert_eq!(
        canonical(Json::new(r#"{"b": {"z": 1, "y": 2}, "a": 0, "b": 9}"#)),
        r#"{"a":0,"b":{"y":2,"z":1}}"#
    );
}

#[test]
fn numbers_have_the_languages_spelling() {
    for (value, text) in [
        (1.0, "1.0"),
        (-0.5, "-0.5"),
        (1e15, "1E+15"),
        (123_456_789_012_345.0, "123456789012345.0"),
        (1.5e-7, "1.5E-07"),
        (0.0001, "0.0001"),
        (1e100, "1E+100"),
        (f64::NAN, "NaN"),
        (f64::NEG_INFINITY, "-Infinity"),
        (0.0, "0.0"),
    ] {
        assert_eq!(real_text(value), text);
    }
}

#[test]
fn times_have_texts() {
    let mut out = String::new();
    push_datetime(&mut out, 1_508_068_800_000_001);
    assert_eq!(out, "2017-10-15T12:00:00.0000010Z");
    for (ticks, text) in [
        (0, "00:00:00"),
        (5, "00:00:00.0000005"),
        (-864_000_000_000, "-1.00:00:00"),
        (937_840_000_005, "1.02:03:04.0000005"),
        (i64::MIN, "-10675199.02:48:05.4775808"),
    ] {
        let mut out = String::new();
        push_timespan(&mut out, ticks);
        assert_eq!(out, text);
    }
}

#[test]
fn identities_are_by_value() {
    let same = |a: &str, b: &str| Json::new(a).identity() == Json::new(b).identity();
    assert!(same("1", "1.0"));
    assert!(same("\"a\"", "\"\\u0061\""));
    assert!(same("{\"a\":1,\"b\":2}", "{ \"b\":2, \"a\":1 }"));
    assert!(!same("1", "\"1\""));
    assert!(!same("9007199254740993", "9007199254740992"));
    assert!(!same("true", "1"));
}
