use phalanx_signal::ColumnType;

use crate::functions::{
    cells::{Cell, call_function, check},
    function,
};

fn n(value: i64) -> Cell {
    Cell::long(value)
}

fn r(value: f64) -> Cell {
    Cell::real(value)
}

#[test]
fn exact_answers() {
    check(&[
        ("abs", &[n(-5)], "5"),
        ("abs", &[Cell::int(-5)], "5"),
        ("abs", &[n(i64::MIN)], "-9223372036854775808"),
        ("abs", &[Cell::timespan(-10_000_000)], "00:00:01"),
        ("abs", &[Cell::decimal(-500_000_000_000_000_000)], "0.5"),
        ("ceiling", &[r(-1.1)], "-1.0"),
        ("ceiling", &[n(0)], "0"),
        ("ceiling", &[Cell::decimal(1_100_000_000_000_000_000)], "2"),
        ("round", &[r(2.15), n(1)], "2.2"),
        ("round", &[r(2.98765), n(3)], "2.988"),
        ("round", &[r(-50.55), n(-2)], "-100.0"),
        ("round", &[r(21.5), n(-1)], "20.0"),
        ("round", &[r(1.5), n(i64::MIN)], "0.0"),
        ("round", &[n(15), n(-1)], "20"),
        ("round", &[n(-15), n(-1)], "-20"),
        ("round", &[Cell::decimal(2_150_000_000_000_000_000), n(1)], "2.2"),
        ("sign", &[r(-42.0)], "-1.0"),
        ("sign", &[n(0)], "0.0"),
        ("sqrt", &[n(16)], "4.0"),
        ("sqrt", &[n(-1)], "null"),
        ("log", &[r(-1.0)], "null"),
        ("log2", &[n(8)], "3.0"),
        ("exp10", &[n(3)], "1000.0"),
        ("pow", &[n(2), n(3)], "8.0"),
        ("asin", &[n(2)], "null"),
        ("gamma", &[n(5)], "24.0"),
        ("isnan", &[r(f64::NAN)], "true"),
        ("isinf", &[r(f64::NEG_INFINITY)], "true"),
        ("isfinite", &[r(1.0)], "true"),
        ("min_of", &[n(10), n(1), n(-3), n(17)], "-3"),
        ("max_of", &[Cell::int(8), Cell::null(ColumnType::Int)], "8"),
        ("max_of", &[Cell::null(ColumnType::Int), Cell::null(ColumnType::Int)], "null"),
        (
            "max_of",
            &[Cell::datetime("2024-12-15"), Cell::datetime("2024-12-14")],
            "2024-12-15T00:00:00.0000000Z",
        ),
        ("binary_and", &[n(6), n(3)], "2"),
        ("binary_or", &[n(6), n(3)], "7"),
        ("binary_xor", &[n(1), n(1)], "0"),
        ("binary_not", &[n(100)], "-101"),
        ("binary_shift_left", &[n(1), n(66)], "4"),
        ("binary_shift_left", &[n(1), n(-1)], "null"),
        ("binary_shift_right", &[n(1), n(2)], "0"),
        ("bitset_count_ones", &[n(42)], "3"),
    ]);
}

#[test]
fn close_answers() {
    for (name, arguments, expected) in [
        ("asin", vec![r(0.5)], std::f64::consts::FRAC_PI_6),
        ("atan2", vec![n(-1), n(0)], -std::f64::consts::FRAC_PI_2),
        ("cot", vec![n(1)], 0.642_092_615_934_330_6),
        ("degrees", vec![r(std::f64::consts::FRAC_PI_4)], 45.0),
        ("radians", vec![n(90)], std::f64::consts::FRAC_PI_2),
        ("erf", vec![n(2)], 0.995_322_265_018_953),
        ("erfc", vec![n(3)], 2.209_049_699_858_54e-5),
        ("loggamma", vec![n(5)], 3.178_053_830_347_945_8),
        ("beta_cdf", vec![r(0.9), r(10.0), r(20.0)], 0.999_999_999_999_959),
        ("beta_cdf", vec![r(0.2), r(10.0), r(20.0)], 0.049_263_517_302_9),
        ("beta_pdf", vec![r(0.5), r(10.0), r(20.0)], 0.746_176_019_310_951),
        ("beta_inv", vec![r(0.1), r(10.0), r(20.0)], 0.226_415_022_388_749),
        ("welch_test", vec![n(21), n(3), n(10), n(23), n(5), n(12)], 0.028_442_248),
    ] {
        let function = function(name).expect("it is a function");
        let found = call_function(function, &arguments, true).expect("it is a good call");
        let found: f64 = found.parse().expect("it is a number");
        assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{name}{arguments:?} = {found}");
    }
    check(&[
        ("beta_cdf", &[r(1.5), r(10.0), r(20.0)], "NaN"),
        ("beta_pdf", &[r(0.1), r(-1.0), r(20.0)], "NaN"),
        ("beta_inv", &[r(1.5), r(10.0), r(20.0)], "null"),
        ("beta_inv", &[r(0.1), r(-1.0), r(20.0)], "NaN"),
    ]);
}

#[test]
fn random_numbers_are_in_their_range() {
    let rand = function("rand").expect("it is a function");
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let one: f64 = call_function(rand, &[], false).expect("it is a good call").parse().expect("a number");
        assert!((0.0..1.0).contains(&one));
        let whole = call_function(rand, &[n(3)], false).expect("it is a good call");
        assert!(["0.0", "1.0", "2.0"].contains(&whole.as_str()), "{whole}");
        seen.insert(whole);
    }
    assert_eq!(seen.len(), 3);
}
