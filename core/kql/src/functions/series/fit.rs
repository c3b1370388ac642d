//! Lines through a series.

use phalanx_signal::ColumnType::{Dynamic, Long, Real};

use super::{
    line::{Line, Sums},
    values::{numbers, real, write_reals},
};
use crate::{
    dynamic::{ArrayWriter, BagWriter, Json, push_real},
    functions::{
        Accepts::Only,
        Call, Family, Function, Parameter, Returns,
        define::{Answer, once},
    },
};

const PARAMETERS: &[Parameter] = &[once("series", Only(Dynamic))];

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_fit_line",
        Family::Series,
        PARAMETERS,
        Returns::Columns(&[
            ("rsquare", Real),
            ("slope", Real),
            ("variance", Real),
            ("rvariance", Real),
            ("interception", Real),
            ("line_fit", Dynamic),
        ]),
        "The straight line nearest to a series, and how near it is.",
        |call| call_one(call, |values| columns(&one_line(values))),
    )
    .examples(&[(
        "print y = dynamic([1,3,5]) | extend (r, slope) = series_fit_line(y) | project slope",
        "2.0",
    )]),
    Function::kernel(
        "series_fit_line_dynamic",
        Family::Series,
        PARAMETERS,
        Returns::Only(Dynamic),
        "The straight line nearest to a series, and how near it is, in a bag.",
        |call| call_one(call, |values| bag(&one_line(values))),
    )
    .examples(&[("print tostring(series_fit_line_dynamic(dynamic([1,3,5])).slope)", "2.0")]),
    Function::kernel(
        "series_fit_2lines",
        Family::Series,
        PARAMETERS,
        Returns::Columns(&[
            ("rsquare", Real),
            ("split_idx", Long),
            ("variance", Real),
            ("rvariance", Real),
            ("line_fit", Dynamic),
            ("right_rsquare", Real),
            ("right_slope", Real),
            ("right_interception", Real),
            ("right_variance", Real),
            ("right_rvariance", Real),
            ("left_rsquare", Real),
            ("left_slope", Real),
            ("left_interception", Real),
            ("left_variance", Real),
            ("left_rvariance", Real),
        ]),
        "The two straight lines, one behind the other, nearest to a series, and where they part.",
        |call| call_one(call, |values| columns(&two_lines(values))),
    )
    .examples(&[(
        "print y = dynamic([1,2,3,9,8,7]) | extend (r, split) = series_fit_2lines(y) | project split",
        "3",
    )]),
    Function::kernel(
        "series_fit_2lines_dynamic",
        Family::Series,
        PARAMETERS,
        Returns::Only(Dynamic),
        "The two straight lines, one behind the other, nearest to a series, and where they part, in a bag.",
        |call| call_one(call, two_line_bag),
    )
    .examples(&[("print tostring(series_fit_2lines_dynamic(dynamic([1,2,3,9,8,7])).split_idx)", "3")]),
];

fn call_one(call: &Call<'_>, f: fn(&[f64]) -> String) -> Answer {
    let series = call.texts(0)?;
    call.dynamics(|row| {
        numbers(series.value(row)).filter(|values| !values.is_empty()).map(|values| f(&values))
    })
}

/// Names and values, as JSON.
type Fields = Vec<(&'static str, String)>;

fn number(value: f64) -> String {
    let mut out = String::new();
    push_real(&mut out, value);
    out
}

fn columns(fields: &Fields) -> String {
    fields.iter().map(|(_, value)| Json::new(value)).collect::<ArrayWriter>().finish()
}

fn bag(fields: &Fields) -> String {
    let mut bag = BagWriter::default();
    fields.iter().for_each(|(name, value)| bag.push(name, Json::new(value)));
    bag.finish()
}

fn one_line(values: &[f64]) -> Fields {
    let line = Sums::new(values).line(0, values.len());
    vec![
        ("rsquare", number(line.rsquare())),
        ("slope", number(line.slope)),
        ("variance", number(line.variance)),
        ("rvariance", number(line.residual_variance)),
        ("interception", number(line.interception)),
        ("line_fit", write_reals(&(0..values.len()).map(|at| line.at(at)).collect::<Vec<_>>())),
    ]
}

/// The best pair of lines: the left one has the places before `split`.
struct Lines {
    split: usize,
    left: Line,
    right: Line,
    whole: Line,
    residual_variance: f64,
}

impl Lines {
    fn new(values: &[f64]) -> Self {
        let sums = Sums::new(values);
        let length = values.len();
        let whole = sums.line(0, length);
        let residual =
            |from: usize, to: usize| sums.line(from, to).residual_variance * (real(to - from) - 1.0).max(1.0);
        // Any two points are on a line, so that a piece has two at least.
        let splits = 2..length.saturating_sub(1).max(2);
        let best = splits
            .map(|split| (split, residual(0, split) + residual(split, length)))
            .filter(|(split, _)| split + 2 <= length)
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match best {
            Some((split, residual)) => Self {
                split,
                left: sums.line(0, split),
                right: sums.line(split, length),
                whole,
                residual_variance: residual / (real(length) - 1.0).max(1.0),
            },
            None => Self {
                split: 0,
                left: whole,
                right: whole,
                whole,
                residual_variance: whole.residual_variance,
            },
        }
    }

    fn rsquare(&self) -> f64 {
        Line { residual_variance: self.residual_variance, ..self.whole }.rsquare()
    }

    fn fit(&self, length: usize) -> String {
        let at = |at| if at < self.split { self.left.at(at) } else { self.right.at(at) };
        write_reals(&(0..length).map(at).collect::<Vec<_>>())
    }
}

fn two_lines(values: &[f64]) -> Fields {
    let lines = Lines::new(values);
    let mut fields = vec![
        ("rsquare", number(lines.rsquare())),
        ("split_idx", lines.split.to_string()),
        ("variance", number(lines.whole.variance)),
        ("rvariance", number(lines.residual_variance)),
        ("line_fit", lines.fit(values.len())),
    ];
    let names = [
        ["right_rsquare", "right_slope", "right_interception", "right_variance", "right_rvariance"],
        ["left_rsquare", "left_slope", "left_interception", "left_variance", "left_rvariance"],
    ];
    for (names, line) in names.into_iter().zip([lines.right, lines.left]) {
        let values = [line.rsquare(), line.slope, line.interception, line.variance, line.residual_variance];
        fields.extend(names.into_iter().zip(values.map(number)));
    }
    fields
}

/// Both lines have a bag of their own.
fn two_line_bag(values: &[f64]) -> String {
    let lines = Lines::new(values);
    let side = |line: Line| {
        bag(&vec![
            ("rsquare", number(line.rsquare())),
            ("slope", number(line.slope)),
            ("interception", number(line.interception)),
            ("variance", number(line.variance)),
            ("rvariance", number(line.residual_variance)),
        ])
    };
    bag(&vec![
        ("rsquare", number(lines.rsquare())),
        ("split_idx", lines.split.to_string()),
        ("variance", number(lines.whole.variance)),
        ("rvariance", number(lines.residual_variance)),
        ("line_fit", lines.fit(values.len())),
        ("right", side(lines.right)),
        ("left", side(lines.left)),
    ])
}
