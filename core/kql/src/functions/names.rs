//! How a column is called that a call makes without a name of its own.

/// Where the name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultName {
    /// It has none: it is numbered.
    None,
    /// That of the first argument.
    FirstArgument,
    /// This, an underscore and the name of the first argument.
    Prefixed(&'static str),
    /// That of the first argument if there is no other.
    OnlyArgument,
}

/// The rule for a function, by its name or alias.
pub fn result_name(function: &str) -> ResultName {
    match function {
        "strlen" => ResultName::Prefixed("strlen"),
        "string_size" => ResultName::Prefixed("string_size"),
        "percentile_tdigest" => ResultName::Prefixed("percentile_tdigest"),
        "dcount_hll" => ResultName::Prefixed("dcount_hll"),
        "gettype" => ResultName::Prefixed("type"),
        "make_datetime" | "make_timespan" => ResultName::OnlyArgument,
        _ if FIRST_ARGUMENT.contains(&function) => ResultName::FirstArgument,
        _ => ResultName::None,
    }
}

const FIRST_ARGUMENT: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "bin",
    "bin_at",
    "bin_auto",
    "binary_and",
    "binary_not",
    "binary_or",
    "binary_shift_left",
    "binary_shift_right",
    "binary_xor",
    "bitset_count_ones",
    "ceiling",
    "column_ifexists",
    "columnifexists",
    "cos",
    "erf",
    "erfc",
    "exp",
    "exp10",
    "exp2",
    "floor",
    "format_bytes",
    "format_datetime",
    "format_timespan",
    "gamma",
    "log",
    "log10",
    "log2",
    "loggamma",
    "parse_csv",
    "parse_json",
    "parse_xml",
    "parsejson",
    "pow",
    "rand",
    "round",
    "series_fill_backward",
    "series_fill_const",
    "series_fill_forward",
    "series_fill_linear",
    "series_fir",
    "series_iir",
    "series_outliers",
    "sin",
    "split",
    "sqrt",
    "startofday",
    "tan",
    "tobool",
    "toboolean",
    "todatetime",
    "todecimal",
    "todouble",
    "todynamic",
    "toguid",
    "tohex",
    "toint",
    "tolong",
    "toobject",
    "toreal",
    "tostring",
    "totime",
    "totimespan",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_arguments_or_not_at_all() {
        for (function, name) in [
            ("tostring", ResultName::FirstArgument),
            ("strlen", ResultName::Prefixed("strlen")),
            ("strcat", ResultName::None),
            ("make_datetime", ResultName::OnlyArgument),
        ] {
            assert_eq!(result_name(function), name, "{function}");
        }
    }
}
