//! `stdev`, `variance`, `covariance` and their kin: how far values lie from their mean.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array};
use datafusion::common::Result;
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    count::CONDITION,
    fold::{self, Fold, Folded},
    render::Cells,
};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const VALUE: Parameter =
    Parameter { name: "value", accepts: Accepts::Only(ColumnType::Real), how_often: HowOften::Once };
const OTHER: Parameter =
    Parameter { name: "other", accepts: Accepts::Only(ColumnType::Real), how_often: HowOften::Once };

/// Of how many values the sum of squares is the mean, and whether its root is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statistic {
    Sample,
    Population,
    SampleRoot,
    PopulationRoot,
}

const STDEV: Aggregate = Aggregate {
    name: "stdev",
    aliases: &[],
    parameters: &[VALUE],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Real)),
    column: ColumnName::PrefixAndArgument("stdev"),
    about: "The standard deviation of the values as a sample.",
    examples: &[
        ("range x from 1 to 5 step 1 | summarize stdev(x)", "1.5811388300841898"),
        ("range x from 1 to 5 step 1 | where x > 5 | summarize stdev(x)", "0.0"),
    ],
    body: |_| Body::Own {
        states: fold::states(),
        make: |_| Ok(Folded::boxed(Moments(Statistic::SampleRoot))),
    },
};

const STDEVP: Aggregate = Aggregate {
    name: "stdevp",
    column: ColumnName::PrefixAndArgument("stdevp"),
    about: "The standard deviation of the values as the whole population.",
    examples: &[("range x from 1 to 3 step 2 | summarize stdevp(x)", "1.0")],
    body: |_| Body::Own {
        states: fold::states(),
        make: |_| Ok(Folded::boxed(Moments(Statistic::PopulationRoot))),
    },
    ..STDEV
};

const VARIANCE: Aggregate = Aggregate {
    name: "variance",
    column: ColumnName::PrefixAndArgument("variance"),
    about: "The variance of the values as a sample.",
    examples: &[("range x from 1 to 5 step 1 | summarize variance(x)", "2.5")],
    body: |_| Body::Own { states: fold::states(), make: |_| Ok(Folded::boxed(Moments(Statistic::Sample))) },
    ..STDEV
};

const VARIANCEP: Aggregate = Aggregate {
    name: "variancep",
    column: ColumnName::PrefixAndArgument("variancep"),
    about: "The variance of the values as the whole population.",
    examples: &[("range x from 1 to 5 step 1 | summarize variancep(x)", "2.0")],
    body: |_| Body::Own {
        states: fold::states(),
        make: |_| Ok(Folded::boxed(Moments(Statistic::Population))),
    },
    ..STDEV
};

const COVARIANCE: Aggregate = Aggregate {
    name: "covariance",
    parameters: &[VALUE, OTHER],
    column: ColumnName::PrefixAndArgument("covariance"),
    about: "The covariance of pairs of values as a sample.",
    examples: &[("range x from 1 to 5 step 1 | summarize covariance(x, 2 * x)", "5.0")],
    ..VARIANCE
};

