//! The operators between values that are no functions. Those on strings stand in `functions/operators.rs`.

/// An operator between values.
pub(super) struct Infix {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub syntax: &'static str,
    pub about: &'static str,
    pub examples: &'static [(&'static str, &'static str)],
}

const fn infix(
    name: &'static str,
    aliases: &'static [&'static str],
    syntax: &'static str,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Infix {
    Infix { name, aliases, syntax, about, examples }
}

pub(super) const INFIX: &[Infix] = &[
    infix(
        "==",
        &[],
        "left == right",
        "Whether two values are the same; text by case.",
        &[("print 1 == 1.0", "true")],
    ),
    infix("!=", &["<>"], "left != right", "Whether two values differ.", &[("print \"a\" != \"A\"", "true")]),
    infix("<", &[], "left < right", "Whether a value is less than another.", &[("print 1d < 25h", "true")]),
    infix(
        "<=",
        &[],
        "left <= right",
        "Whether a value is not greater than another.",
        &[("print 2 <= 1", "false")],
    ),
    infix(">", &[], "left > right", "Whether a value is greater than another.", &[("print 2 > 1.5", "true")]),
    infix(
        ">=",
        &[],
        "left >= right",
        "Whether a value is not less than another.",
        &[("print 2 >= 2", "true")],
    ),
    infix(
        "+",
        &[],
        "left + right",
        "The sum of two numbers or timespans; a time moved on.",
        &[("print 1h + 30m", "01:30:00")],
    ),
    infix(
        "-",
        &[],
        "left - right",
        "The difference of two numbers, times or timespans; a time moved back.",
        &[("print datetime(2024-03-01) - datetime(2024-02-28)", "2.00:00:00")],
    ),
    infix(
        "*",
        &[],
        "left * right",
        "The product of two numbers; a timespan so many times.",
        &[("print 3 * 20m", "01:00:00")],
    ),
    infix(
        "/",
        &[],
        "left / right",
        "The quotient, a whole number of whole numbers; null for a divisor of 0.",
        &[("print 7 / 2", "3")],
    ),
    infix(
        "%",
        &[],
        "left % right",
        "The remainder of whole division, never negative.",
        &[("print -7 % 3", "2")],
    ),
    infix("and", &[], "left and right", "Whether both are true.", &[("print 1 < 2 and 2 < 1", "false")]),
    infix("or", &[], "left or right", "Whether one of both is true.", &[("print 1 < 2 or 2 < 1", "true")]),
    infix(
        "between",
        &["!between"],
        "value [!]between (low .. high)",
        "Whether a value is from low to high, both included; behind a time, high may be a timespan from low.",
        &[("print 5 between (1 .. 5)", "true")],
    ),
    infix(
        "!~",
        &[],
        "left !~ right",
        "Whether two strings differ by more than case.",
        &[("print \"a\" !~ \"A\"", "false")],
    ),
];
