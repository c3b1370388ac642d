//! Functions of numbers.

mod beta;
mod bits;
mod choose;
mod plain;
mod random;

use phalanx_signal::ColumnType::{self, Bool, Int, Long, Real};

use super::{
    Accepts::{Common, Number, Only, Ordinal},
    Body, Family, Function, Parameter, Returns,
    define::{Kernel, once, optional, repeated},
};

const ONE: &[Parameter] = &[once("x", Number)];
const TWO: &[Parameter] = &[once("x", Number), once("y", Number)];
const REAL: &[Parameter] = &[once("number", Only(Real))];
const BITS: &[Parameter] = &[once("value", Only(Long))];
const TWO_BITS: &[Parameter] = &[once("value1", Only(Long)), once("value2", Only(Long))];
const BETA: &[Parameter] = &[once("x", Number), once("alpha", Number), once("beta", Number)];

const fn math(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: Returns,
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Math, parameters, returns, about, kernel)
}

/// A function of one number to a `real`.
macro_rules! real {
    ($name:literal, $about:literal, $f:expr) => {
        math($name, ONE, Returns::Only(Real), $about, |call| plain::reals(call, $f))
    };
}

/// A function of the bits of two numbers.
macro_rules! bits {
    ($name:literal, $about:literal, $f:expr) => {
        math($name, TWO_BITS, Returns::Only(Long), $about, |call| bits::both(call, $f))
    };
}

fn absolute(types: &[ColumnType]) -> Option<ColumnType> {
    Some(if types[0] == Int { Long } else { types[0] })
}

