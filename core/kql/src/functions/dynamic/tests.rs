use crate::functions::testing::{bool, call, check, datetime, json, long, real, text, timespan};

#[test]
fn text_becomes_dynamic_and_back() {
    check(&[
        ("parse_json", &[text(r#" {"a": 1} "#)], r#"{"a": 1}"#),
        ("parse_json", &[text("it's no JSON")], r#""it's no JSON""#),
        ("parse_json", &[text("")], "null"),
        ("parse_json", &[text("null")], "null"),
        ("parse_json", &[json(r#""{\"a\":1}""#)], r#""{\"a\":1}""#),
        ("parse_json", &[long(5)], "5"),
        ("dynamic_to_json", &[json(r#"{"b":{"d":1,"c":[]},"a":"x"}"#)], r#"{"a":"x","b":{"c":[],"d":1}}"#),
        ("dynamic_to_json", &[json(r#""x""#)], "x"),
        ("dynamic_to_json", &[json("null")], ""),
    ]);
}

#[test]
fn paths() {
    check(&[
        ("dynamic_path", &[json(r#"{"a":[1,{"b":2}]}"#), text("$['a'][-1]['b']")], "2"),
        ("dynamic_path", &[json(r#"{"a":null}"#), text("$['a']")], "null"),
        ("dynamic_path", &[json("null"), text("$['a']")], "null"),
        ("dynamic_path_text", &[json(r#"{"a":"x\ny"}"#), text("$['a']")], "x\ny"),
        ("dynamic_path_text", &[json(r#"{"a":"x"}"#), text("$['b']")], ""),
        ("dynamic_member", &[json("[1,2]"), long(-1)], "2"),
        ("dynamic_member", &[json(r#"{"a":1}"#), text("a")], "1"),
        ("dynamic_member", &[json("[4,5]"), json("1")], "5"),
        ("extract_json", &[text("$.name"), text(r#"{"name": "John"}"#)], "John"),
        ("extract_json", &[text("$.a[1]"), text(r#"{"a":[1,{"b":2}]}"#)], r#"{"b":2}"#),
        ("extract_json", &[text("$.a"), text(r#"{"a":1"#)], ""),
        ("extract_json", &[text("$..a"), text(r#"{"a":1}"#)], ""),
    ]);
}

#[test]
fn packing() {
    check(&[
        ("pack_array", &[], "[]"),
        (
            "pack_array",
            &[long(1), real(2.0), text("x"), bool(true), json("null"), datetime(0), timespan(10_000_000)],
            r#"[1,2.0,"x",true,null,"1970-01-01T00:00:00.0000000Z","00:00:01"]"#,
        ),
        ("bag_pack", &[text("a"), text("x\"y"), text("b"), json("[1]")], r#"{"a":"x\"y","b":[1]}"#),
        ("bag_pack", &[text("a"), long(1), text("a"), long(2)], r#"{"a":2}"#),
        ("bag_pack_non_empty", &[bool(true), text("a"), text(""), text("b"), json("null")], "{}"),
        ("bag_pack_non_empty", &[bool(false), text("a"), text("")], r#"{"a":""}"#),
    ]);
    assert!(call("bag_pack", &[text("a")]).is_err());
}

#[test]
fn bags() {
    check(&[
        ("bag_keys", &[json(r#"{"a":1,"b":{"c":2}}"#)], r#"["a","b"]"#),
        ("bag_keys", &[json("{}")], "[]"),
        ("bag_keys", &[json("[]")], "null"),
        ("bag_has_key", &[json(r#"{"key1":1,"key2":{"p":1}}"#), text("$.key2.p")], "true"),
        ("bag_has_key", &[json(r#"{"key1":1}"#), text("key2")], "false"),
        ("bag_merge", &[json(r#"{"A":1,"B":2}"#), json(r#"{"C":3,"A":9}"#)], r#"{"A":1,"B":2,"C":3}"#),
        ("bag_merge", &[json("null"), json(r#"{"C":3}"#)], r#"{"C":3}"#),
        ("bag_merge", &[json("null"), json("1")], "null"),
        (
            "bag_remove_keys",
            &[json(r#"{"a":1,"b":{"x":1,"y":{"z":2}},"c":3}"#), json(r#"["$.b.y.z","c"]"#)],
            r#"{"a":1,"b":{"x":1,"y":{}}}"#,
        ),
        ("bag_set_key", &[json(r#"{"a":1,"b":2}"#), text("a"), text("x")], r#"{"a":"x","b":2}"#),
        ("bag_set_key", &[json(r#"{"a":1}"#), text("$.b.c"), long(2)], r#"{"a":1,"b":{"c":2}}"#),
        ("bag_set_key", &[json("null"), text("a"), long(1)], "null"),
        ("bag_zip", &[json(r#"["a",8,"b"]"#), json("[1,2]")], r#"{"a":1,"b":null}"#),
        ("bag_zip", &[json(r#""a""#), json("[1,2]")], "null"),
        ("bag_zip", &[json(r#"["a"]"#), json("1")], r#"{"a":null}"#),
    ]);
}

#[test]
fn arrays() {
    let words = || json(r#"["this","is","an","example","an","example"]"#);
    check(&[
        ("array_length", &[json("[1, [2,3], \"],\"]")], "3"),
        ("array_length", &[json("{}")], "null"),
        ("array_sum", &[json("[1,2,3.5]")], "6.5"),
        ("array_sum", &[json("[1,\"a\"]")], "null"),
        ("array_index_of", &[words(), text("an")], "2"),
        ("array_index_of", &[words(), text("example"), long(1), long(3)], "3"),
        ("array_index_of", &[words(), text("example"), long(1), long(2)], "-1"),
        ("array_index_of", &[words(), text("an"), long(1), long(-1), long(2)], "4"),
        ("array_index_of", &[words(), text("an"), long(-3)], "4"),
        ("array_index_of", &[words(), text("is"), long(-4)], "-1"),
        ("array_index_of", &[words(), text("is"), long(0), long(-2)], "null"),
        ("array_slice", &[json("[1,2,3,4,5]"), long(2), long(-1)], "[3,4,5]"),
        ("array_slice", &[json("[1,2,3,4,5]"), long(-30), long(-2)], "[1,2,3,4]"),
        ("array_slice", &[json("[1,2]"), long(5), long(9)], "[]"),
        ("array_slice", &[json("[1,2]"), long(i64::MIN), long(i64::MAX)], "[1,2]"),
        ("array_reverse", &[json("[1,[2],3]")], "[3,[2],1]"),
        ("array_rotate_left", &[json("[1,2,3,4,5]"), long(2)], "[3,4,5,1,2]"),
        ("array_rotate_left", &[json("[]"), long(2)], "[]"),
        ("array_rotate_right", &[json("[1,2,3,4,5]"), long(-2)], "[3,4,5,1,2]"),
        ("array_shift_left", &[json("[1,2,3,4,5]"), long(2)], "[3,4,5,null,null]"),
        ("array_shift_left", &[json("[1,2,3,4,5]"), long(-2), long(-1)], "[-1,-1,1,2,3]"),
        ("array_shift_right", &[json(r#"["a","b"]"#), long(9)], r#"["",""]"#),
        ("strcat_array", &[json(r#"[1,"b",[2]]"#), text("->")], "1->b->[2]"),
        ("strcat_array", &[json("null"), text("->")], ""),
        ("array_concat", &[json("[1]"), json("[]"), json("[2,3]")], "[1,2,3]"),
        ("array_iff", &[json("[true,0,50]"), text("yes"), json("[1,2]")], r#"["yes",2,"yes"]"#),
        ("array_iff", &[json("[true,true,true]"), json("[1,2]"), json("[3,4]")], "[1,2,null]"),
        ("zip", &[json(r#"["A",1,1.5]"#), json(r#"[{},"B"]"#)], r#"[["A",{}],[1,"B"],[1.5,null]]"#),
        ("array_split", &[json("[1,2,3,4,5]"), long(2)], "[[1,2],[3,4,5]]"),
        ("array_split", &[json("[1,2,3,4,5]"), json("[1,3]")], "[[1],[2,3],[4,5]]"),
        ("array_split", &[json("[1,2]"), json("[9,-9]")], "[[1,2],[],[]]"),
    ]);
}

#[test]
fn sets() {
    check(&[
        ("set_union", &[json("[1,2,1,4]"), json("[1,2]"), json("[8.0,8]")], "[1,2,4,8.0]"),
        ("set_intersect", &[json("[1,1,2,3]"), json("[3,1]")], "[1,3]"),
        ("set_intersect", &[json("[1,2]"), json("null")], "null"),
        ("set_difference", &[json("[1,2,1,4]"), json("[1]"), json("[2]")], "[4]"),
        ("set_equals", &[json("[1,2,2]"), json("[2,1]")], "true"),
        ("set_has_element", &[json(r#"["a",1]"#), text("a")], "true"),
        ("set_has_element", &[json(r#"["a",1]"#), text("1")], "false"),
        ("set_has_element", &[json("null"), text("1")], "null"),
        ("jaccard_index", &[json("[1,2,3]"), json("[1,2,3,4]")], "0.75"),
    ]);
}

#[test]
fn order() {
    check(&[
        ("array_sort_asc", &[json("[1,3,2]"), json(r#"["a","c","b"]"#)], r#"[[1,2,3],["a","b","c"]]"#),
        ("array_sort_asc", &[json("[2,1]"), json("[1]")], "[[1,2],null]"),
        ("array_sort_asc", &[json(r#"[null,"b","a",null]"#), bool(false)], r#"[null,null,"a","b"]"#),
        ("array_sort_desc", &[json(r#"[null,"b",1,"a",2]"#)], r#"[2,1,"b","a",null]"#),
        ("array_sort_desc", &[json("[2,10,9.5]")], "[10,9.5,2]"),
        ("array_sort_desc", &[json("7")], "null"),
    ]);
}

#[test]
fn ranges() {
    check(&[
        ("range", &[long(1), long(8), long(3)], "[1,4,7]"),
        ("range", &[long(1), long(3)], "[1,2,3]"),
        ("range", &[long(3), long(1), long(-2)], "[3,1]"),
        ("range", &[long(1), long(2), long(0)], "null"),
        ("range", &[real(0.0), real(0.3), real(0.1)], "[0.0,0.1,0.2]"),
        ("range", &[timespan(0), timespan(36_000_000_000)], r#"["00:00:00","01:00:00"]"#),
        (
            "range",
            &[datetime(0), datetime(86_400_000_000), timespan(864_000_000_000)],
            r#"["1970-01-01T00:00:00.0000000Z","1970-01-02T00:00:00.0000000Z"]"#,
        ),
        ("repeat", &[long(1), long(3)], "[1,1,1]"),
        ("repeat", &[long(1), long(0)], "[]"),
        ("repeat", &[long(1), long(-1)], "null"),
    ]);
    let million = call("range", &[long(1), long(i64::MAX)]).expect("an array");
    assert!(million.ends_with(",1048576]"));
    assert!(call("repeat", &[text(&"x".repeat(1000)), long(1 << 40)]).is_err());
}

#[test]
fn paths_to_leaves() {
    check(&[
        (
            "treepath",
            &[json(r#"{"listProperty":[100,"abcde",{"x":"y"}]}"#)],
            r#"["['listProperty']","['listProperty'][0]","['listProperty'][0]['x']"]"#,
        ),
        ("treepath", &[json("5")], "null"),
    ]);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(call("treepath", &[json(&deep)]).is_ok());
}
