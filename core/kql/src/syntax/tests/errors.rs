//! What authors are told, to the letter.

use crate::syntax::parse;

/// The first diagnostic of `text`, as it is shown.
fn check(text: &str, expected: &str) {
    let parsed = parse(text);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.render(text)).collect();
    assert_eq!(shown.join("\n"), expected.trim_matches('\n'), "{text}");
}

#[test]
fn operators() {
    check(
        "SigninLogs\n| projct a, b\n| take 5",
        "
error[SYN0003]: `projct` is no operator; did you mean `project`?
 --> line 2, column 3
  |
2 | | projct a, b
  |   ^^^^^^",
    );
    check(
        "T | summarise count() by a",
        "
error[SYN0003]: `summarise` is no operator; did you mean `summarize`?
 --> line 1, column 5
  |
1 | T | summarise count() by a
  |     ^^^^^^^^^",
    );
    check(
        "T | | where a",
        "
error[SYN0002]: expected an operator, found `|`
 --> line 1, column 5
  |
1 | T | | where a
  |     ^",
    );
    check(
        "T |",
        "
error[SYN0002]: expected an operator, found the end of the query
 --> line 1, column 4
  |
1 | T |
  |    ^",
    );
    // Two mistakes in two operators are both found.
    check(
        "T\n| frobnicate a (b | c)\n| sort a\n| take 5",
        "
error[SYN0003]: `frobnicate` is no operator
 --> line 2, column 3
  |
2 | | frobnicate a (b | c)
  |   ^^^^^^^^^^
error[SYN0002]: expected `by`, found `a`
 --> line 3, column 8
  |
3 | | sort a
  |        ^",
    );
}

#[test]
fn expressions() {
    check(
        "T | where a contians \"x\"",
        "
error[SYN0002]: expected `|` or the end of the query, found `contians`; did you mean `contains`?
 --> line 1, column 13
  |
1 | T | where a contians \"x\"
  |             ^^^^^^^^",
    );
    check(
        "T | where a = \"x\"",
        "
error[SYN0002]: `=` names a value; to compare, write `==`
 --> line 1, column 11
  |
1 | T | where a = \"x\"
  |           ^^^^^^^",
    );
    check(
        "T | where a == and b",
        "
error[SYN0002]: expected an expression, found `and`
 --> line 1, column 16
  |
1 | T | where a == and b
  |                ^^^",
    );
    check(
        "T\n| where (a == 1\n| take 5",
        "
error[SYN0002]: expected `)` for the `(` of line 2, column 9, found the end of the query
 --> line 3, column 9
  |
3 | | take 5
  |         ^",
    );
    check(
        "T | where strlen(a b) > 1 | take",
        "
error[SYN0002]: expected `)` for the `(` of line 1, column 17, found `b`
 --> line 1, column 20
  |
1 | T | where strlen(a b) > 1 | take
  |                    ^
error[SYN0002]: expected an expression, found the end of the query
 --> line 1, column 33
  |
1 | T | where strlen(a b) > 1 | take
  |                                 ^",
    );
    check(
        "T | where a OR b",
        "
error[SYN0002]: expected `|` or the end of the query, found `OR`; did you mean `or`?
 --> line 1, column 13
  |
1 | T | where a OR b
  |             ^^",
    );
    check(
        "T | where a in \"x\"",
        "
error[SYN0002]: expected `(` and a list, found `\"x\"`
 --> line 1, column 16
  |
1 | T | where a in \"x\"
  |                ^^^",
    );
    check(
        "T | where a between (1, 2)",
        "
error[SYN0002]: expected `..`, found `,`
 --> line 1, column 23
  |
1 | T | where a between (1, 2)
  |                       ^",
    );
}

#[test]
fn literals() {
    check(
        "print p = \"C:\\Windows\"",
        "
error[SYN0005]: `\\W` is no escape; write `\\\\`, or the string with `@` before it
 --> line 1, column 14
  |
1 | print p = \"C:\\Windows\"
  |              ^^",
    );
    check(
        "T | where a == \"x\n| take 5",
        "
error[SYN0004]: expected `\"` at the end of this string
 --> line 1, column 16
  |
1 | T | where a == \"x
  |                ^^",
    );
    check(
        "print int(99999999999)",
        "
error[SYN0006]: `int(99999999999)` is no int, or out of its range
 --> line 1, column 7
  |
1 | print int(99999999999)
  |       ^^^^^^^^^^^^^^^^",
    );
    check(
        "datatable (a: strng) ['é', 1]",
        "
error[SYN0007]: `strng` is no type; did you mean `string`?
 --> line 1, column 15
  |
1 | datatable (a: strng) ['é', 1]
  |               ^^^^^",
    );
    check(
        "T | where a == “x”",
        "
error[SYN0008]: `“` is no quote of the language; use `\"` or `'`
 --> line 1, column 16
  |
1 | T | where a == “x”
  |                ^
error[SYN0008]: `”` is no quote of the language; use `\"` or `'`
 --> line 1, column 18
  |
1 | T | where a == “x”
  |                  ^",
    );
}

#[test]
fn statements() {
    check(
        "",
        "
error[SYN0011]: the query is empty
 --> line 1, column 1
  |
1 | 
  | ^",
    );
    check(
        "let a = 1\nlet b = 2;\nprint a",
        "
error[SYN0002]: expected `;` or the end of the query, found `let`
 --> line 2, column 1
  |
2 | let b = 2;
  | ^^^",
    );
    check(
        "let f = (a: long) { a + 1 ; print f(1)",
        "
error[SYN0002]: expected `}` for the `{` of line 1, column 19, found the end of the query
 --> line 1, column 39
  |
1 | let f = (a: long) { a + 1 ; print f(1)
  |                                       ^",
    );
}

#[test]
fn long_lines_are_cut_around_the_place() {
    let text = format!("print {}, é=(1 2), {}", "a".repeat(100), "b".repeat(100));
    check(
        &text,
        &format!(
            "
error[SYN0002]: expected `)` for the `(` of line 1, column 111, found `2`
 --> line 1, column 114
  |
1 | …{}, é=(1 2), {}…
  | {}^",
            "a".repeat(53),
            "b".repeat(56),
            " ".repeat(61),
        ),
    );
}