pub(super) static FUNCTIONS: &[Function] = &[
    math("abs", &[once("x", Ordinal)], Returns::Computed(absolute), "The value without its sign.", plain::abs)
        .examples(&[("print abs(-5)", "5"), ("print abs(-1s)", "00:00:01")]),
    math("ceiling", ONE, Returns::Argument(0), "The least whole number that is not less.", plain::ceiling)
        .examples(&[("print ceiling(-1.1)", "-1"), ("print ceiling(0.9)", "1")]),
    math(
        "round",
        &[once("number", Number), optional("precision", Only(Long))],
        Returns::Argument(0),
        "The number with so many digits behind the point, rounded half away from zero; below zero, before it.",
        plain::round,
    )
    .examples(&[("print round(2.15, 1)", "2.2"), ("print round(-50.55, -2)", "-100")]),
    real!("sign", "-1, 0 or 1: the sign of a number.", |x| Some(if x == 0.0 || x.is_nan() { x } else { x.signum() }))
        .examples(&[("print sign(-42)", "-1"), ("print sign(0)", "0")]),
    real!("sqrt", "The square root; null below zero.", |x| (x.is_nan() || x >= 0.0).then(|| x.sqrt()))
        .examples(&[("print sqrt(16)", "4"), ("print isnull(sqrt(-1))", "true")]),
    real!("exp", "e to the power of a number.", |x| Some(x.exp())).examples(&[("print exp(0)", "1")]),
    real!("exp2", "2 to the power of a number.", |x| Some(x.exp2())).examples(&[("print exp2(3)", "8")]),
    real!("exp10", "10 to the power of a number.", |x| Some(10f64.powf(x))).examples(&[("print exp10(3)", "1000")]),
    real!("log", "The natural logarithm; null below zero.", |x| logarithm(x, f64::ln)).examples(&[("print log(1)", "0")]),
    real!("log2", "The logarithm to base 2; null below zero.", |x| logarithm(x, f64::log2)).examples(&[("print log2(8)", "3")]),
    real!("log10", "The logarithm to base 10; null below zero.", |x| logarithm(x, f64::log10))
        .examples(&[("print log10(1000)", "3")]),
    math("pow", TWO, Returns::Only(Real), "A number to the power of another.", |call| plain::two_reals(call, f64::powf))
        .examples(&[("print pow(2, 3)", "8")]),
    math("pi", &[], Returns::Only(Real), "The number π.", plain::pi).examples(&[("print round(pi(), 4)", "3.1416")]),
    real!("sin", "The sine of radians.", |x| Some(x.sin())).examples(&[("print sin(0)", "0")]),
    real!("cos", "The cosine of radians.", |x| Some(x.cos())).examples(&[("print cos(0)", "1")]),
    real!("tan", "The tangent of radians.", |x| Some(x.tan())).examples(&[("print tan(0)", "0")]),
    real!("cot", "The cotangent of radians.", |x| Some(x.tan().recip())).examples(&[("print round(cot(1), 4)", "0.6421")]),
    real!("asin", "The angle whose sine it is; null beyond -1 and 1.", |x| (-1.0..=1.0).contains(&x).then(|| x.asin())).examples(&[("print round(asin(0.5), 4)", "0.5236")]),
    real!("acos", "The angle whose cosine it is; null beyond -1 and 1.", |x| (-1.0..=1.0).contains(&x).then(|| x.acos())).examples(&[("print round(acos(0.5), 4)", "1.0472")]),
    real!("atan", "The angle whose tangent it is.", |x| Some(x.atan())).examples(&[("print round(atan(0.5), 4)", "0.4636")]),
    math("atan2", TWO, Returns::Only(Real), "The angle between the x axis and the ray to a point (y, x).", |call| {
        plain::two_reals(call, f64::atan2)
    }).examples(&[("print round(atan2(1, -1), 4)", "2.3562")]),
    real!("degrees", "Radians as degrees.", |x| Some(180.0 / std::f64::consts::PI * x))
        .examples(&[("print degrees(pi())", "180")]),
    real!("radians", "Degrees as radians.", |x| Some(std::f64::consts::PI / 180.0 * x)).examples(&[("print round(radians(180), 4)", "3.1416")]),
    real!("gamma", "The gamma function.", |x| Some(libm::tgamma(x))).examples(&[("print gamma(5)", "24")]),
    real!("loggamma", "The logarithm of the gamma function's magnitude.", |x| Some(libm::lgamma(x))).examples(&[("print round(loggamma(5), 4)", "3.1781")]),
    real!("erf", "The error function.", |x| Some(libm::erf(x))).examples(&[("print erf(0)", "0")]),
    real!("erfc", "One less the error function.", |x| Some(libm::erfc(x))).examples(&[("print erfc(0)", "1")]),
    math("beta_cdf", BETA, Returns::Only(Real), "The beta distribution's cumulative probability at x.", |call| {
        beta::each(call, beta::cdf)
    }).examples(&[("print round(beta_cdf(0.5, 10, 20), 4)", "0.9693")]),
    math("beta_pdf", BETA, Returns::Only(Real), "The beta distribution's density at x.", |call| {
        beta::each(call, beta::pdf)
    }).examples(&[("print round(beta_pdf(0.5, 10, 20), 4)", "0.7462")]),
    math(
        "beta_inv",
        &[once("probability", Number), once("alpha", Number), once("beta", Number)],
        Returns::Only(Real),
        "Where the beta distribution's cumulative probability is so high.",
        |call| beta::each(call, beta::inverse),
    ).examples(&[("print round(beta_inv(0.1, 10, 20), 4)", "0.2264")]),
    math(
        "welch_test",
        &[
            once("mean1", Number),
            once("variance1", Number),
            once("count1", Number),
            once("mean2", Number),
            once("variance2", Number),
            once("count2", Number),
        ],
        Returns::Only(Real),
        "How probable it is that two series of equal mean differ as much (Welch's t-test).",
        beta::welch_test,
    ).examples(&[("print round(welch_test(2.1, 0.5, 30, 2.0, 0.5, 30), 4)", "0.586")]),
    math("isnan", REAL, Returns::Only(Bool), "Whether it is not a number.", |call| plain::tests(call, f64::is_nan))
        .examples(&[("print isnan(0.0/0.0)", "true")]),
    math("isinf", REAL, Returns::Only(Bool), "Whether it is infinite.", |call| plain::tests(call, f64::is_infinite))
        .examples(&[("print isinf(1.0/0.0)", "true")]),
    math("isfinite", REAL, Returns::Only(Bool), "Whether it is a number and not infinite.", |call| {
        plain::tests(call, f64::is_finite)
    })
    .examples(&[("print isfinite(1.0)", "true")]),
    math("min_of", &[repeated("value", Common, 2)], Returns::Common, "The least of its arguments that are not null.", |call| {
        choose::choose(call, std::cmp::Ordering::Less)
    })
    .examples(&[("print min_of(10, 1, -3, 17)", "-3")]),
    math("max_of", &[repeated("value", Common, 2)], Returns::Common, "The greatest of its arguments that are not null.", |call| {
        choose::choose(call, std::cmp::Ordering::Greater)
    })
    .examples(&[("print max_of(10, 1, -3, 17)", "17")]),
    bits!("binary_and", "The bits that both numbers have.", |a, b| Some(a & b)).examples(&[("print binary_and(6, 3)", "2")]),
    bits!("binary_or", "The bits that either number has.", |a, b| Some(a | b)).examples(&[("print binary_or(6, 3)", "7")]),
    bits!("binary_xor", "The bits that one number has and the other has not.", |a, b| Some(a ^ b))
        .examples(&[("print binary_xor(6, 3)", "5")]),
    bits!("binary_shift_left", "The bits moved up so many places, modulo 64; null below zero.", |value, places| {
        u32::try_from(places.rem_euclid(64)).ok().filter(|_| places >= 0).map(|places| value << places)
    })
    .examples(&[("print binary_shift_left(1, 2)", "4")]),
    bits!("binary_shift_right", "The bits moved down so many places, modulo 64; null below zero.", |value, places| {
        u32::try_from(places.rem_euclid(64)).ok().filter(|_| places >= 0).map(|places| value >> places)
    })
    .examples(&[("print binary_shift_right(8, 2)", "2")]),
    math("binary_not", BITS, Returns::Only(Long), "All bits turned over.", |call| bits::one(call, |value| !value))
        .examples(&[("print binary_not(100)", "-101")]),
    math("bitset_count_ones", BITS, Returns::Only(Long), "The number of bits that are set.", |call| {
        bits::one(call, |value| i64::from(value.count_ones()))
    })
    .examples(&[("print bitset_count_ones(42)", "3")]),
    Function {
        name: "rand",
        aliases: &[],
        family: Family::Math,
        parameters: &[optional("number", Only(Long))],
        returns: Returns::Only(Real),
        about: "A random number from 0 to less than 1, or a whole one below a number.",
        examples: &[("print r = rand() | project r >= 0 and r < 1", "true")],
        body: Body::Volatile(random::rand),
    },
    Function {
        name: "new_guid",
        aliases: &[],
        family: Family::Math,
        parameters: &[],
        returns: Returns::Only(ColumnType::Guid),
        about: "A random guid (RFC 9562, version 4), another one for each row.",
        examples: &[("print strlen(tostring(new_guid()))", "36")],
        body: Body::Volatile(random::new_guid),
    },
];

fn logarithm(x: f64, f: fn(f64) -> f64) -> Option<f64> {
    (x.is_nan() || x >= 0.0).then(|| f(x))
}

#[cfg(test)]
mod tests;