const COVARIANCEP: Aggregate = Aggregate {
    name: "covariancep",
    parameters: &[VALUE, OTHER],
    column: ColumnName::PrefixAndArgument("covariancep"),
    about: "The covariance of pairs of values as the whole population.",
    examples: &[("range x from 1 to 5 step 1 | summarize covariancep(x, 2 * x)", "4.0")],
    ..VARIANCEP
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    STDEV,
    Aggregate {
        name: "stdevif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("stdevif"),
        about: "The standard deviation of the values of rows for which the condition is true.",
        examples: &[("range x from 1 to 9 step 1 | summarize stdevif(x, x < 6)", "1.5811388300841898")],
        ..STDEV
    },
    STDEVP,
    VARIANCE,
    Aggregate {
        name: "varianceif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("varianceif"),
        about: "The variance of the values of rows for which the condition is true.",
        examples: &[("range x from 1 to 9 step 1 | summarize varianceif(x, x < 6)", "2.5")],
        ..VARIANCE
    },
    VARIANCEP,
    Aggregate {
        name: "variancepif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("variancepif"),
        about: "The variance of the values of rows for which the condition is true, as the whole population.",
        examples: &[("range x from 1 to 9 step 1 | summarize variancepif(x, x < 6)", "2.0")],
        ..VARIANCEP
    },
    COVARIANCE,
    Aggregate {
        name: "covarianceif",
        parameters: &[VALUE, OTHER, CONDITION],
        condition: Some(2),
        column: ColumnName::PrefixAndArgument("covarianceif"),
        about: "The covariance of pairs of values of rows for which the condition is true.",
        examples: &[("range x from 1 to 9 step 1 | summarize covarianceif(x, 2 * x, x < 6)", "5.0")],
        ..COVARIANCE
    },
    COVARIANCEP,
    Aggregate {
        name: "covariancepif",
        parameters: &[VALUE, OTHER, CONDITION],
        condition: Some(2),
        column: ColumnName::PrefixAndArgument("covariancepif"),
        about: "The covariance of pairs of rows for which the condition is true, as the whole population.",
        examples: &[("range x from 1 to 9 step 1 | summarize covariancepif(x, 2 * x, x < 6)", "4.0")],
        ..COVARIANCEP
    },
];

/// The variance is the covariance of values with themselves.
#[derive(Clone, Debug)]
struct Moments(Statistic);

/// Kept so that large values with a small spread lose no digits (Welford; Chan et al. for merging).
#[derive(Clone, Debug, Default)]
struct Pairs {
    count: f64,
    mean: f64,
    other_mean: f64,
    /// The sum of the products of the distances from the means.
    products: f64,
}

impl Fold for Moments {
    type State = Pairs;
    type Input<'a> = (Cells<'a>, Cells<'a>);

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<(Cells<'a>, Cells<'a>)> {
        let other = values.get(1).unwrap_or(&values[0]);
        Ok((Cells::new(ColumnType::Real, &values[0])?, Cells::new(ColumnType::Real, other)?))
    }

    fn add(&mut self, state: &mut Pairs, (values, others): &(Cells<'_>, Cells<'_>), row: usize) {
        if let (Some(value), Some(other)) = (values.real(row), others.real(row)) {
            state.count += 1.0;
            let distance = value - state.mean;
            state.mean += distance / state.count;
            state.other_mean += (other - state.other_mean) / state.count;
            state.products += distance * (other - state.other_mean);
        }
    }

    fn heap(_: &Pairs) -> usize {
        0
    }

    fn save(&self, state: &Pairs) -> Vec<u8> {
        let numbers = [state.count, state.mean, state.other_mean, state.products];
        fold::bytes(&numbers.map(f64::to_bits))
    }

    fn merge(&mut self, state: &mut Pairs, saved: &[u8]) -> Result<()> {
        let [count, mean, other_mean, products] = fold::words(saved)?.map(f64::from_bits);
        let total = state.count + count;
        if count > 0.0 {
            let (distance, other) = (mean - state.mean, other_mean - state.other_mean);
            state.products += products + distance * other * state.count * count / total;
            state.mean += distance * count / total;
            state.other_mean += other * count / total;
            state.count = total;
        }
        Ok(())
    }

    fn values(&self, states: Vec<Pairs>) -> Result<ArrayRef> {
        let values = states.iter().map(|state| self.value(state));
        Ok(Arc::new(Float64Array::from_iter_values(values)))
    }
}

impl Moments {
    fn value(&self, state: &Pairs) -> f64 {
        let degrees = match self.0 {
            Statistic::Sample | Statistic::SampleRoot => state.count - 1.0,
            Statistic::Population | Statistic::PopulationRoot => state.count,
        };
        let mean = if degrees > 0.0 { state.products / degrees } else { 0.0 };
        match self.0 {
            Statistic::Sample | Statistic::Population => mean,
            Statistic::SampleRoot | Statistic::PopulationRoot => mean.max(0.0).sqrt(),
        }
    }
}
