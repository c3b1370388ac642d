//! Functions of strings.

mod basic;
mod codepoints;
mod parse;
mod path;
mod pattern;
mod replace;
mod search;
mod split;

use phalanx_signal::ColumnType::{Bool, Decimal, Dynamic, Long, String};

use super::{
    Accepts::{Any, AsText, Only},
    Family, Function, Parameter, Returns,
    define::{Kernel, once, optional, repeated},
};

const TEXT: &[Parameter] = &[once("value", AsText)];
const SEARCH: &[Parameter] = &[
    once("string", AsText),
    once("match", AsText),
    optional("start", Only(Long)),
    optional("length", Only(Long)),
    optional("occurrence", Only(Long)),
];
const TRIM: &[Parameter] = &[once("regex", Only(String)), once("source", Only(String))];

const fn text(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: phalanx_signal::ColumnType,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Text, parameters, Returns::Only(returns), about, kernel)
}

pub(super) static FUNCTIONS: &[Function] = &[
    text("strlen", TEXT, Long, "The number of characters (code points).", basic::strlen)
        .examples(&[("print strlen(\"hello\")", "5"), ("print strlen(\"⒦⒰\")", "2")]),
    text("string_size", TEXT, Long, "The number of bytes in UTF-8.", basic::string_size)
        .examples(&[("print string_size(\"⒦⒰\")", "6")]),
    text("strcat", &[repeated("value", AsText, 1)], String, "The texts of all arguments in a row.", basic::strcat)
        .examples(&[("print strcat(\"a\", 1, 2s)", "a100:00:02")]),
    text(
        "strcat_delim",
        &[once("delimiter", AsText), repeated("value", AsText, 2)],
        String,
        "The texts of all arguments with a delimiter between them.",
        basic::strcat_delim,
    )
    .examples(&[("print strcat_delim(\"-\", 1, \"A\", 1s)", "1-A-00:00:01")]),
    text("tolower", TEXT, String, "The text in small letters.", basic::tolower)
        .examples(&[("print tolower(\"HÉllo\")", "héllo")]),
    text("toupper", TEXT, String, "The text in capital letters.", basic::toupper)
        .examples(&[("print toupper(\"hello\")", "HELLO")]),
    text(
        "substring",
        &[once("source", AsText), once("start", Only(Long)), optional("length", Only(Long))],
        String,
        "Some characters of a text, from a zero-based place on; below zero counts from the end.",
        basic::substring,
    )
    .examples(&[
        ("print substring(\"123456\", 1)", "23456"),
        ("print substring(\"123456\", 2, 2)", "34"),
        ("print substring(\"123456\", -2, 2)", "56"),
    ]),
    text(
        "strcmp",
        &[once("string1", AsText), once("string2", AsText)],
        Long,
        "-1, 0 or 1: how two texts compare character by character.",
        basic::strcmp,
    )
    .examples(&[("print strcmp(\"abc\", \"ABC\")", "1")]),
    text(
        "strrep",
        &[once("value", AsText), once("multiplier", Only(Long)), optional("delimiter", AsText)],
        String,
        "A text many times, at most 1024, with a delimiter between.",
        basic::strrep,
    )
    .examples(&[("print strrep(123, 3, \".\")", "123.123.123")]),
    text("reverse", TEXT, String, "The characters of a text from last to first.", basic::reverse)
        .examples(&[("print reverse(123.45)", "54.321")]),
    text(
        "translate",
        &[once("search_list", Only(String)), once("replacement_list", Only(String)), once("source", Only(String))],
        String,
        "A text with each character of one list replaced by that of another; the last of a short list stands for the rest.",
        basic::translate,
    )
    .examples(&[("print translate(\"krasp\", \"otsku\", \"spark\")", "kusto")]),
    text("isascii", TEXT, Bool, "Whether a text has ASCII characters only.", basic::isascii)
        .examples(&[("print isascii(\"é\")", "false")]),
    text("isutf8", TEXT, Bool, "Whether a text is UTF-8.", basic::isutf8)
        .examples(&[("print isutf8(\"é\")", "true")]),
    text("indexof", SEARCH, Long, "The place of a text in another, from 0 on; -1 if it is not there.", search::indexof)
        .examples(&[
            ("print indexof(\"abcdefg\", \"cde\")", "2"),
            ("print indexof(\"abcdefg\", \"cde\", 1, 2)", "-1"),
            ("print indexof(\"abcdefgabcdefg\", \"cde\", 1, 10, 2)", "9"),
        ]),
    text(
        "indexof_regex",
        SEARCH,
        Long,
        "The place of a match of a regular expression, from 0 on; -1 if there is none.",
        search::indexof_regex,
    )
    .examples(&[("print indexof_regex(\"abcabcdefg\", \"a.c\", 0, 9, 2)", "3")]),
    text(
        "countof",
        &[once("source", Only(String)), once("search", Only(String)), optional("kind", Only(String))],
        Long,
        "How often a text is in another, overlaps included; with the kind \"regex\", how often an expression matches.",
        search::countof,
    )
    .examples(&[("print countof(\"aaaa\", \"aa\")", "3"), ("print countof(\"abcabc\", \"a.c\", \"regex\")", "2")]),
    text(
        "has_any_index",
        &[once("source", AsText), once("values", Only(Dynamic))],
        Long,
        "The place in the list of the first term that a text has; -1 if it has none.",
        search::has_any_index,
    )
    .examples(&[("print has_any_index(\"this is an example\", dynamic([\"not\", \"example\"]))", "1")]),
    text(
        "extract",
        &[
            once("regex", Only(String)),
            once("capture_group", Only(Long)),
            once("source", Only(String)),
            optional("type", Any),
        ],
        String,
        "What a group of a regular expression matches first; 0 is the whole match. A type converts it.",
        pattern::extract,
    )
    .examples(&[("print extract(@\"x=(\\d+)\", 1, \"a x=12 b\")", "12")]),
    text(
        "extract_all",
        &[once("regex", Only(String)), once("capture_groups", Any), optional("source", Any)],
        Dynamic,
        "All matches of a regular expression: of one group their texts, of several an array of texts each.",
        pattern::extract_all,
    )
    .alias(&["extractall"])
    .examples(&[
        ("print extract_all(@\"(\\d+)\", \"a1 b22\")", "[\"1\",\"22\"]"),
        ("print extract_all(@\"(\\w)(\\d)\", dynamic([2]), \"a1 b2\")", "[\"1\",\"2\"]"),
    ]),
    text(
        "replace_regex",
        &[once("source", Only(String)), once("lookup_regex", Only(String)), once("rewrite_pattern", Only(String))],
        String,
        "A text with all matches replaced; in what replaces them, \\0 is the match and \\1 its first group.",
        pattern::replace_regex,
    )
    .alias(&["replace"])
    .examples(&[("print replace_regex(\"Number is 1\", @\"is (\\d+)\", @\"was: \\1\")", "Number was: 1")]),
    text("trim", TRIM, String, "A text without what matches at its start and its end.", pattern::trim)
        .examples(&[("print trim(\"--\", \"--https://bing.com--\")", "https://bing.com")]),
    text("trim_start", TRIM, String, "A text without what matches at its start.", pattern::trim_start)
        .examples(&[("print trim_start(\"https://\", \"https://bing.com\")", "bing.com")]),
    text("trim_end", TRIM, String, "A text without what matches at its end.", pattern::trim_end)
        .examples(&[("print trim_end(\".com\", \"bing.com\")", "bing")]),
    text("regex_quote", TEXT, String, "A text as a regular expression that matches it.", pattern::regex_quote)
        .examples(&[("print regex_quote(\"(so$me.Te^xt)\")", "\\(so\\$me\\.Te\\^xt\\)")]),
    text(
        "replace_string",
        &[once("text", Only(String)), once("lookup", Only(String)), once("rewrite", Only(String))],
        String,
        "A text with each occurrence of another replaced.",
        replace::replace_string,
    )
    .examples(&[("print replace_string(\"a cat\", \"cat\", \"dog\")", "a dog")]),
    text(
        "replace_strings",
        &[once("text", Only(String)), once("lookups", Only(Dynamic)), once("rewrites", Only(Dynamic))],
        String,
        "A text with several others replaced, the first of them first; what was replaced is not looked at again.",
        replace::replace_strings,
    )
    .examples(&[(
        "print replace_strings(\"a cat and a dog\", dynamic([\"cat\", \"dog\"]), dynamic([\"dog\", \"pigeon\"]))",
        "a dog and a pigeon",
    )]),
    text(
        "split",
        &[once("source", AsText), once("delimiter", Only(String)), optional("requested_index", Only(Long))],
        Dynamic,
        "The parts of a text between delimiters, or an array of only that at an index.",
        split::split,
    )
    .examples(&[
        ("print split(\"a__b\", \"_\")", "[\"a\",\"\",\"b\"]"),
        ("print split(\"aaa_bbb_ccc\", \"_\", 1)", "[\"bbb\"]"),
    ]),
    text("parse_csv", TEXT, Dynamic, "The values of a text's first record, which are separated by commas.", split::parse_csv)
        .examples(&[("print parse_csv(@'aa,\"b,\"\"b\",cc')", "[\"aa\",\"b,\\\"b\",\"cc\"]")]),
    text(
        "parse_command_line",
        &[once("command_line", AsText), once("parser_type", Only(String))],
        Dynamic,
        "The arguments of a command line as Windows takes it apart.",
        parse::parse_command_line,
    )
    .examples(&[("print parse_command_line(@'echo \"hello world!\"', \"windows\")", "[\"echo\",\"hello world!\"]")]),
    text(
        "parse_version",
        &[once("version", Only(String))],
        Decimal,
        "A number for a version of up to four parts, such that numbers compare as versions do.",
        parse::parse_version,
    )
    .examples(&[("print parse_version(\"1.10\") > parse_version(\"1.9.9\")", "true")]),
    text(
        "parse_path",
        &[once("path", Only(String))],
        Dynamic,
        "The parts of a file's path: scheme, root, directory, file name, extension and alternate data stream.",
        path::parse_path,
    )
    .examples(&[("print tostring(parse_path(@\"C:\\temp\\file.txt\").Filename)", "file.txt")]),
    text(
        "unicode_codepoints_from_string",
        TEXT,
        Dynamic,
        "The code points of a text's characters.",
        codepoints::from_string,
    )
    .alias(&["to_utf8"])
    .examples(&[("print unicode_codepoints_from_string(\"Kü\")", "[75,252]")]),
    text(
        "unicode_codepoints_to_string",
        &[repeated("value", Any, 1)],
        String,
        "The text of code points, which are numbers or arrays of them.",
        codepoints::to_string,
    )
    .alias(&["make_string"])
    .examples(&[("print unicode_codepoints_to_string(75, dynamic([117, 115]))", "Kus")]),
];

#[cfg(test)]
mod tests;
