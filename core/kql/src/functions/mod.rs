//! The scalar functions: one file per function or close family, one line each in [`families`].
//!
//! A function says what it takes and gives ([`Function`]); the binder checks and converts the arguments, and
//! at run time [`Function::body`] computes a column from columns. The editor's completion, the reference page
//! and `phalanx kql functions` are made from the same table.

pub(crate) mod arithmetic;
mod call;
#[cfg(test)]
pub(crate) mod cells;
mod column;
mod conditional;
pub mod conversion;
mod datetime;
mod define;
mod dynamic;
pub(crate) mod dynamic_value;
mod encoding;
pub(crate) mod filled;
mod folded;
mod geo;
mod hash;
pub(crate) mod intersect;
pub(crate) mod ip;
mod json;
mod kept;
mod math;
mod metadata;
mod names;
mod needle;
pub(crate) mod operators;
pub(crate) mod pairs;
pub(crate) mod part;
mod regexes;
mod series;
pub(crate) mod shape;
mod sketch;
#[cfg(test)]
mod testing;
mod text;
mod udf;
mod units;
mod web;

pub use call::{Call, FunctionError, Prepared};
pub use column::{Booleans, Column, Datetimes, Decimals, Longs, Reals, Texts};
pub use kept::Kept;
pub use names::{ResultName, result_name};
pub use operators::string_operator;
pub use udf::as_udf;

use phalanx_signal::ColumnType;

/// A scalar function of the language.
pub struct Function {
    pub name: &'static str,
    /// Old and other spellings that mean the very same.
    pub aliases: &'static [&'static str],
    pub family: Family,
    pub parameters: &'static [Parameter],
    pub returns: Returns,
    /// What it gives, in a sentence of ours.
    pub about: &'static str,
    /// Short queries with the text of their only cell: shown in the reference, and run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    pub body: Body,
}

/// What a function's arguments have in common, for the reference page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Conditional,
    Conversion,
    DateTime,
    Dynamic,
    Encoding,
    Geo,
    Graph,
    Hash,
    Ip,
    Math,
    Metadata,
    Row,
    Series,
    Text,
}

impl Family {
    /// The heading in the reference.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Conditional => "Conditions",
            Self::Conversion => "Conversions",
            Self::DateTime => "Dates and times",
            Self::Dynamic => "Arrays and bags",
            Self::Encoding => "Encodings",
            Self::Geo => "Places on earth",
            Self::Graph => "Graphs",
            Self::Hash => "Hashes",
            Self::Ip => "Network addresses",
            Self::Math => "Mathematics",
            Self::Metadata => "Tables and columns",
            Self::Row => "Rows",
            Self::Series => "Series",
            Self::Text => "Texts",
        }
    }
}

/// A place for an argument.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub accepts: Accepts,
    pub how_often: HowOften,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HowOften {
    Once,
    /// May be left out, with all behind it.
    Optional,
    /// Any number of times, at least so many; the last parameters repeat together.
    Repeated(usize),
}

/// What an argument may be. What is not of the type is converted where the language converts by itself: `int`
/// to `long`, `long` to `real`, and `dynamic` to whatever is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Anything, as it is.
    Any,
    /// This type.
    Only(ColumnType),
    /// Any number (`int`, `long`, `real`, `decimal`), as it is.
    Number,
    /// A number, `datetime` or `timespan`, as it is.
    Ordinal,
    /// Any type, handed over as text by the rules of `tostring`.
    AsText,
    /// Like the first argument of this kind: all of them get their common type.
    Common,
}

/// The type of a function's value.
#[derive(Clone, Copy)]
pub enum Returns {
    Only(ColumnType),
    /// That of the n-th argument.
    Argument(usize),
    /// The common type of the arguments for [`Accepts::Common`].
    Common,
    /// Computed from the arguments' types, after conversion; `None` if they do not go together.
    Computed(fn(&[ColumnType]) -> Option<ColumnType>),
    /// Several columns of these names and types. The value is a `dynamic` array of theirs, in this order, for
    /// whoever asked to take apart; all are null if it is. A column's own name is `function_argument_name`.
    Columns(&'static [(&'static str, ColumnType)]),
    /// A `dynamic` for each argument of that type. Of one, the value is it; of several, a `dynamic` array of
    /// them. A column's own name is `argument_sorted`.
    PerArray,
}

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Body {
    /// From columns to a column.
    Kernel(fn(&Call<'_>) -> Result<Column, FunctionError>),
    /// As a kernel, but each call may give something else (`rand`, `new_guid`).
    Volatile(fn(&Call<'_>) -> Result<Column, FunctionError>),
    /// The binder makes an expression of others from it.
    Bound,
}

static FAMILIES: &[&[Function]] = &[
    conditional::FUNCTIONS,
    conversion::FUNCTIONS,
    datetime::FUNCTIONS,
    dynamic::PARSE,
    dynamic::PATH,
    dynamic::PACK,
    dynamic::BAGS,
    dynamic::ARRAYS,
    dynamic::COMBINE,
    dynamic::SETS,
    dynamic::SORT,
    dynamic::SPLIT,
    dynamic::RANGE,
    dynamic::TREE,
    geo::BUFFER,
    geo::CELLS,
    geo::COVER,
    geo::DENSIFY,
    geo::GEOHASH,
    geo::H3,
    geo::LINES,
    geo::OVERLAPS,
    geo::POINTS,
    geo::POLYGONS,
    geo::WKT,
    encoding::FUNCTIONS,
    hash::FUNCTIONS,
    ip::COMPARE,
    ip::CONVERT,
    ip::RANGES,
    ip::TEXT,
    math::FUNCTIONS,
    metadata::FUNCTIONS,
    series::DECOMPOSE,
    series::EACH,
    series::FFT,
    series::FILL,
    series::FILTER,
    series::FIT,
    series::OUTLIERS,
    series::PAIRS,
    series::PERIODS,
    series::POLY,
    series::REDUCE,
    series::STATS,
    sketch::FUNCTIONS,
    text::FUNCTIONS,
    units::FUNCTIONS,
    web::AGENT,
    web::URL,
    web::XML,
];

// Nothing is in the language without a word about it and an example.
const _: () = assert_described(FAMILIES);

const fn assert_described(families: &[&[Function]]) {
    let mut family = 0;
    while family < families.len() {
        let mut at = 0;
        while at < families[family].len() {
            let function = &families[family][at];
            if function.about.is_empty() || function.examples.is_empty() {
                panic!("{}", function.name);
            }
            at += 1;
        }
        family += 1;
    }
}

/// All functions, family by family.
pub fn families() -> &'static [&'static [Function]] {
    FAMILIES
}

/// A function by its name or one of its aliases, which are case-sensitive.
pub fn function(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name || function.aliases.contains(&name))
}

/// Every function.
pub fn all() -> impl Iterator<Item = &'static Function> {
    families().iter().copied().flatten()
}
